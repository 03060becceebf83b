"""The SOP's diagram through real bpmn-js, which knows nothing of our extensions, and back into the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from tests.sop import SOP_FOLDER, As, advance_through, task_of

DIAGRAM = "penjenjangan-kinerja.bpmn"
_EXTENSIONS = "{http://www.omg.org/spec/BPMN/20100524/MODEL}extensionElements/*"


@pytest.mark.parametrize("edit", ["nothing", "move_shape", "rename_task", "add_task"])
def test_what_the_modeler_saves_deploys_with_nothing_lost(as_: As, redrawn: Mapping[str, bytes], edit: str) -> None:
    deployed = _deploy(as_, redrawn[edit])
    assert deployed["process_definitions"][0]["version"] == 2
    assert deployed["warnings"] == []
    assert _extensions(redrawn[edit]).items() >= _extensions((SOP_FOLDER / DIAGRAM).read_bytes()).items()


def test_a_task_drawn_in_the_modeler_is_done_where_it_was_put(as_: As, redrawn: Mapping[str, bytes]) -> None:
    _deploy(as_, redrawn["add_task"])
    instance = as_("kepala").start()
    before = ["perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep"]
    instance = advance_through(as_, instance, before)
    [drawn] = instance["user_tasks"]
    assert (drawn["name"], drawn["role"]) == ("Merapikan konsep", "Ketua Tim Kerja Sekretariat")
    completed = as_("ketua").complete(drawn, {}).json()
    assert task_of(completed["process_instance"], "pemeriksaan_konsep")


def _deploy(as_: As, diagram: bytes, **params: Any) -> dict[str, Any]:
    response = as_("perancang").deploy({DIAGRAM: diagram}, **params)
    assert response.is_success, response.text
    return dict(response.json())


def _extensions(diagram: bytes) -> dict[str | None, list[bytes]]:
    """element id → its extensions, in canonical XML without white space between them."""
    parser = etree.XMLParser(remove_blank_text=True)
    return {
        element.get("id"): [
            etree.tostring(each, method="c14n", exclusive=True) for each in element.iterfind(_EXTENSIONS)
        ]
        for element in etree.fromstring(diagram, parser).iter("{*}process", "{*}userTask")
    }
