"""Variables belong to the process instance: what one branch changed, no other takes back."""

from __future__ import annotations

from tests.engine.runtime.diagrams import Play


def test_a_value_changed_in_the_branch_that_ends_first_stays_changed() -> None:
    play = Play("parallel_branches", x=1, y=1)
    play.complete("a1", x=2)
    play.complete("a2")
    play.complete("b1", y=3)
    play.complete("b2")
    assert (play.step.variables["x"], play.step.variables["y"]) == (2, 3)
    assert play.step.changes == {}


def test_a_list_is_replaced_whole_and_never_mixed() -> None:
    play = Play("parallel_branches", daftar=["siti", "budi", "wati"])
    play.complete("b1", daftar=["joko"])
    play.complete("a1", y=1)
    play.complete("a2")
    play.complete("b2")
    assert play.step.variables["daftar"] == ["joko"]


def test_of_two_branches_that_change_the_same_variable_the_one_that_ends_last_wins() -> None:
    play = Play("parallel_branches")
    play.complete("b1", x="b")
    play.complete("a1", x="a")
    play.complete("a2")
    play.complete("b2")
    assert play.step.variables["x"] == "b"


def test_variables_are_seen_from_the_whole_instance_while_branches_are_open() -> None:
    play = Play("parallel_branches", x=1, y=1)
    assert play.complete("a1", x=2).changes["x"].new == 2
    assert play.complete("b1", y=3).variables["x"] == 2
    assert play.step.variables["y"] == 3


def test_a_change_before_an_inner_split_is_not_taken_back_by_an_inner_branch() -> None:
    play = Play("unstructured_joins", x=1)
    play.complete("a", x=2)
    play.complete("c", y=2)
    play.complete("b")
    assert play.open == ["d"]
    assert (play.step.variables["x"], play.step.variables["y"]) == (2, 2)


def test_one_is_not_true_to_a_person_though_it_is_to_python() -> None:
    play = Play("review_loop", x=1)
    change = play.complete("tulis", x=True).changes["x"]
    assert (change.old is True, change.new is True) == (False, True)
    assert play.complete("periksa").variables["x"] is True


def test_what_was_entered_in_an_interrupted_subprocess_is_kept() -> None:
    play = Play("subprocess_deadline", x=1)
    play.complete("k1", x=2)
    play.wait(hours=2)
    assert play.open == ["susulan"]
    assert play.step.variables["x"] == 2


def test_what_was_entered_in_the_branch_that_is_terminated_is_kept() -> None:
    play = Play("loop_in_parallel_branch", x=1)
    play.complete("a1", ulang=True, x=5)
    assert play.complete("b1", y=4).variables["x"] == 5
    terminated = Play("terminate", x=1)
    terminated.complete("b", y=2)
    assert terminated.step.status == "completed"
    assert terminated.step.variables["y"] == 2


def test_user_data_that_looks_like_the_engines_own_survives() -> None:
    forged = {"typename": "BpmnWorkflow", "__class__": "x", "tasks": [{"e": "Start", "s": "R"}]}
    play = Play("parallel_branches", x=forged)
    play.complete("a1")
    play.complete("b1")
    assert play.step.variables["x"] == forged


def test_a_variable_may_bear_any_name() -> None:
    names = {"self": 1, "data_objects": 2, "merged": 3, "typename": 4, "spec": 5}
    play = Play("nested_subprocess", **names)
    play.complete("luar_1")
    assert play.step.variables.items() >= names.items()


def test_what_a_branch_changed_before_it_split_and_ended_is_kept() -> None:
    play = Play("ends_apart", x=1)
    assert play.complete("b", x=2).variables["x"] == 2
    step = play.complete("a", y=3)
    assert (step.status, step.variables["x"], step.variables["y"]) == ("completed", 2, 3)
