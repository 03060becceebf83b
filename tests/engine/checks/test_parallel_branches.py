"""The token game: joins that can wait for ever, tasks that are open together. Shapes as in textbooks."""

from __future__ import annotations

import pytest

from app.engine.checks.diagram import Diagram
from app.engine.checks.readable import read_diagram
from app.engine.checks.token_game import TokenGame
from tests.engine.checks.drawing import (
    END,
    START,
    codes,
    drawing,
    element,
    flow,
    path,
    report,
    user_task,
    when,
    with_form,
)
from tests.engine.checks.faulty_diagrams import FORM


def play(inside: str) -> TokenGame:
    xml = drawing(START + inside + END)
    return TokenGame(Diagram("p.bpmn", xml, read_diagram("p.bpmn", xml), {}).scopes[0])


def together(inside: str) -> set[str]:
    return {" ".join(sorted(str(node.get("id")) for node in pair)) for pair in play(inside).together}


def stuck(inside: str) -> set[str]:
    return {str(node.get("id")) for node in play(inside).stuck}


TASKS = user_task("a") + user_task("b")


def gateway(kind: str, identifier: str, attributes: str = "") -> str:
    return element(f"{kind}Gateway", identifier, attributes=attributes)


def diamond(split: str, join: str) -> str:
    """Two branches between two gateways."""
    shapes = gateway(split, "bagi") + gateway(join, "kumpul") + TASKS
    return shapes + path("mulai", "bagi", "a", "kumpul", "selesai") + path("bagi", "b", "kumpul")


@pytest.mark.parametrize(
    ("split", "join", "waiting"),
    [
        ("parallel", "parallel", set()),
        ("exclusive", "exclusive", set()),
        ("inclusive", "inclusive", set()),
        ("exclusive", "inclusive", set()),
        ("parallel", "inclusive", set()),
        ("exclusive", "parallel", {"kumpul"}),
        ("inclusive", "parallel", {"kumpul"}),
        ("eventBased", "parallel", {"kumpul"}),
    ],
)
def test_a_join_waits_for_ever_if_the_split_did_not_start_all_its_branches(
    split: str, join: str, waiting: set[str]
) -> None:
    assert stuck(diamond(split, join)) == waiting


def test_a_branch_that_ends_early_leaves_the_join_waiting() -> None:
    early = (
        gateway("exclusive", "cukup")
        + user_task("a")
        + user_task("b")
        + gateway("parallel", "bagi")
        + gateway("parallel", "kumpul")
    )
    flows = (
        path("mulai", "bagi", "a", "cukup", "kumpul", "selesai")
        + path("cukup", "selesai")
        + path("bagi", "b", "kumpul")
    )
    assert stuck(early + flows) == {"kumpul"}


def test_a_terminate_end_event_takes_the_waiting_token_with_it() -> None:
    early = gateway("exclusive", "cukup") + TASKS + gateway("parallel", "bagi") + gateway("parallel", "kumpul")
    early += element("endEvent", "batal", "<bpmn:terminateEventDefinition/>")
    flows = (
        path("mulai", "bagi", "a", "cukup", "kumpul", "selesai") + path("cukup", "batal") + path("bagi", "b", "kumpul")
    )
    assert stuck(early + flows) == set()


def test_a_join_on_a_loop_may_be_reached_again_and_again() -> None:
    loop = diamond("parallel", "parallel").replace('targetRef="selesai"', 'targetRef="ulang"') + gateway(
        "exclusive", "ulang"
    )
    loop += gateway("exclusive", "lagi") + path("ulang", "selesai") + path("ulang", "lagi", "bagi")
    loop = loop.replace('sourceRef="mulai" targetRef="bagi"', 'sourceRef="mulai" targetRef="lagi"')
    assert stuck(loop) == set()


def test_a_split_that_is_also_the_target_of_a_loop_waits_for_the_loop() -> None:
    loop = diamond("parallel", "parallel").replace('targetRef="selesai"', 'targetRef="ulang"') + gateway(
        "exclusive", "ulang"
    )
    assert stuck(loop + path("ulang", "selesai") + path("ulang", "bagi")) == {"bagi"}


def test_only_branches_of_a_parallel_or_inclusive_split_are_together() -> None:
    assert together(diamond("parallel", "parallel")) == {"a b"}
    assert together(diamond("inclusive", "inclusive")) == {"a b"}
    assert together(diamond("exclusive", "exclusive")) == set()


def test_tasks_of_one_branch_are_never_together() -> None:
    three = TASKS + user_task("c") + gateway("parallel", "bagi") + gateway("parallel", "kumpul")
    assert together(three + path("mulai", "bagi", "a", "b", "kumpul", "selesai") + path("bagi", "c", "kumpul")) == {
        "a c",
        "b c",
    }


def test_a_non_interrupting_boundary_event_puts_its_branch_beside_the_activity() -> None:
    beside = TASKS + path("mulai", "a", "selesai")
    beside += element(
        "boundaryEvent", "ingat", "<bpmn:timerEventDefinition/>", 'attachedToRef="a" cancelActivity="false"'
    )
    assert together(beside + path("ingat", "b")) == {"a b"}
    assert together((beside + path("ingat", "b")).replace('cancelActivity="false"', "")) == set()


def test_branches_may_set_different_variables() -> None:
    forms = {"a": FORM, "b": FORM.replace(b"catatan", b"ringkasan")}
    inside = diamond("parallel", "parallel")
    for name in forms:
        inside = inside.replace(user_task(name), user_task(name, with_form(f"{name}.json")))
    assert report(drawing(START + inside + END), **forms).problems == ()
    same = report(drawing(START + inside + END), a=FORM, b=FORM)
    assert [problem.reason for problem in same.problems] == [
        'User task "b" and "a" can be open at the same time, and both set "catatan".'
    ]


def test_a_branch_may_show_what_another_sets() -> None:
    shown = FORM.replace(b'"string"', b'"string", "readOnly": true')
    inside = diamond("parallel", "parallel")
    for name in ("a", "b"):
        inside = inside.replace(user_task(name), user_task(name, with_form(f"{name}.json")))
    assert report(drawing(START + inside + END), a=FORM, b=shown).problems == ()


def test_a_choice_may_lead_to_tasks_that_set_the_same_variable() -> None:
    choice = diamond("exclusive", "exclusive")
    for name in ("a", "b"):
        choice = choice.replace(user_task(name), user_task(name, with_form("satu.json")))
        choice = choice.replace(flow("bagi", name), flow("bagi", name, when("True")))
    assert report(drawing(START + choice + END), satu=FORM).problems == ()


def test_variables_of_a_sub_process_are_those_of_its_tasks() -> None:
    inner = '<bpmn:startEvent id="awal"/>' + user_task("isi", with_form("satu.json")) + '<bpmn:endEvent id="akhir"/>'
    inside = diamond("parallel", "parallel").replace(
        user_task("a"), element("subProcess", "a", inner + path("awal", "isi", "akhir"))
    )
    inside = inside.replace(user_task("b"), user_task("b", with_form("satu.json")))
    assert codes(report(drawing(START + inside + END), satu=FORM).problems) == {"parallel_tasks_share_variable"}


def test_a_wide_split_is_not_played_to_the_end() -> None:
    names = [f"t{number}" for number in range(240)]
    wide = (
        gateway("parallel", "bagi") + gateway("parallel", "kumpul") + path("mulai", "bagi") + path("kumpul", "selesai")
    )
    wide += "".join(user_task(name) + path("bagi", name, "kumpul") for name in names)
    assert len(play(wide).together) == 240 * 239 / 2
