from __future__ import annotations

import pytest

from app.errors import ProcessStuck
from tests.engine.runtime.diagrams import Play, drawn, flow

CHOICE = (
    '<bpmn:startEvent id="mulai"/><bpmn:userTask id="isi"/><bpmn:exclusiveGateway id="pilih" name="Pilih?"/>'
    '<bpmn:userTask id="satu"/><bpmn:userTask id="dua"/>' + flow("mulai", "isi") + flow("isi", "pilih")
)


def test_a_decision_tells_its_flow_its_condition_and_what_it_read() -> None:
    play = Play(drawn(CHOICE + flow("pilih", "satu", "x > 1 and n < 5") + flow("pilih", "dua", "x <= 1")))
    (event,) = play.complete("isi", x=2).events
    assert (event.type, event.element_id, event.element_name, event.round) == (
        "gateway_decided",
        "pilih",
        "Pilih?",
        1,
    )
    assert event.payload == {
        "flows": [{"id": "pilih_satu", "name": None, "condition": "x > 1 and n < 5"}],
        "variables": {"n": 2, "x": 2},
    }


def test_conditions_are_tried_in_the_order_of_the_diagrams_text_not_of_its_drawing() -> None:
    play = Play(drawn(CHOICE + flow("pilih", "dua", "x > 0") + flow("pilih", "satu", "x > 1")))
    play.complete("isi", x=2)
    assert play.open == ["dua"]


def test_where_no_flow_fits_the_process_is_stuck_at_the_gateway_and_the_task_stays_open() -> None:
    play = Play(drawn(CHOICE + flow("pilih", "satu", "x > 1") + flow("pilih", "dua", "x < 1")))
    state = play.step.state
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("isi", x=1)
    assert (stuck.value.code, stuck.value.element_id) == ("no_matching_flow", "pilih")
    assert play.step.state is state
    assert play.complete("isi", x=2).open_user_tasks[0].element_id == "satu"


@pytest.mark.parametrize("condition", ["tidak_ada == 1", "x < 1", "x", '"ya"'])
def test_a_condition_that_fails_or_is_neither_true_nor_false_names_its_gateway(condition: str) -> None:
    play = Play(drawn(CHOICE + flow("pilih", "satu", condition) + flow("pilih", "dua", "True")))
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("isi", x="teks")
    assert (stuck.value.code, stuck.value.element_id) == ("expression_failed", "pilih")


def test_a_join_fires_once_a_round_with_one_token_of_each_flow() -> None:
    play = Play("parallel_join_in_loop")
    play.complete("awal")
    for _ in range(3):
        assert play.open == ["a1", "b1"]
        play.complete("b1")
        assert play.open == ["a1"]
        play.complete("a1")
        assert play.open == ["putuskan"]
        play.complete("putuskan", ulang=True)


def test_a_join_whose_branch_never_comes_is_refused_and_named() -> None:
    definition = drawn(
        CHOICE
        + '<bpmn:parallelGateway id="kumpul"/><bpmn:userTask id="akhir"/>'
        + flow("pilih", "satu", "x == 1")
        + flow("pilih", "dua", "x == 2")
        + flow("satu", "kumpul")
        + flow("dua", "kumpul")
        + flow("kumpul", "akhir")
    )
    play = Play(definition)
    play.complete("isi", x=1)
    with pytest.raises(ProcessStuck) as stuck:
        play.complete("satu")
    assert (stuck.value.code, stuck.value.element_id) == ("join_never_completes", "kumpul")


@pytest.mark.parametrize(
    ("chosen", "opened"),
    [({"a": True, "c": True}, ["ambil_a", "ambil_c"]), ({"b": True}, ["ambil_b"]), ({}, ["periksa"])],
)
def test_an_inclusive_join_waits_for_exactly_the_branches_that_were_taken(
    chosen: dict[str, bool], opened: list[str]
) -> None:
    play = Play("inclusive")
    for _ in range(3):
        play.complete("pilih", a=False, b=False, c=False)
        play.complete("periksa", ulang=True)
        play.complete("pilih", **({"a": False, "b": False, "c": False} | chosen))
        assert play.open == opened
        for element in [name for name in opened if name != "periksa"]:
            assert "periksa" not in play.open
            play.complete(element)
        assert play.open == ["periksa"]
        play.complete("periksa", ulang=True)


def test_branches_may_end_without_an_end_event() -> None:
    play = Play("ends_without_end_event")
    assert play.complete("a", x=3).status == "active"
    step = play.complete("b", y=4)
    assert (step.status, step.variables["x"], step.variables["y"]) == ("completed", 3, 4)


def test_an_undefined_task_passes_and_a_manual_task_waits_for_a_person() -> None:
    body = '<bpmn:startEvent id="m"/><bpmn:task id="t"/><bpmn:manualTask id="u" name="Antar"/>'
    play = Play(drawn(body + flow("m", "t") + flow("t", "u")))
    assert play.open == ["u"]
    assert play.definition.user_tasks["u"].name == "Antar"
    assert play.complete("u").status == "completed"
