"""A stored state tells variables, open user tasks and tokens as the step did that it is the outcome of."""

from __future__ import annotations

import pytest

from app.engine.at_rest import Rest, passes_so_far, read_rest
from tests.engine.runtime.diagrams import DIAGRAMS, Play

#: diagrams that rest, in which everything waits for people
PLAYED = sorted({path.stem for path in DIAGRAMS.glob("*.bpmn")} - {"no_rest"})


def rest_of(play: Play) -> Rest:
    return read_rest(play.definition, play.step.state)


@pytest.mark.parametrize("diagram", PLAYED)
def test_a_state_tells_what_the_step_told(diagram: str) -> None:
    play = Play(diagram)
    for _ in range(12):
        rest = rest_of(play)
        assert (dict(rest.variables), rest.open_user_tasks) == (dict(play.step.variables), play.step.open_user_tasks)
        assert (rest.tokens == ()) == (play.step.status != "active")
        if not play.open:
            break
        play.complete(play.open[-1], catatan="x", nilai=1)


@pytest.mark.parametrize(
    ("diagram", "completed", "expected"),
    [
        ("review_loop", [], {"tulis": 1}),
        ("nested_subprocess", ["luar_1"], {"luar": 1, "dalam": 1, "dalam_1": 1}),
        ("event_gateway", ["kirim"], {"yang_mana": 1}),
        ("deadline", [], {"kerjakan": 1}),
        ("multi_instance_parallel", ["undang"], {"jawab": 2}),
        ("parallel_branches", ["a1", "a2"], {"kumpul": 1, "b1": 1}),
        ("blocks_in_a_row", ["a1", "b1"], {"c1": 1, "kumpul1": 2}),
    ],
)
def test_tokens_stand_where_the_process_waits(diagram: str, completed: list[str], expected: dict[str, int]) -> None:
    play = Play(diagram)
    for element_id in completed:
        play.complete(element_id)
    assert {token.element_id: token.count for token in rest_of(play).tokens} == expected


def test_a_state_tells_how_often_each_element_was_reached() -> None:
    play = Play("review_loop")
    assert (passes_so_far(play.step.state), passes_so_far(play.step.state, "periksa")) == (1, 0)
    for _ in range(2):
        play.complete("tulis")
        play.complete("periksa", ulang=True)
    told = {name: passes_so_far(play.step.state, name) for name in ("tulis", "periksa", "disetujui", "lain")}
    assert told == {"tulis": 3, "periksa": 2, "disetujui": 2, "lain": 0}
    assert passes_so_far(play.step.state) == 3
