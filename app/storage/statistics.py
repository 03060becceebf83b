"""Counts, means and percentiles of what was completed in a period, made by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Select, case, cast, func, literal_column, null, select, text
from sqlalchemy.orm import Session

from app.storage import tables
from app.storage.aggregates import month_of, percentile_cont

#: groups that are told; nobody reads more of them
MAX_GROUPS = 5_000
#: The completions of a year are more than PostgreSQL sorts in memory by default; on disk it takes twice as long. Only
#: the sort of all of them needs so much: each group is small.
_SORT_IN_MEMORY = text("SET LOCAL work_mem = '64MB'")

_event = tables.event.c
_definition = tables.process_definition.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of what statistics are wanted; what is None does not matter."""

    occurred_after: datetime
    occurred_before: datetime
    process_definition_key: str | None = None
    version: int | None = None
    element_id: str | None = None
    #: whether each month is told by itself
    per_month: bool = False


@dataclass(frozen=True, slots=True)
class ElementFigures:
    """The completions of a user task in one version, in all or in a month. Times in seconds."""

    process_definition_id: UUID
    element_id: str
    #: such as 2026-07; None: in all
    month: str | None
    count: int
    #: from the opening until somebody took it
    waiting_median: float | None
    waiting_p90: float | None
    #: from then on until its completion
    working_median: float | None
    working_p90: float | None
    total_median: float | None
    total_p90: float | None
    #: of those with a standard time that is a limit
    limited: int
    late: int
    #: the highest round that an instance completed
    rounds_mean: float
    rounds_median: float
    rounds_max: int


@dataclass(frozen=True, slots=True)
class InstanceFigures:
    """The instances of one version, in all or in a month. Times in seconds."""

    process_definition_id: UUID
    month: str | None
    started: int
    completed: int
    cancelled: int
    failed: int
    #: of those completed
    duration_median: float | None
    duration_p90: float | None


def of_elements(session: Session, wanted: Wanted) -> list[ElementFigures]:
    """By version, element and month; one group more than `MAX_GROUPS` where there are more."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_SORT_IN_MEMORY)
    group = [_event.process_definition_id, _event.element_id, _month(wanted)]
    working = _event.duration_seconds - _event.waiting_seconds
    asked = _within(wanted, ["user_task_completed"])
    if wanted.element_id is not None:
        asked.append(_event.element_id == wanted.element_id)
    times = select(
        *group,
        func.count().label("count"),
        *_spread("waiting", _event.waiting_seconds),
        *_spread("working", working),
        *_spread("total", _event.duration_seconds),
        func.count(_event.late).label("limited"),
        _count_where(_event.late).label("late"),
    )
    figures = times.where(*asked).group_by(*_grouped(group)).subquery()
    rounds = _rounds(group, asked).subquery()
    same = [figures.c[name].is_not_distinct_from(rounds.c[name]) for name in ("month",)]
    same += [figures.c[name] == rounds.c[name] for name in ("process_definition_id", "element_id")]
    told = [rounds.c[name] for name in ("rounds_mean", "rounds_median", "rounds_max")]
    query = select(figures, *told).join_from(figures, rounds, same[0] & same[1] & same[2])
    order = (figures.c.process_definition_id, figures.c.element_id, figures.c.month)
    rows = session.execute(query.order_by(*order).limit(MAX_GROUPS + 1)).mappings()
    return [ElementFigures(**row) for row in rows]


def of_instances(session: Session, wanted: Wanted) -> list[InstanceFigures]:
    """By version and month; one group more than `MAX_GROUPS` where there are more."""
    group = [_event.process_definition_id, _month(wanted)]
    types = {name: f"process_instance_{name}" for name in ("started", "completed", "cancelled", "failed")}
    taken = case((_event.type == types["completed"], _event.duration_seconds))
    query = select(
        *group,
        *(_count_where(_event.type == type_).label(name) for name, type_ in types.items()),
        *_spread("duration", taken),
    )
    query = query.where(*_within(wanted, [*types.values()])).group_by(*_grouped(group)).order_by(*_grouped(group))
    return [InstanceFigures(**row) for row in session.execute(query.limit(MAX_GROUPS + 1)).mappings()]


def _rounds(group: list[ColumnElement[Any]], asked: list[ColumnElement[bool]]) -> Select[Any]:
    """How often instances came to the elements."""
    each = select(*group, func.max(_event.round).label("rounds")).where(*asked)
    by_instance = each.group_by(*_grouped(group), _event.process_instance_id).subquery()
    groups = [by_instance.c[column.name] for column in group]
    return select(
        *groups,
        cast(func.avg(by_instance.c.rounds), Float).label("rounds_mean"),
        percentile_cont(literal_column("0.5"), by_instance.c.rounds).label("rounds_median"),
        func.max(by_instance.c.rounds).label("rounds_max"),
    ).group_by(*groups)


def _month(wanted: Wanted) -> ColumnElement[Any]:
    return (month_of(_event.occurred_at) if wanted.per_month else null()).label("month")


def _grouped(group: list[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """By the names of what is selected: a constant cannot be grouped by."""
    return [literal_column(column.name) for column in group]


def _spread(name: str, column: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    shares = {"median": "0.5", "p90": "0.9"}
    return [percentile_cont(literal_column(s), column).label(f"{name}_{part}") for part, s in shares.items()]


def _count_where(condition: ColumnElement[Any]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _within(wanted: Wanted, types: list[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        _event.type.in_(types),
        _event.occurred_at > wanted.occurred_after,
        _event.occurred_at < wanted.occurred_before,
    ]
    if wanted.process_definition_key is not None:
        of_key = select(_definition.id).where(_definition.key == wanted.process_definition_key)
        found.append(_event.process_definition_id.in_(of_key))
    if wanted.version is not None:
        found.append(_event.version == wanted.version)
    return found
