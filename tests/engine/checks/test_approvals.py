"""Four eyes and approvals: which declarations can be enforced, across loops, sub-processes and calls."""

from __future__ import annotations

import pytest

from app.engine.definitions import parse
from tests.engine.checks.drawing import END, START, codes, drawing, element, path, report, user_task, with_properties

MULTI_INSTANCE = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
EXAMINE = user_task("periksa", with_properties(pisah_tugas="susun"))
DRAFT = user_task("susun")


def process(inside: str, *order: str, top: str = "") -> bytes:
    return drawing(START + inside + END + path("mulai", *order, "selesai"), top=top)


def inner(inside: str, *order: str) -> str:
    return '<bpmn:startEvent id="awal"/>' + inside + '<bpmn:endEvent id="akhir"/>' + path("awal", *order, "akhir")


def called(inside: str, *order: str) -> str:
    return element("process", "bagian", inner(inside, *order))


def call(identifier: str = "panggil", inside: str = "") -> str:
    return element("callActivity", identifier, inside, 'calledElement="bagian"')


def refusals(xml: bytes) -> set[str]:
    return codes(report(xml).problems)


@pytest.mark.parametrize("text", ["susun,usul", "susun usul", " susun , usul,susun", "susun\n&#10;usul"])
def test_a_task_names_its_elements_in_order_and_each_once(text: str) -> None:
    examine = user_task("periksa", with_properties(pisah_tugas=text, persetujuan="paraf"))
    xml = process(DRAFT + user_task("usul") + examine, "susun", "usul", "periksa")
    assert refusals(xml) == set()
    task = parse("proses", xml, {}).user_tasks["periksa"]
    assert (task.separated_from, task.approval) == (("susun", "usul"), "paraf")


def test_a_task_without_the_properties_is_ordinary_work() -> None:
    xml = process(DRAFT, "susun")
    task = parse("proses", xml, {}).user_tasks["susun"]
    assert (task.separated_from, task.approval) == ((), None)


def test_the_unknown_ids_are_named_at_the_task() -> None:
    examine = user_task("periksa", with_properties(pisah_tugas="susun, susn pilih"), 'name="Memeriksa"')
    [problem] = report(process(DRAFT + examine, "susun", "periksa")).problems
    assert (problem.code, problem.element_id) == ("four_eyes_unknown_element", "periksa")
    assert problem.reason == (
        'User task "Memeriksa" has a pisah_tugas that names "susn", "pilih": no user task of this process.'
    )


@pytest.mark.parametrize("inside", ["susun", "periksa"])
def test_either_task_may_lie_in_a_sub_process(inside: str) -> None:
    drawn = {"susun": DRAFT, "periksa": EXAMINE}
    stage = element("subProcess", "tahap", inner(drawn[inside], inside))
    beside = drawn["periksa" if inside == "susun" else "susun"]
    order = ("tahap", "periksa") if inside == "susun" else ("susun", "tahap")
    assert refusals(process(beside + stage, *order)) == set()


def test_a_task_may_be_kept_apart_from_one_of_a_called_process() -> None:
    assert refusals(process(call() + EXAMINE, "panggil", "periksa", top=called(DRAFT, "susun"))) == set()


def test_a_task_of_a_called_process_cannot_be_kept_apart_from_one_of_its_caller() -> None:
    xml = process(DRAFT + call(), "susun", "panggil", top=called(EXAMINE, "periksa"))
    assert refusals(xml) == {"four_eyes_unknown_element"}


def test_both_tasks_may_lie_in_a_called_process_that_is_called_once() -> None:
    both = called(DRAFT + EXAMINE, "susun", "periksa")
    assert refusals(process(call(), "panggil", top=both)) == set()
    twice = process(call() + call("ulang"), "panggil", "ulang", top=both)
    assert refusals(twice) == {"four_eyes_several_at_once"}
    at_once = process(call(inside=MULTI_INSTANCE), "panggil", top=both)
    assert refusals(at_once) == {"four_eyes_several_at_once"}


def test_an_element_inside_a_repeated_sub_process_has_no_latest_performer() -> None:
    stage = element("subProcess", "tahap", inner(DRAFT + EXAMINE, "susun", "periksa") + MULTI_INSTANCE)
    assert refusals(process(stage, "tahap")) == {"four_eyes_several_at_once"}


def test_the_task_that_is_kept_apart_may_be_repeated() -> None:
    examine = EXAMINE.replace("</bpmn:userTask>", MULTI_INSTANCE + "</bpmn:userTask>")
    assert refusals(process(DRAFT + examine, "susun", "periksa")) == set()


def test_the_properties_mean_nothing_on_the_process_itself() -> None:
    xml = process(with_properties(persetujuan="paraf", pisah_tugas="susun") + DRAFT, "susun")
    assert [(problem.code, problem.element_id) for problem in report(xml).problems] == [
        ("user_task_property_misplaced", "proses")
    ] * 2
