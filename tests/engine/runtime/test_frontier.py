"""Where an instance stands is read off its state: where people and events are waited for, however deep."""

from __future__ import annotations

import pytest

from app.engine.frontier import Frontier, read_frontier
from tests.engine.runtime.diagrams import Play


def frontier(play: Play) -> Frontier:
    return read_frontier(play.definition, play.step.state)


@pytest.mark.parametrize(
    ("diagram", "completed", "expected"),
    [
        ("review_loop", [], ["tulis"]),
        ("nested_subprocess", ["luar_1"], ["dalam_1"]),
        ("nested_subprocess", ["luar_1", "dalam_1"], ["luar_2", "luar_3"]),
        ("event_gateway", ["kirim"], ["yang_mana"]),
        ("deadline", [], ["kerjakan"]),
        ("multi_instance_parallel", ["undang"], ["jawab"]),
        ("parallel_branches", ["a1"], ["a2", "b1"]),
        ("parallel_branches", ["a1", "a2"], ["kumpul", "b1"]),
    ],
)
def test_an_instance_stands_where_it_waits(diagram: str, completed: list[str], expected: list[str]) -> None:
    play = Play(diagram)
    for element_id in completed:
        play.complete(element_id)
    assert sorted(frontier(play).element_ids) == sorted(expected)


def test_an_instance_that_ended_stands_nowhere() -> None:
    play = Play("review_loop")
    while play.open:
        play.complete(play.open[0])
    assert frontier(play).element_ids == ()


def test_instances_in_the_same_places_have_the_same_shape_whatever_they_know() -> None:
    one, other = Play("parallel_branches", catatan="a"), Play("parallel_branches")
    assert frontier(one).shape == frontier(other).shape
    one.complete("a1", catatan="c")
    assert frontier(one).shape != frontier(other).shape
    other.complete("a1")
    assert frontier(one).shape == frontier(other).shape
