from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.engine import definitions
from app.engine.definitions import DefinitionUnreadable, fingerprint, parse, read_xml
from app.engine.forms import EMPTY_FORM
from tests.engine.runtime.diagrams import DIAGRAMS, Play, drawn, flow, load
from tests.engine.runtime.sop import sop


def test_the_sop_is_read_as_the_office_drew_it() -> None:
    definition = sop()
    assert definition.roles == ("Kepala Badan", "Sekretaris", "Tim", "Ketua Tim Kerja Sekretariat")
    assert definition.starter_roles == {"Kepala Badan"}
    assert len(definition.user_tasks) == 9
    assert definition.start_form is EMPTY_FORM
    assert definition.identity["nomor_sop"]
    assert definition.element_names["keputusan_pemeriksaan"] == "Disetujui?"
    task = definition.user_tasks["pemeriksaan_konsep"]
    assert (task.role, task.quality.waktu) == ("Sekretaris", "P1W")
    assert task.form.property_names >= {"keputusan", "catatan"}


def test_starters_are_the_roles_of_the_tasks_that_can_be_the_first() -> None:
    lanes = "".join(
        f'<bpmn:lane name="{name}"><bpmn:flowNodeRef>{ref}</bpmn:flowNodeRef></bpmn:lane>'
        for name, ref in [("A", "a"), ("B", "b"), ("C", "c"), ("D", "isi")]
    )
    body = (
        f"<bpmn:laneSet>{lanes}</bpmn:laneSet>"
        '<bpmn:startEvent id="m"/><bpmn:exclusiveGateway id="x" default="x_a"/><bpmn:userTask id="a"/>'
        '<bpmn:subProcess id="isi"><bpmn:startEvent id="im"/><bpmn:userTask id="d"/><bpmn:endEvent id="ie"/>'
        + flow("im", "d")
        + flow("d", "ie")
        + '</bpmn:subProcess><bpmn:userTask id="b"/><bpmn:userTask id="c"/>'
    )
    flows = flow("m", "x") + flow("x", "a") + flow("x", "isi", "1 == 1") + flow("isi", "b") + flow("a", "c")
    definition = drawn(body + flows)
    assert definition.starter_roles == {"A", "D"}
    assert definition.roles == ("A", "B", "C", "D")


def test_a_process_without_user_task_or_lane_is_the_administrators() -> None:
    nobody = drawn('<bpmn:startEvent id="m"/><bpmn:endEvent id="e"/>' + flow("m", "e"))
    assert nobody.starter_roles == {"administrator"}
    assert nobody.roles == ()
    no_lane = drawn('<bpmn:startEvent id="m"/><bpmn:userTask id="u"/>' + flow("m", "u"))
    assert no_lane.starter_roles == {"administrator"}
    assert no_lane.roles == ("administrator",)


def test_a_sequence_flow_without_id_is_followed() -> None:
    body = '<bpmn:startEvent id="m"/><bpmn:userTask id="u"/><bpmn:sequenceFlow sourceRef="m" targetRef="u"/>'
    assert Play(drawn(body)).open == ["u"]


def test_a_comment_inside_a_condition_does_not_cut_it() -> None:
    condition = "x == <!-- atau 2? --> 1"
    body = (
        '<bpmn:startEvent id="m"/><bpmn:exclusiveGateway id="g" default="g_b"/><bpmn:userTask id="a"/>'
        '<bpmn:userTask id="b"/>' + flow("m", "g") + flow("g", "b")
    )
    body += f'<bpmn:sequenceFlow id="g_a" sourceRef="g" targetRef="a"><bpmn:conditionExpression>{condition}'
    body += "</bpmn:conditionExpression></bpmn:sequenceFlow>"
    assert Play(drawn(body), x=1).open == ["a"]


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"x",
        b"\x00\x01",
        b"<a>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x "' + b"y" * 9999 + b'">]><a>' + b"&x;" * 9999 + b"</a>",
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_hostile_xml_is_refused(xml: bytes) -> None:
    with pytest.raises(DefinitionUnreadable):
        read_xml(xml)


def test_the_fingerprint_changes_with_the_diagram_and_every_form_but_not_with_their_order() -> None:
    one = fingerprint(b"x", {"a": b"1", "b": b"2"})
    assert one == fingerprint(b"x", {"b": b"2", "a": b"1"})
    others = [
        (b"y", {"a": b"1", "b": b"2"}),
        (b"x", {"a": b"2", "b": b"1"}),
        (b"x", {"a": b"1"}),
        (b"x", {"a1": b"", "b": b"2"}),
    ]
    assert len({one, *(fingerprint(xml, forms) for xml, forms in others)}) == 5


def test_a_definition_is_parsed_once_however_many_ask_at_once() -> None:
    xml = (DIAGRAMS / "review_loop.bpmn").read_bytes()
    loads = []
    together = threading.Barrier(8)

    def load_slowly() -> tuple[bytes, dict[str, bytes]]:
        loads.append(1)
        return xml, {}

    def ask(_: int) -> Any:
        together.wait()
        return definitions.cached("review_loop", "asked at once", load_slowly)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(loads) == 1
    assert all(each is found[0] for each in found)


def test_a_definition_that_could_not_be_loaded_is_tried_again() -> None:
    def broken() -> tuple[bytes, dict[str, bytes]]:
        raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        definitions.cached("review_loop", "broken once", broken)
    xml = (DIAGRAMS / "review_loop.bpmn").read_bytes()
    assert definitions.cached("review_loop", "broken once", lambda: (xml, {})).key == "review_loop"


def test_the_cache_forgets_what_was_not_used_for_long() -> None:
    xml = (DIAGRAMS / "review_loop.bpmn").read_bytes()
    loads = []

    def counted() -> tuple[bytes, dict[str, bytes]]:
        loads.append(1)
        return xml, {}

    definitions.cached("review_loop", "old", counted)
    for number in range(definitions.CACHE_SIZE):
        definitions.cached("review_loop", f"newer {number}", lambda: (xml, {}))
    definitions.cached("review_loop", "old", counted)
    assert len(loads) == 2


def snapshot(definition: definitions.Definition) -> Any:
    """All that SpiffWorkflow could change in the specifications."""
    specs = [spec for process in definition.specs for spec in process.task_specs.values()]
    return copy.deepcopy(
        [(spec.name, spec._inputs, spec._outputs, spec.data, spec.completed_event.n_subscribers()) for spec in specs]
    )


@pytest.mark.parametrize("diagram", ["multi_instance_subprocess", "nested_subprocess", "multi_instance_parallel"])
def test_eight_threads_share_one_definition_which_stays_as_it_was(diagram: str) -> None:
    definition = load(diagram)
    before = snapshot(definition)

    def run(number: int) -> Any:
        play = Play(definition, n=2)
        while play.step.status == "active":
            play.complete(play.open[-1], ulang=False, a=False, nilai=number, x=number)
        return play.step.variables["x"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(64))) == list(range(64))
    assert snapshot(definition) == before


def test_an_unknown_process_is_refused() -> None:
    with pytest.raises(DefinitionUnreadable):
        parse("lain", (DIAGRAMS / "review_loop.bpmn").read_bytes(), {})
