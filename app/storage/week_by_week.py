"""Instances with a value that very many have, found in order of time: week by week, back from a moment.

An index leads from a value to all instances that have it, in no order, and to fetch and sort 200,000 of them takes half
a second. But the same index also knows the week in which an instance started, and that of its last event
(`tables.weeks_of`), and so finds those of one week that have the value. A page is filled from the latest week down, each
sorted by itself, until there is enough. Of the seasons, 13 weeks each, it is asked first whether they have any at all:
where a value was given up years ago, most have none.

Only PostgreSQL has such an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, Select, Subquery, false, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session

from app.storage import json_search, tables

#: Instances that are all fetched and sorted, in whichever weeks they are.
_FEW = 2_000
_WEEKS_OF_A_SEASON = 13

_instance = tables.process_instance.c
_event = tables.event.c

#: The weeks and seasons that the index knows of each instance.
Kind = ColumnElement[Any]
STARTED: Kind = literal_column(tables.weeks_of("process_instance.started_at"), ARRAY(Integer))
LAST_EVENT: Kind = literal_column(tables.weeks_of("process_instance.last_event_at"), ARRAY(Integer))


@dataclass(frozen=True, slots=True)
class Weeks:
    """In which weeks instances with some values are to be looked for."""

    #: that an instance is in one of them
    condition: ColumnElement[bool]
    #: which the condition speaks of, if they are not all looked into at once
    one_by_one: Subquery | None = None

    def along(self, query: Select[Any]) -> Select[Any]:
        """The query for what is in these weeks."""
        return query.where(self.condition) if self.one_by_one is None else query.join(self.one_by_one, self.condition)

    @property
    def led_by(self) -> ColumnElement[int] | None:
        """By what the rows must be ordered first, latest first, to be found week by week; None: by nothing."""
        return None if self.one_by_one is None else self.one_by_one.c.week


def search(
    session: Session,
    kind: Kind,
    variables: Sequence[tuple[str, str]],
    after: datetime | None = None,
    before: datetime | None = None,
) -> Weeks:
    """Where instances with these values, all of them, are found between two moments of the kind."""
    first, last = _span(session, after, before)
    seasons = _downwards("season", first // _WEEKS_OF_A_SEASON, last // _WEEKS_OF_A_SEASON)
    season = seasons.c.season
    some = (
        select(season)
        .join_from(seasons, tables.process_instance, kind.contains(array([-season])))
        .where(*values(variables))
        .order_by(season.desc())
        .limit(_FEW + 1)
        .subquery()
    )
    found = select(func.count(), func.min(some.c.season), func.max(some.c.season))
    count, first_season, last_season = session.execute(found).one()
    if not count:
        return Weeks(false())
    last = min(last, (last_season + 1) * _WEEKS_OF_A_SEASON - 1)
    if count <= _FEW:
        return Weeks(between(kind, max(first, first_season * _WEEKS_OF_A_SEASON), last))
    weeks = _downwards("week", first, last)
    return Weeks(kind.contains(array([weeks.c.week])), weeks)


def values(variables: Sequence[tuple[str, str]]) -> list[ColumnElement[bool]]:
    """That an instance has all of these, in the words of the index."""
    return [json_search.variable_is(_instance.variables, name, text, sqlite=False) for name, text in variables]


def around(session: Session, moment: datetime) -> list[ColumnElement[bool]]:
    """That an instance began in the week of a moment or before, and had its last event then or later."""
    first, last = _span(session, None, None)
    return [between(STARTED, first, week(moment)), between(LAST_EVENT, week(moment), last)]


def between(kind: Kind, first: int, last: int) -> ColumnElement[bool]:
    """That the moment is in one of these weeks: of whole seasons where it can be, which are fewer."""
    found: list[int] = []
    while first <= last:
        is_whole = first % _WEEKS_OF_A_SEASON == 0 and first + _WEEKS_OF_A_SEASON - 1 <= last
        found.append(-(first // _WEEKS_OF_A_SEASON) if is_whole else first)
        first += _WEEKS_OF_A_SEASON if is_whole else 1
    return kind.op("&&", return_type=Boolean())(literal(found, ARRAY(Integer)))


def week(moment: datetime) -> int:
    """As the index counts them."""
    return (moment.astimezone(UTC).date() - tables.FIRST_WEEK).days // 7


def _span(session: Session, after: datetime | None, before: datetime | None) -> tuple[int, int]:
    """The first and the last week in which there can be any."""
    # The conditions hold of all, and let both be found in an index on time: see `tables`.
    first = select(func.min(_instance.started_at)).where(_instance.last_sequence >= literal_column("1"))
    last = select(func.max(_event.occurred_at)).where(_event.sequence >= literal_column("1"))
    there = session.execute(select(first.scalar_subquery(), last.scalar_subquery())).one()
    if there[0] is None or there[1] is None:
        return 1, 0
    return week(max(there[0], after or there[0])), week(min(there[1], before or there[1]))


def _downwards(name: str, first: int, last: int) -> Subquery:
    number = func.generate_series(first, last).column_valued(name)
    return select(number.label(name)).order_by(number.desc()).subquery()
