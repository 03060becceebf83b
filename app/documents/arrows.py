"""The ways of the arrows through a flow table, whatever the size of its rows and columns.

Every arrow enters a mark from above and leaves it at a side or below, so that no way in meets a way out. Side to side
it runs in the row that it leaves, in which there is no other mark; up and down in a track beside the target's column
of marks, or, to the next row, straight down the middle. All arrows to one mark share their track.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from typing import Literal, NamedTuple

from app.engine.sop_sheet import Connector, SopSheet

Port = Literal["left", "right", "bottom"]
Side = Literal["left", "right"]

#: how much of a column's width lies to the left of its marks for tracks, and to the right
GUTTER = 0.18


class Level(IntEnum):
    """Heights within a row at which arrows run."""

    #: below its upper border, where arrows come in
    ENTRY = 0
    #: where the mark stands
    CENTER = 1
    #: above its lower border
    EXIT = 2


class Point(NamedTuple):
    """A corner of a way."""

    #: in columns of actors, from the left border of the first
    x: float
    #: index of the row, from 0
    row: int
    level: Level


@dataclass(frozen=True, slots=True)
class Route:
    """One arrow: from the middle of a mark to the middle of another, below the marks themselves."""

    points: tuple[Point, ...]
    #: where it leaves its mark
    port: Port
    label: str | None

    @property
    def source(self) -> int:
        """Index of the row that it leaves."""
        return self.points[0].row

    @property
    def target(self) -> int:
        """Index of the row that it enters."""
        return self.points[-1].row


class _Trunk(NamedTuple):
    """The track that all arrows to one mark share, on one side of its column."""

    column: int
    side: Side
    row: int


class _Planned(NamedTuple):
    connector: Connector
    port: Port
    #: None to the next row: straight down
    trunk: _Trunk | None


#: the side at which each exit leaves its mark
_Ports = Mapping[Connector, Port]


def route(sheet: SopSheet) -> tuple[Route, ...]:
    """The way of each connector of a sheet."""
    columns = [sheet.lanes.index(row.lane) for row in sheet.rows]
    ports: dict[Connector, Port] = {}
    for _, exits in groupby(sheet.connectors, key=lambda connector: connector.source):
        ports |= _ports(list(exits), columns)
    plans = [_Planned(connector, port, _trunk(connector, ports, columns)) for connector, port in ports.items()]
    tracks = _tracks(plan for plan in plans if plan.trunk is not None)
    return tuple(_way(plan, columns, tracks) for plan in plans)


def _ports(exits: Sequence[Connector], columns: Sequence[int]) -> _Ports:
    """The side at which each exit of one mark leaves it: towards its target, and where that is taken, below."""
    wishes = [(connector, _wish(connector, columns)) for connector in exits]
    chosen: dict[Connector, Port] = {}
    for connector, wish in sorted(wishes, key=lambda pair: pair[1] is None):
        order: Iterable[Port] = (wish, "bottom") if wish else ("right", "left", "bottom")
        free = (port for port in order if port not in chosen.values())
        chosen[connector] = next(free, wish or "right")
    return chosen


def _wish(connector: Connector, columns: Sequence[int]) -> Port | None:
    source, target = columns[connector.source - 1], columns[connector.target - 1]
    if source != target:
        return "left" if target < source else "right"
    return "bottom" if connector.target == connector.source + 1 else None


def _trunk(connector: Connector, ports: _Ports, columns: Sequence[int]) -> _Trunk | None:
    """The track beside the target's column, on the side it is come from unless the target's own way out is there."""
    if connector.target == connector.source + 1:
        return None
    source, target = columns[connector.source - 1], columns[connector.target - 1]
    near: Side = "left" if source < target or (source == target and ports[connector] == "left") else "right"
    far: Side = "right" if near == "left" else "left"
    left_at = {port for each, port in ports.items() if each.source == connector.target}
    side = far if near in left_at and far not in left_at and source != target else near
    return _Trunk(target, side, connector.target - 1)


def _tracks(plans: Iterable[_Planned]) -> Mapping[_Trunk, float]:
    """Where each trunk runs: trunks on one side of a column that pass the same row get tracks of their own."""
    spans: dict[_Trunk, tuple[int, int]] = {}
    for plan in plans:
        assert plan.trunk is not None  # noqa: S101 - asked by the caller
        ends = plan.connector.source - 1, plan.connector.target - 1
        first, last = spans.get(plan.trunk, ends)
        spans[plan.trunk] = min(first, *ends), max(last, *ends)
    places: dict[_Trunk, float] = {}
    by_gutter = sorted(spans, key=lambda trunk: (trunk.column, trunk.side, spans[trunk]))
    for (column, side), trunks in groupby(by_gutter, key=lambda trunk: (trunk.column, trunk.side)):
        tracks = _packed([(trunk, spans[trunk]) for trunk in trunks])
        for track, members in enumerate(tracks, start=1):
            inward = GUTTER * track / (len(tracks) + 1)
            places |= dict.fromkeys(members, column + inward if side == "left" else column + 1 - inward)
    return places


def _packed(trunks: Iterable[tuple[_Trunk, tuple[int, int]]]) -> list[list[_Trunk]]:
    """As few tracks as can hold spans of rows, given by their first row, without two in one place."""
    tracks: list[list[_Trunk]] = []
    ends: list[int] = []
    for trunk, (first, last) in trunks:
        free = next((index for index, end in enumerate(ends) if end < first), None)
        if free is None:
            tracks.append([trunk])
            ends.append(last)
        else:
            tracks[free].append(trunk)
            ends[free] = last
    return tracks


def _way(plan: _Planned, columns: Sequence[int], tracks: Mapping[_Trunk, float]) -> Route:
    source, target = plan.connector.source - 1, plan.connector.target - 1
    start, end = columns[source] + 0.5, columns[target] + 0.5
    leaving = Level.EXIT if plan.port == "bottom" else Level.CENTER
    down = end if plan.trunk is None else tracks[plan.trunk]
    corners = [
        Point(start, source, Level.CENTER),
        Point(start, source, leaving),
        Point(down, source, leaving),
        Point(down, target, Level.ENTRY),
        Point(end, target, Level.ENTRY),
        Point(end, target, Level.CENTER),
    ]
    return Route(tuple(_without_repeats(corners)), plan.port, plan.connector.label)


def _without_repeats(points: Iterable[Point]) -> Iterator[Point]:
    return (point for point, _ in groupby(points))
