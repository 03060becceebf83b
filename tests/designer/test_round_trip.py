"""The SOP's diagram through real bpmn-js, which knows nothing of our extensions, and back into the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from tests.sop import SOP_FOLDER, As, advance_through, task_of

DIAGRAM = "penjenjangan-kinerja.bpmn"
_EXTENSIONS = "{http://www.omg.org/spec/BPMN/20100524/MODEL}extensionElements/*"


#: edit that loses nothing → kind, element, old and new of what the preview tells of it, the drawing aside
CHANGES: Mapping[str, list[tuple[str, str, str | None, str | None]]] = {
    "nothing": [],
    "move_shape": [],
    "move_to_another_lane": [
        ("moved_to_lane", "penyusunan_konsep", "Ketua Tim Kerja Sekretariat", "Tim"),
    ],
    "rename_task": [
        ("element_renamed", "rapat_koordinasi", "Melaksanakan rapat koordinasi", "Memimpin rapat koordinasi"),
    ],
    "add_task": [
        ("flow_rerouted", "alur_konsep_diajukan", "pemeriksaan_konsep", "perapian_konsep"),
        ("element_added", "perapian_konsep", None, None),
        ("flow_added", "alur_konsep_dirapikan", None, "perapian_konsep → pemeriksaan_konsep"),
    ],
}


@pytest.mark.parametrize("edit", CHANGES)
def test_what_the_modeler_saves_deploys_with_nothing_lost(as_: As, redrawn: Mapping[str, bytes], edit: str) -> None:
    deployed = _deploy(as_, redrawn[edit])
    assert deployed["process_definitions"][0]["version"] == 2
    assert _losses(deployed) == []
    assert _extensions(redrawn[edit]).items() >= _extensions((SOP_FOLDER / DIAGRAM).read_bytes()).items()


@pytest.mark.parametrize("edit", CHANGES)
def test_the_preview_tells_the_edit_and_nothing_else(as_: As, redrawn: Mapping[str, bytes], edit: str) -> None:
    preview = _preview(as_, redrawn[edit])
    changes = [each for each in preview["differences"] if each["kind"] != "layout_changed"]
    told = [(each["kind"], each["element_id"], each["old"], each["new"]) for each in changes]
    assert told == CHANGES[edit]
    assert preview["layout_only"] == (edit == "move_shape")


def test_a_moved_shape_is_told_with_the_arrows_that_follow_it(as_: As, redrawn: Mapping[str, bytes]) -> None:
    moved = _preview(as_, redrawn["move_shape"])["differences"]
    assert {each["element_id"] for each in moved} == {"rapat_koordinasi", "alur_tim_terbentuk", "alur_hasil_rapat"}


@pytest.mark.parametrize("edit", ["change_type_and_back", "put_a_copy_in_its_place"])
def test_what_the_modeler_loses_is_told_and_put_back(as_: As, redrawn: Mapping[str, bytes], edit: str) -> None:
    [lost] = _losses(_deploy(as_, redrawn[edit], dry_run=True))
    assert "unggah-esr.json" in lost["reason"]
    deployed = _deploy(as_, redrawn[edit], restore_extensions=True)
    assert {each["element_id"] for each in deployed["restored"]} == {lost["element_id"]}
    assert _losses(deployed) == []
    stored = as_("perancang").get(f"/process-definitions/{deployed['process_definitions'][0]['id']}/xml").content
    before = _extensions((SOP_FOLDER / DIAGRAM).read_bytes())
    assert _extensions(stored)[lost["element_id"]] == before["unggah_esr"]


def test_a_task_drawn_in_the_modeler_is_done_where_it_was_put(as_: As, redrawn: Mapping[str, bytes]) -> None:
    _deploy(as_, redrawn["add_task"])
    instance = as_("kepala").start()
    before = ["perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep"]
    instance = advance_through(as_, instance, before)
    [drawn] = instance["user_tasks"]
    assert (drawn["name"], drawn["role"]) == ("Merapikan konsep", "Ketua Tim Kerja Sekretariat")
    completed = as_("ketua").complete(drawn, {}).json()
    assert task_of(completed["process_instance"], "pemeriksaan_konsep")


def _preview(as_: As, diagram: bytes) -> dict[str, Any]:
    [preview] = _deploy(as_, diagram, dry_run=True)["preview"]
    return dict(preview["diff"])


def _deploy(as_: As, diagram: bytes, **params: Any) -> dict[str, Any]:
    response = as_("perancang").deploy({DIAGRAM: diagram}, **params)
    assert response.is_success, response.text
    return dict(response.json())


def _losses(deployed: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [warning for warning in deployed["warnings"] if warning["code"] == "extension_lost"]


def _extensions(diagram: bytes) -> dict[str | None, list[bytes]]:
    """element id → its extensions, in canonical XML without white space between them."""
    parser = etree.XMLParser(remove_blank_text=True)
    return {
        element.get("id"): [
            etree.tostring(each, method="c14n", exclusive=True) for each in element.iterfind(_EXTENSIONS)
        ]
        for element in etree.fromstring(diagram, parser).iter("{*}process", "{*}userTask")
    }
