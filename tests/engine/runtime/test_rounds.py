"""The state of an instance does not grow with the number of rounds."""

from __future__ import annotations

import pytest

from tests.engine.runtime.diagrams import Play

ROUNDS = 500


def test_the_state_of_a_review_loop_is_the_same_in_round_500_as_in_round_1() -> None:
    play = Play("review_loop")
    sizes = []
    for number in range(1, ROUNDS + 1):
        play.complete("tulis", catatan=f"putaran {number:03}")
        # SpiffWorkflow loses sight of the open task in round 333, and then takes the process for completed
        assert (play.task("periksa").round, play.step.status) == (number, "active")
        (event,) = play.complete("periksa", ulang=number < ROUNDS).events[:1]
        assert event.round == number
        sizes.append(len(play.step.state))
    assert play.step.status == "completed"
    assert max(sizes[:-1]) - min(sizes[:-1]) <= 16


@pytest.mark.parametrize("diagram", ["parallel_join_in_loop", "inclusive", "nested_subprocess"])
def test_neither_do_splits_and_subprocesses_in_a_loop_make_it_grow(diagram: str) -> None:
    play = Play(diagram, a=True, b=True)
    sizes = []
    for _ in range(100):
        while play.open not in (["putuskan"], ["periksa"]):
            play.complete(play.open[0], **({"a": False} if diagram == "nested_subprocess" else {}))
        sizes.append(len(play.step.state))
        play.complete(play.open[0], ulang=True)
    assert max(sizes) - min(sizes) <= 16


def test_neither_does_a_branch_that_loops_while_another_stays_open() -> None:
    play = Play("loop_in_parallel_branch", ulang=True)
    sizes = []
    for number in range(100):
        play.complete("a1", x=f"{number:03}")
        sizes.append(len(play.step.state))
    assert max(sizes) - min(sizes) <= 16


def test_neither_do_reminders_that_nobody_needed_to_answer() -> None:
    play = Play("endless_reminder", terakhir="PT1H", a=True, jam=999)
    sizes = []
    for _ in range(200):
        play.wait(hours=1)
        sizes.append(len(play.step.state))
    assert play.open == ["kerjakan"]
    assert max(sizes) - min(sizes) <= 16
