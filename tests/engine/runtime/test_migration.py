"""An instance that was moved to another version goes on as a fresh one of that version would from there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine import process
from app.engine.codec import read_rows
from app.engine.definitions import Definition
from app.engine.markings import MAX_EFFORT, Budget, can_stand
from app.engine.migration import align, find_obstacles, migrate
from app.engine.step import Step
from app.errors import MappingRefused, MigrationRefused, Obstacle
from tests.engine.runtime.diagrams import DIAGRAMS, NOW, Play, drawn, flow, load
from tests.engine.runtime.processes import Block, draw, task
from tests.engine.runtime.test_state_forgets_only_history import WALKS, Walk


def user_tasks(*ids: str) -> str:
    """User tasks, each with the name that belongs to its id up to an underscore: `b` and `b_baru` are both called B."""
    return "".join(f'<bpmn:userTask id="{id_}" name="{id_.partition("_")[0].upper()}"/>' for id_ in ids)


def line(*ids: str) -> Definition:
    """User tasks one after the other."""
    path = ["mulai", *ids, "selesai"]
    flows = "".join(flow(source, target) for source, target in pairwise(path))
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{user_tasks(*ids)}{flows}')


def branches(*lines: tuple[str, ...]) -> Definition:
    """Parallel branches, each of user tasks one after the other; then one more user task."""
    parts = [user_tasks(*(id_ for ids in lines for id_ in ids), "akhir"), flow("mulai", "bagi")]
    for ids in lines:
        path = ["bagi", *ids, "temu"]
        parts += [flow(source, target) for source, target in pairwise(path)]
    parts += [flow("temu", "akhir"), flow("akhir", "selesai")]
    gateways = '<bpmn:parallelGateway id="bagi"/><bpmn:parallelGateway id="temu"/>'
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{gateways}{"".join(parts)}')


def timer(kind: str, expression: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{expression}</bpmn:{kind}></bpmn:timerEventDefinition>"


def with_deadline(*hours: int, interrupting: bool = True) -> Definition:
    """A user task `a` with a deadline after each of these numbers of hours, which leads to `susul{hours}`."""
    parts = [user_tasks("a", *(f"susul{number}" for number in hours)), flow("mulai", "a"), flow("a", "selesai")]
    for number in hours:
        cancels = "true" if interrupting else "false"
        definition = timer("timeDuration", f"&quot;PT{number}H&quot;")
        parts.append(
            f'<bpmn:boundaryEvent id="batas{number}" attachedToRef="a" cancelActivity="{cancels}">{definition}'
            "</bpmn:boundaryEvent>"
        )
        parts += [flow(f"batas{number}", f"susul{number}"), flow(f"susul{number}", "selesai")]
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{"".join(parts)}')


def played(definition: Definition, *completed: str) -> Play:
    """An instance in which these user tasks were completed, one after the other."""
    play = Play(definition)
    for element_id in completed:
        play.complete(element_id, 0, **{element_id: True})
    return play


def obstacles_of(play: Play, new: Definition, mapping: Mapping[str, str]) -> tuple[Obstacle, ...]:
    return find_obstacles(play.definition, new, play.step.state, mapping, play.now, Budget())


def moved(play: Play, new: Definition, **mapping: str) -> Play:
    """The same instance in another version; it remembers all it did."""
    assert obstacles_of(play, new, mapping) == ()
    before = play.step
    play.step = migrate(play.definition, new, before.state, mapping, play.now)
    play.definition = new
    assert play.step.variables == before.variables
    assert {task.element_task_id for task in before.open_user_tasks} == {
        task.element_task_id for task in play.step.open_user_tasks
    }
    return play


def refused(play: Play, new: Definition, **mapping: str) -> set[tuple[str, str]]:
    """The elements and codes of what keeps an instance from being moved."""
    obstacles = obstacles_of(play, new, mapping)
    with pytest.raises(MigrationRefused) as error:
        migrate(play.definition, new, play.step.state, mapping, play.now)
    assert error.value.obstacles == obstacles
    return {(obstacle.element_id, obstacle.code) for obstacle in obstacles}


def assert_goes_on_alike(migrated: Play, fresh: Play, *rest: str) -> None:
    """Completing the rest leads both along the same path; what was done before is what was done before."""
    before = [dict(play.step.variables) for play in (migrated, fresh)]
    for element_id in rest:
        assert Counter(migrated.open) == Counter(fresh.open)
        migrated.complete(element_id, 0, **{element_id: "sesudah"})
        fresh.complete(element_id, 0, **{element_id: "sesudah"})
    assert migrated.step.status == fresh.step.status == "completed"
    entered = dict.fromkeys(rest, "sesudah")
    assert [play.step.variables for play in (migrated, fresh)] == [was | entered for was in before]
    assert migrated.step.events == fresh.step.events


IN_LINE = {
    "renamed": (line("a", "b_baru", "c"), ["a"], ["b_baru", "c"]),
    "one put in before": (line("a", "x", "b", "c"), ["a", "x"], ["b", "c"]),
    "one put in after": (line("a", "b", "x", "c"), ["a"], ["b", "x", "c"]),
    "put in on both sides": (line("a", "x", "b", "y", "c"), ["a", "x"], ["b", "y", "c"]),
    "removed ahead": (line("a", "b"), ["a"], ["b"]),
    "removed behind": (line("b", "c"), [], ["b", "c"]),
    "another order": (line("b", "a", "c"), [], ["b", "a", "c"]),
    "nothing changed": (line("a", "b", "c"), ["a"], ["b", "c"]),
}


@pytest.mark.parametrize("change", IN_LINE)
def test_a_token_in_a_line_goes_on_from_its_task(change: str) -> None:
    new, before, rest = IN_LINE[change]
    migrated = moved(played(line("a", "b", "c"), "a"), new)
    assert_goes_on_alike(migrated, played(new, *before), *rest)


def test_a_task_without_a_likeness_is_gone_unless_a_mapping_names_what_stands_for_it() -> None:
    new = line("a", "x", "y", "c")
    assert refused(played(line("a", "b", "c"), "a"), new) == {("b", "element_gone")}
    migrated = moved(played(line("a", "b", "c"), "a"), new, b="y")
    assert_goes_on_alike(migrated, played(new, "a", "x"), "y", "c")


def test_a_task_between_the_same_neighbours_is_the_same_whatever_its_id_and_name() -> None:
    assert align(line("a", "b", "c"), line("a", "x", "c"), {})["b"] == "x"
    assert align(line("a", "b", "c"), line("a_baru", "x", "c"), {}) == {
        "mulai": "mulai",
        "a": "a_baru",
        "b": "x",
        "c": "c",
        "selesai": "selesai",
    }


def test_a_mapping_goes_before_the_id_and_can_exchange_two_tasks() -> None:
    migrated = moved(played(line("a", "b", "c"), "a"), line("a", "b", "c"), b="c", c="b")
    assert migrated.open == ["c"]


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"tak_ada": "b"}, "element_unknown"),
        ({"a": "tak_ada"}, "element_unknown"),
        ({"a": "selesai"}, "type_differs"),
        ({"a": "c", "b": "c"}, "mapped_twice"),
        ({"a/b": "c"}, "element_unknown"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused_where_it_says_so(mapping: dict[str, str], code: str) -> None:
    with pytest.raises(MappingRefused) as refusal:
        align(line("a", "b", "c"), line("a", "b", "c"), mapping)
    assert {error.code for error in refusal.value.errors} == {code}
    assert {error.pointer for error in refusal.value.errors} == {
        f"/mapping/{old.replace('/', '~1')}" for old in mapping
    }


def test_a_task_of_another_type_is_no_place_for_a_token() -> None:
    new = drawn(
        '<bpmn:startEvent id="mulai"/><bpmn:manualTask id="a"/><bpmn:endEvent id="selesai"/>'
        + flow("mulai", "a")
        + flow("a", "selesai")
    )
    assert refused(played(line("a")), new) == {("a", "type_differs")}


def test_the_round_goes_on_in_a_loop_under_a_new_id_with_a_state_that_has_forgotten_thirty_rounds() -> None:
    play = Play("review_loop")
    for _ in range(30):
        play.complete("tulis")
        play.complete("periksa", ulang=True)
    new = drawn(
        '<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/><bpmn:userTask id="susun"/><bpmn:userTask id="cek"/>'
        '<bpmn:userTask id="periksa"/><bpmn:exclusiveGateway id="disetujui" default="disetujui_selesai"/>'
        + "".join(flow(*ends) for ends in [("mulai", "susun"), ("susun", "cek"), ("cek", "periksa")])
        + flow("periksa", "disetujui")
        + flow("disetujui", "selesai")
        + flow("disetujui", "susun", "ulang == True and n > 0")
    )
    moved(play, new, tulis="susun")
    assert [(task.element_id, task.round) for task in play.step.open_user_tasks] == [("susun", 31)]
    play.complete("susun")
    play.complete("cek")
    assert play.complete("periksa", ulang=True).events[0].round == 31
    assert [(task.element_id, task.round) for task in play.step.open_user_tasks] == [("susun", 32)]
    for element_id in ("susun", "cek"):
        play.complete(element_id)
    assert play.complete("periksa", ulang=True, n=0).status == "completed", "the new condition applies"


IN_BRANCHES = {
    "both wait": ([], branches(("a", "x"), ("y", "b")), ["y"], ["a", "x", "b", "akhir"]),
    "one waits at the join": (["a"], branches(("a",), ("b", "x")), ["a"], ["b", "x", "akhir"]),
    "one put in between it and the join": (["a"], branches(("a", "x"), ("b",)), ["a", "x"], ["b", "akhir"]),
    "its way to the join taken out": (["a"], branches((), ("b",)), [], ["b", "akhir"]),
    "what it came by renamed": (["a"], branches(("a_baru",), ("b",)), ["a_baru"], ["b", "akhir"]),
    "behind the join": (["a", "b"], line("akhir"), [], ["akhir"]),
    "no longer parallel, all behind": (["a", "b"], line("a", "b", "x", "akhir"), ["a", "b", "x"], ["akhir"]),
}


@pytest.mark.parametrize("change", IN_BRANCHES)
def test_tokens_in_parallel_branches_meet_as_in_a_fresh_instance(change: str) -> None:
    done, new, before, rest = IN_BRANCHES[change]
    migrated = moved(played(branches(("a",), ("b",)), *done), new)
    assert_goes_on_alike(migrated, played(new, *before), *rest)


@pytest.mark.parametrize(
    ("done", "new", "obstacles"),
    [
        ([], line("a", "b", "akhir"), {("a", "cannot_stand_so"), ("b", "cannot_stand_so")}),
        ([], branches(("a",), ("b",), ("x",)), {("a", "cannot_stand_so"), ("b", "cannot_stand_so")}),
        ([], branches(("a", "b"), ("x",)), {("a", "cannot_stand_so"), ("b", "cannot_stand_so")}),
        (["a"], branches(("b",), ("x", "y")), {("temu", "branch_gone")}),
        (["a"], line("b", "akhir"), {("temu", "element_gone")}),
    ],
)
def test_what_would_leave_a_join_waiting_or_be_done_twice_is_refused(
    done: list[str], new: Definition, obstacles: set[tuple[str, str]]
) -> None:
    play = played(branches(("a",), ("b",)), *done)
    assert refused(play, new) == obstacles


def test_a_line_that_becomes_a_branch_is_refused_as_the_other_branch_was_never_begun() -> None:
    assert refused(played(line("a", "b", "akhir"), "a"), branches(("a", "b"), ("x",))) == {("b", "cannot_stand_so")}


def test_a_timer_keeps_its_due_time_and_one_that_is_new_begins_when_the_instance_is_moved() -> None:
    play = Play(with_deadline(3))
    play.wait(1)
    moved(play, with_deadline(3, 1))
    assert [due.hour for due in [play.step.next_due_at] if due] == [NOW.hour + 2], "one hour from now"
    play.wait(1.5)
    assert play.open == ["susul1"], "it interrupts the task"
    assert play.complete("susul1").status == "completed"


def test_a_boundary_event_that_is_gone_waits_no_longer() -> None:
    play = moved(Play(with_deadline(1)), with_deadline())
    assert play.step.next_due_at is None
    play.wait(2)
    assert play.complete("a").status == "completed"


def test_a_boundary_event_that_is_new_waits_where_there_was_none() -> None:
    play = moved(Play(with_deadline()), with_deadline(1))
    assert play.wait(0.5).open_user_tasks[0].element_id == "a"
    play.wait(1)
    assert play.open == ["susul1"]


def test_a_reminder_that_has_fired_goes_on_beside_its_task_and_does_not_begin_again() -> None:
    play = Play(with_deadline(1, interrupting=False))
    play.wait(2)
    moved(play, with_deadline(1, 4, interrupting=False))
    assert play.step.next_due_at is not None
    play.wait(3)
    assert sorted(play.open) == ["a", "susul1"]
    play.wait(2)
    assert sorted(play.open) == ["a", "susul1", "susul4"]
    for element_id in ("a", "susul4", "susul1"):
        play.complete(element_id)
    assert play.step.status == "completed"


def test_a_reminder_whose_event_is_gone_keeps_its_instance_where_it_is() -> None:
    play = Play(with_deadline(1, interrupting=False))
    play.wait(2)
    assert ("batas1", "element_gone") in refused(play, with_deadline(4, interrupting=False))


def test_an_intermediate_timer_keeps_its_due_time_and_may_not_vanish() -> None:
    play = Play("intermediate_timer")
    while play.step.next_due_at is None:
        play.complete(play.open[0])
    due = play.step.next_due_at
    play.now = due.replace(minute=due.minute)
    moved(play, load("intermediate_timer"))
    assert play.step.next_due_at == due
    assert {code for _, code in refused(play, line("a"))} == {"element_gone"}


def inside(*ids: str, sub: str = "sub") -> Definition:
    """A sub-process with user tasks one after the other, then the user task `akhir`."""
    path = ["dalam_mulai", *ids, "dalam_selesai"]
    flows = "".join(flow(source, target) for source, target in pairwise(path))
    events = '<bpmn:startEvent id="dalam_mulai"/><bpmn:endEvent id="dalam_selesai"/>'
    return drawn(
        f'<bpmn:startEvent id="mulai"/><bpmn:subProcess id="{sub}">{events}{user_tasks(*ids)}{flows}</bpmn:subProcess>'
        + user_tasks("akhir")
        + '<bpmn:endEvent id="selesai"/>'
        + flow("mulai", sub)
        + flow(sub, "akhir")
        + flow("akhir", "selesai")
    )


def test_a_token_inside_a_sub_process_goes_on_there_also_when_both_are_renamed() -> None:
    new = inside("a", "b_baru", "x", sub="bagian")
    migrated = moved(played(inside("a", "b"), "a"), new)
    assert_goes_on_alike(migrated, played(new, "a"), "b_baru", "x", "akhir")


def test_a_token_is_not_moved_into_a_sub_process_or_out_of_it() -> None:
    assert refused(played(line("a", "b", "akhir"), "a"), inside("a", "b")) == {("b", "element_moved")}
    assert refused(played(inside("a", "b"), "a"), line("a", "b", "akhir")) == {("sub", "element_gone")}


def repeated(count: str, *behind: str, id_: str = "jawab") -> Definition:
    """A user task of which as many instances as `count` says run at once, then others."""
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>"
        f"{count}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )
    path = ["mulai", id_, *behind, "selesai"]
    flows = "".join(flow(source, target) for source, target in pairwise(path))
    task_ = f'<bpmn:userTask id="{id_}" name="Jawab">{loop}</bpmn:userTask>'
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{task_}{user_tasks(*behind)}{flows}')


def test_instances_of_a_task_are_moved_together_with_those_that_have_ended() -> None:
    play = Play(repeated("3"))
    play.complete("jawab")
    moved(play, repeated("3", "x", id_="tanggapi"))
    assert play.open == ["tanggapi", "tanggapi"]
    play.complete("tanggapi")
    play.complete("tanggapi")
    assert play.open == ["x"]
    assert play.complete("x").status == "completed"


def test_a_task_at_work_for_other_items_is_refused() -> None:
    assert refused(Play(repeated("3")), repeated("4")) == {("jawab", "work_differs")}
    assert refused(Play(repeated("3")), line("jawab")) == {("jawab", "type_differs")}
    assert len(obstacles_of(Play(repeated("3")), line("jawab"), {})) == 1, "told once"


@pytest.mark.parametrize("diagram", sorted(path.stem for path in DIAGRAMS.glob("*.bpmn")))
def test_moving_to_the_same_diagram_changes_nothing_wherever_an_instance_stands(diagram: str) -> None:
    walk, chooser = Walk(diagram), random.Random(diagram)  # noqa: S311 - no secret
    for _ in range(8):
        if isinstance(walk.step, str) or walk.step.status != "active":
            return
        again = migrate(walk.definition, walk.definition, walk.step.state, {}, walk.now)
        assert again == replace(walk.step, state=again.state, events=(), changes={}, flows=())
        walk.step = again
        walk.move(chooser.randrange(8), {name: chooser.random() < 0.5 for name in ("ulang", "a", "b", "c")})


def test_a_reminder_that_was_handled_does_not_pin_its_instance() -> None:
    play = Play(with_deadline(1, 9, interrupting=False))
    play.wait(2)
    play.complete("susul1", hasil="diingatkan")
    for new in (with_deadline(9, 4, interrupting=False), with_deadline()):
        moved(play, new)
    assert play.complete("a").status == "completed"
    assert play.step.variables["hasil"] == "diingatkan"


def review(reminders: int, *behind: str) -> Definition:
    """A review loop of two ways, `t1` and `t2`, and a task `a` with reminders; then others."""
    parts = [user_tasks("m", "t1", "t2", "a", "ulas", *behind)]
    parts += ['<bpmn:exclusiveGateway id="x" default="x_t2"/><bpmn:exclusiveGateway id="y"/>']
    parts += ['<bpmn:exclusiveGateway id="lagi" default="lagi_ulas"/>']
    path = ["ulas", *behind, "selesai"]
    ways = [("mulai", "m"), ("m", "x"), ("x", "t2"), ("t1", "y"), ("t2", "y"), ("y", "a"), ("a", "lagi")]
    parts += [flow(*ends) for ends in (*ways, ("lagi", "ulas"), *pairwise(path))]
    parts += [flow("x", "t1", "jalan == 1"), flow("lagi", "m", "ulang == True")]
    for number in range(reminders):
        event = timer("timeDuration", f"PT{number + 1}H")
        parts += [
            f'<bpmn:boundaryEvent id="r{number}" attachedToRef="a" cancelActivity="false">{event}</bpmn:boundaryEvent>',
            f'<bpmn:endEvent id="e{number}"/>{user_tasks(f"h{number}")}',
            flow(f"r{number}", f"h{number}") + flow(f"h{number}", f"e{number}"),
        ]
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{"".join(parts)}')


@pytest.mark.parametrize("reminders", [1, 3])
def test_reminders_elsewhere_do_not_hide_where_an_instance_stands(reminders: int) -> None:
    play = Play(review(reminders))
    play.complete("m", jalan=1)
    assert moved(play, review(reminders, "arsip")).open == ["t1"]
    play.complete("t1")
    play.wait(reminders + 0.5)
    assert moved(play, review(reminders)).open == ["a", *(f"h{number}" for number in range(reminders))]


def wide(count: int) -> Definition:
    """Parallel branches, each a user task and then one of two, in a loop."""
    ids = range(count)
    parts = [user_tasks(*(f"{kind}{id_}" for id_ in ids for kind in "tuw"), "akhir")]
    parts += ['<bpmn:parallelGateway id="bagi"/><bpmn:parallelGateway id="temu"/><bpmn:exclusiveGateway id="awal"/>']
    parts += ['<bpmn:exclusiveGateway id="lagi" default="lagi_akhir"/>']
    ways = [("mulai", "awal"), ("awal", "bagi"), ("temu", "lagi"), ("lagi", "akhir"), ("akhir", "selesai")]
    for id_ in ids:
        parts += [f'<bpmn:exclusiveGateway id="a{id_}" default="a{id_}_w{id_}"/><bpmn:exclusiveGateway id="y{id_}"/>']
        parts += [flow(f"a{id_}", f"u{id_}", "kiri == True")]
        ways += [("bagi", f"t{id_}"), (f"t{id_}", f"a{id_}"), (f"a{id_}", f"w{id_}"), (f"y{id_}", "temu")]
        ways += [(f"{kind}{id_}", f"y{id_}") for kind in "uw"]
    parts += [flow(*ends) for ends in ways] + [flow("lagi", "awal", "ulang == True")]
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{"".join(parts)}')


def test_where_an_instance_stands_is_found_among_many_branches_and_a_search_without_end_is_given_up() -> None:
    old, budget = wide(8), Budget()
    places = [("u0", ""), ("w1", ""), ("temu", "y2"), *((f"t{number}", "") for number in range(3, 8))]
    assert can_stand(old.spec, places, budget) is True
    assert budget.left > MAX_EFFORT * 0.9
    assert can_stand(old.spec, places[1:], Budget(1_000)) is None
    play = Play(branches(("a",), ("b",)))
    told = find_obstacles(play.definition, branches(("a",), ("b", "x")), play.step.state, {}, NOW, Budget(3))
    assert {(obstacle.element_id, obstacle.code) for obstacle in told} == {("a", "undecided"), ("b", "undecided")}


def test_the_same_structure_needs_no_search() -> None:
    play, budget = played(branches(("a",), ("b",)), "a"), Budget(0)
    assert find_obstacles(play.definition, branches(("c",), ("b",)), play.step.state, {"a": "c"}, NOW, budget) == ()


def optional(*, waits_for_d: bool) -> Definition:
    """A sub-process with the branches `c` and `d`; an inclusive gateway waits for the first, or for both."""
    gateways = '<bpmn:inclusiveGateway id="s"/><bpmn:inclusiveGateway id="j"/>'
    inside_ = ["i", "s"], ["c", "j", "e", "k"], ["d", "j" if waits_for_d else "k"], ["z", "j"]
    flows = "".join(flow(*ends) for path in inside_ for ends in pairwise(path))
    flows += flow("s", "c", "a == False") + flow("s", "d", "b == False") + flow("s", "z", "n == 9")
    events = '<bpmn:startEvent id="i"/><bpmn:endEvent id="k"/>'
    body = f"{events}{gateways}{user_tasks('c', 'd', 'e', 'z')}{flows}"
    return drawn(
        f'<bpmn:startEvent id="mulai"/><bpmn:subProcess id="sub">{body}</bpmn:subProcess><bpmn:endEvent id="selesai"/>'
        + flow("mulai", "sub")
        + flow("sub", "selesai")
    )


def test_a_join_in_a_sub_process_goes_on_once_it_has_all_that_it_waits_for() -> None:
    play = played(optional(waits_for_d=True), "c")
    assert play.open == ["d"]
    new = optional(waits_for_d=False)
    play.step = migrate(play.definition, new, play.step.state, {}, play.now)
    assert play.open == played(new, "c").open == ["d", "e"]


def named(names: Mapping[str, str], apart: str = "") -> Definition:
    """User tasks one after the other with these names; the last is kept apart from `apart`."""
    properties = (
        "<bpmn:extensionElements><spiffworkflow:properties>"
        f'<spiffworkflow:property name="pisah_tugas" value="{apart}"/>'
        "</spiffworkflow:properties></bpmn:extensionElements>"
    )
    last = [*names][-1]
    tasks = "".join(
        f'<bpmn:userTask id="{id_}" name="{name}">{properties if apart and id_ == last else ""}</bpmn:userTask>'
        for id_, name in names.items()
    )
    flows = "".join(flow(*ends) for ends in pairwise(["mulai", *names, "selesai"]))
    return drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{tasks}{flows}')


NAMED = named({"a": "Tulis", "b": "Periksa", "c": "Tetapkan"})


def test_ids_that_were_exchanged_or_used_again_are_asked_about() -> None:
    exchanged, again = {"b": "Tulis", "a": "Periksa", "c": "Tetapkan"}, {"a": "Catat", "n": "Tulis", "b": "Periksa"}
    for names in (exchanged, again):
        assert refused(Play(NAMED), named(names)) == {("a", "ambiguous")}
        assert moved(Play(NAMED), named(names), a="a").open == ["a"]
    assert moved(Play(NAMED), named(again), a="n").open == ["n"]
    assert moved(Play(NAMED), named({"a": "Catat", "b": "Periksa"})).open == ["a"], "merely another name"


def test_an_exchanged_id_that_four_eyes_ask_about_is_asked_about_once_it_was_reached() -> None:
    exchanged = named({"a": "Periksa", "b": "Tulis", "c": "Tetapkan"}, apart="a")
    assert refused(played(NAMED, "a", "b"), exchanged) == {("a", "ambiguous")}
    assert moved(played(NAMED, "a", "b"), exchanged, a="a").open == ["c"]
    assert moved(played(NAMED, "a", "b"), exchanged, a="b", b="a").open == ["c"]


def test_rounds_are_counted_on_when_an_element_comes_back_whose_id_another_had_meanwhile() -> None:
    play = Play("review_loop")
    for _ in range(3):
        play.complete("tulis")
        play.complete("periksa", ulang=True)
    play.complete("tulis")
    alone = line("tulis")
    back = play.definition
    moved(play, alone, periksa="tulis")
    moved(play, back, tulis="periksa")
    play.complete("periksa", ulang=True)
    assert [(task.element_id, task.round) for task in play.step.open_user_tasks] == [("tulis", 5)]


def test_what_would_get_stuck_is_an_obstacle_too() -> None:
    body = user_tasks("a") + flow("mulai", "a") + flow("a", "selesai")
    event = f'<bpmn:boundaryEvent id="batas" attachedToRef="a">{timer("timeDuration", "tak_ada")}</bpmn:boundaryEvent>'
    new = drawn(f'<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>{body}{event}{flow("batas", "selesai")}')
    told = obstacles_of(Play(with_deadline()), new, {})
    assert [(obstacle.element_id, obstacle.code) for obstacle in told] == [("batas", "expression_failed")]


def blocks() -> st.SearchStrategy[Block]:
    """Blocks whose labels are not told apart yet."""
    kinds = {"sequence": (2, 3), "parallel": (2, 2), "choice": (2, 2), "loop": (1, 1)}

    def around(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
        return st.sampled_from(sorted(kinds)).flatmap(lambda kind: of_kind(kind, inner))

    def of_kind(kind: str, inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
        least, most = kinds[kind]
        return st.lists(inner, min_size=least, max_size=most).map(lambda parts: Block(kind, "", "", tuple(parts)))

    return st.recursive(st.just(task("")), around, max_leaves=5)


def labelled(block: Block, path: str = "r") -> Block:
    """The same block with a label and an id of its own for each part."""
    parts = tuple(labelled(part, f"{path}{number}") for number, part in enumerate(block.blocks))
    return replace(block, label=path, id=path, blocks=parts)


def edited(process_: Block, chooser: random.Random, name: str) -> Block:
    """A process after one change by a designer."""
    chosen = chooser.choice([block.label for block in process_.walk()])

    def change(block: Block) -> Block:
        match chooser.choice(["rename", "before", "after", "beside", "swap", "remove"]):
            case "rename":
                return replace(block, id=f"{block.id}_baru")
            case "before":
                return Block("sequence", f"{name}s", f"{name}s", (task(name), block))
            case "after":
                return Block("sequence", f"{name}s", f"{name}s", (block, task(name)))
            case "beside":
                return Block("parallel", f"{name}p", f"{name}p", (block, task(name)))
            case "swap":
                return replace(block, blocks=block.blocks[::-1])
        return block.blocks[0] if block.blocks else block

    return process_.changed(chosen, change)


def standing(definition: Definition, step: Step) -> tuple[tuple[str, str], ...]:
    """Where the tokens are: their elements, and at joins the element from which each came."""
    rows = read_rows(step.state)["process"]["tasks"]
    places = []
    for number, row in enumerate(rows):
        if "s" in row:
            is_join = type(definition.spec.task_specs[row["e"]]).__name__ == "ParallelGateway"
            places.append((row["e"], rows[row.get("p", number - 1)]["e"] if is_join else ""))
    return tuple(sorted(places))


def next_steps(definition: Definition, step: Step) -> Iterator[Step]:
    for open_task in step.open_user_tasks:
        for answer in (True, False):
            yield complete(definition, step, open_task.element_id, answer)


def complete(definition: Definition, step: Step, element_id: str, answer: bool) -> Step:
    open_task = next(task_ for task_ in step.open_user_tasks if task_.element_id == element_id)
    return process.complete_user_task(definition, step.state, open_task.element_task_id, {"pilih": answer}, NOW)


def every_standing(definition: Definition) -> dict[tuple[tuple[str, str], ...], Step]:
    """Wherever a fresh instance can come to stand, found by playing all of its runs."""
    first = process.start(definition, {}, NOW)
    found, pending = {standing(definition, first): first}, [first]
    while pending:
        for step in next_steps(definition, pending.pop()):
            if step.status == "active" and standing(definition, step) not in found:
                found[standing(definition, step)] = step
                pending.append(step)
    return found


@settings(max_examples=WALKS // 3, deadline=None)
@given(drawing=blocks().map(labelled), seed=st.integers(0, 2**32))
def test_whatever_the_process_and_the_change_a_moved_instance_stands_and_goes_on_like_a_fresh_one(
    drawing: Block, seed: int
) -> None:
    """Also the other way round: what a fresh instance can come to is not refused."""
    chooser = random.Random(seed)  # noqa: S311 - no secret
    old, new = draw(drawing), draw(edited(edited(drawing, chooser, "x"), chooser, "y"))
    step = process.start(old, {}, NOW)
    for _ in range(chooser.randrange(8)):
        following = chooser.choice(list(next_steps(old, step)))
        step = following if following.status == "active" else step
    fresh_ones = every_standing(new)
    obstacles = find_obstacles(old, new, step.state, {}, NOW, Budget())
    if obstacles:
        aligned = align(old, new, {})
        places = [(aligned.get(element_id), aligned.get(source, "")) for element_id, source in standing(old, step)]
        assert tuple(sorted(places, key=str)) not in fresh_ones, obstacles
        return
    migrated = migrate(old, new, step.state, {}, NOW)
    fresh = fresh_ones[standing(new, migrated)]
    for _ in range(12):
        assert Counter(t.element_id for t in migrated.open_user_tasks) == Counter(
            t.element_id for t in fresh.open_user_tasks
        )
        chosen, answer = chooser.choice(migrated.open_user_tasks).element_id, chooser.random() < 0.4
        migrated, fresh = (complete(new, each, chosen, answer) for each in (migrated, fresh))
        assert migrated.status == fresh.status
        if migrated.status != "active":
            break
        assert standing(new, migrated) == standing(new, fresh)


def test_people_named_for_a_lane_that_the_other_version_has_not_keep_the_instance_where_it_is() -> None:
    def in_lane(name: str) -> Definition:
        lane = f'<bpmn:lane id="tim" name="{name}"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
        events = '<bpmn:startEvent id="mulai"/><bpmn:endEvent id="selesai"/>'
        flows = flow("mulai", "a") + flow("a", "selesai")
        return drawn(f'<bpmn:laneSet id="pelaksana">{lane}</bpmn:laneSet>{events}{user_tasks("a")}{flows}')

    old, renamed = in_lane("Tim"), in_lane("Tim Penyusun")
    named = process.start(old, {"lane_owners": {"Tim": ["siti"]}}, NOW)
    (obstacle,) = find_obstacles(old, renamed, named.state, {}, NOW, Budget())
    assert (obstacle.element_id, obstacle.code) == ("a", "lane_owners_unknown_lane")
    nobody = process.start(old, {}, NOW)
    assert find_obstacles(old, renamed, nobody.state, {}, NOW, Budget()) == ()
