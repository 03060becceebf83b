"""Arrows touch no mark but their own, and never run on top of an arrow to another mark."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents.arrows import GUTTER, Level, Point, Route, route
from app.engine.sop_sheet import SopSheet
from tests.documents.sheets import SOP, sheet


@st.composite
def sheets(draw: st.DrawFn) -> SopSheet:
    """Up to ten rows in up to five lanes; of each up to two arrows lead anywhere."""
    lanes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=10))
    numbers = st.integers(1, len(lanes))
    connectors = {
        (source, target) for source in range(1, len(lanes) + 1) for target in draw(st.sets(numbers, max_size=2))
    }
    return sheet(lanes, sorted(connectors))


def height(point: Point) -> float:
    """Where a point stands, in rows."""
    return point.row + {Level.ENTRY: 0.1, Level.CENTER: 0.5, Level.EXIT: 0.9}[point.level]


def stretches(arrow: Route) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    for start, end in pairwise(arrow.points):
        yield (start.x, height(start)), (end.x, height(end))


@settings(max_examples=100, deadline=None)
@given(sheets())
def test_no_arrow_touches_the_mark_of_another_row(drawn: SopSheet) -> None:
    for arrow in route(drawn):
        for (x1, y1), (x2, y2) in stretches(arrow):
            for index, row in enumerate(drawn.rows):
                middle = drawn.lanes.index(row.lane) + 0.5
                beside = max(x1, x2) <= middle - 0.5 + GUTTER or min(x1, x2) >= middle + 0.5 - GUTTER
                above_or_below = max(y1, y2) <= index + 0.2 or min(y1, y2) >= index + 0.8
                assert beside or above_or_below or index in (arrow.source, arrow.target)


@settings(max_examples=100, deadline=None)
@given(sheets())
def test_arrows_to_different_marks_never_run_on_top_of_each_other(drawn: SopSheet) -> None:
    for one, other in combinations(route(drawn), 2):
        if one.target != other.target:
            for first in stretches(one):
                assert not any(overlap(first, second) for second in stretches(other))


def overlap(first: tuple[tuple[float, float], ...], second: tuple[tuple[float, float], ...]) -> bool:
    """Whether two straight stretches share more than a point."""
    shared = []
    for axis in (0, 1):
        low = max(min(point[axis] for point in stretch) for stretch in (first, second))
        high = min(max(point[axis] for point in stretch) for stretch in (first, second))
        if low > high:
            return False
        shared.append(high - low)
    return any(shared)


def test_the_exits_of_the_sops_decision_leave_on_different_sides() -> None:
    no, yes = route(SOP)[-2:]
    assert (no.label, no.port, yes.label, yes.port) == ("Tidak", "right", "Ya", "left")
    assert no.points[-1] == Point(3.5, 3, Level.CENTER)


def test_two_exits_to_the_same_side_leave_at_the_side_and_below() -> None:
    first, second = route(sheet([0, 1, 2], [(1, 2), (1, 3)]))
    assert {first.port, second.port} == {"right", "bottom"}


def test_arrows_to_one_mark_share_their_track() -> None:
    routes = route(sheet([0, 1, 2, 3], [(1, 2), (2, 3), (3, 1), (4, 1)]))
    tracks = [arrow.points[-3].x for arrow in routes if arrow.target == 0]
    assert tracks[0] == tracks[1]
