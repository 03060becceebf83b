"""Instances with a value that very many have, found in order of time: week by week, back from a moment.

An index leads from a value to all instances that have it, in no order, and to fetch and sort 200,000 of them takes half
a second. But the same index also knows the week in which an instance started, and that of its last event
(`tables.weeks_of`), and so finds those of one week that have the value. A page is filled from the latest week down,
each sorted by itself, until there is enough. Of the seasons, 13 weeks each, it is asked first whether they have any at
all: where a value was given up years ago, most have none.

Only PostgreSQL has such an index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    UnaryExpression,
    asc,
    desc,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import Session

from app.storage import json_search, tables, walks

#: Instances that are all fetched and sorted, in whichever weeks they are.
_FEW = 300
#: weeks
_SEASON = 13

_instance = tables.process_instance.c
_event = tables.event.c

#: the weeks and seasons that the index knows of each instance
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
        """The query for what is in these weeks, which is then to be put in the order of the moment, latest first."""
        if self.one_by_one is None:
            return query.where(self.condition)
        # Of rows ordered by the week first, whose weeks come in this order, PostgreSQL sorts one week after the other.
        return query.join(self.one_by_one, self.condition).order_by(self.one_by_one.c.week.desc())


class Calendar:
    """When instances that have some values, all of them, started and had their last events."""

    def __init__(self, session: Session, variables: Sequence[tuple[str, str]]) -> None:
        self._session = session
        self._has_all = [
            json_search.variable_is(_instance.variables, name, text, sqlite=False) for name, text in variables
        ]
        self._first, self._last = _span(session)

    def search(self, kind: Kind, after: datetime | None = None, before: datetime | None = None) -> Weeks:
        """Where those are found of which the one or the other was between two moments."""
        first = self._first if after is None else max(self._first, week(after))
        last = self._last if before is None else min(self._last, week(before))
        some = self._seasons(kind, desc, first, last).limit(_FEW + 1).subquery()
        found = select(func.count(), func.min(some.c.season), func.max(some.c.season))
        count, first_season, last_season = self._session.execute(found).one()
        if not count:
            return Weeks(false())
        if count <= _FEW:
            # Where these are all that there are, the weeks would only be one thing more to look up.
            is_all = (first, last) == (self._first, self._last)
            return Weeks(true() if is_all else _between(kind, max(first, first_season * _SEASON), last))
        last = min(last, last_season * _SEASON + _SEASON - 1)
        weeks = _numbers("week", first, last, desc)
        return Weeks(kind.contains(array([weeks.c.week])), weeks)

    def began_first(self) -> datetime | None:
        """A moment before which none of them started, but one did soon after; None: there are none."""
        season: int | None = self._session.scalar(self._seasons(STARTED, asc, self._first, self._last).limit(1))
        if season is None:
            return None
        return datetime.combine(tables.FIRST_WEEK + season * timedelta(weeks=_SEASON), time(), UTC)

    def at_work(self, moment: datetime) -> list[ColumnElement[bool]]:
        """That one started in the week of a moment or before it, and had its last event then or later."""
        then = week(moment)
        return [_between(STARTED, self._first, then), _between(LAST_EVENT, then, self._last)]

    def _seasons(
        self, kind: Kind, direction: Callable[[Any], UnaryExpression[Any]], first: int, last: int
    ) -> Select[Any]:
        """The season of each of them, in this order, found season by season."""
        seasons = _numbers("season", first // _SEASON, last // _SEASON, direction)
        season = seasons.c.season
        # The offset keeps PostgreSQL from fetching all that have the values, to be compared with every season.
        there = select(_instance.id).where(kind.contains(array([-season])), *self._has_all).offset(literal_column("0"))
        return select(season).join_from(seasons, there.lateral(), true()).order_by(direction(season))


def calendar(session: Session, variables: Sequence[tuple[str, str]]) -> Calendar | None:
    """That of the instances with these values; None: there are no values, or the database knows no weeks."""
    if not variables or session.get_bind().dialect.name == "sqlite":
        return None
    return Calendar(session, variables)


def week(moment: datetime) -> int:
    """As the index counts them."""
    return (moment.astimezone(UTC).date() - tables.FIRST_WEEK).days // 7


def _span(session: Session) -> tuple[int, int]:
    """The first and the last week of all that has happened."""
    first = select(func.min(_instance.started_at)).where(walks.ALL_INSTANCES)
    last = select(func.max(_event.occurred_at)).where(walks.ALL_EVENTS)
    began, ended = session.execute(select(first.scalar_subquery(), last.scalar_subquery())).one()
    return (1, 0) if began is None or ended is None else (week(began), week(ended))


def _between(kind: Kind, first: int, last: int) -> ColumnElement[bool]:
    """That it was in one of these weeks: of whole seasons where it can be, which are fewer."""
    found: list[int] = []
    while first <= last:
        is_whole = first % _SEASON == 0 and first + _SEASON - 1 <= last
        found.append(-(first // _SEASON) if is_whole else first)
        first += _SEASON if is_whole else 1
    return kind.op("&&", return_type=Boolean())(literal(found, ARRAY(Integer)))


def _numbers(name: str, first: int, last: int, direction: Callable[[Any], UnaryExpression[Any]]) -> Subquery:
    """From the first to the last, in this order."""
    number = func.generate_series(first, last).column_valued(name)
    return select(number.label(name)).order_by(direction(number)).subquery()
