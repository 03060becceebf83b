"""Events of instances that have in common what no event tells, such as a value, where very many have it.

An index leads from a value to instances, and from an instance to its events, but not to the newest events of 200,000
instances. They are looked for where they are near: a few thousand events back, each asked for its instance. If these
hold no page, only few of those instances were at work then; and the newest events of many instances are found among
the instances that were at work last: each of the first 51 has an event that is newer than all events of the 52nd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from app.storage import tables, walks, week_by_week
from app.storage.week_by_week import Calendar

#: events that are asked for their instances, back from a moment, for each row wanted
_NEAR = 30

_event = tables.event.c
_instance = tables.process_instance.c

#: what must hold of a row of `process_instance`
Meant = Sequence[ColumnElement[bool]]


def is_of(meant: Meant) -> ColumnElement[bool]:
    """That the event's instance is meant, asked event by event."""
    # As a scalar, which PostgreSQL does not turn into a join that begins with all instances meant.
    of_it = select(true()).where(_instance.id == _event.process_instance_id, *meant)
    return of_it.correlate(tables.event).scalar_subquery()


def nearest(session: Session, before: datetime | None, rows: int) -> datetime | None:
    """How far back from a moment, or from now, so many are to be looked for; None: there are few events in all."""
    earlier = select(_event.occurred_at).where(walks.ALL_EVENTS)
    if before is not None:
        earlier = earlier.where(_event.occurred_at <= before)
    return session.scalar(earlier.order_by(_event.occurred_at.desc()).offset(_NEAR * rows).limit(1))


def began_first(session: Session, meant: Meant, calendar: Calendar | None) -> datetime | None:
    """Before which none of the instances had an event; None: there are no such instances."""
    if calendar is not None:
        return calendar.began_first()
    first: datetime | None = session.scalar(select(func.min(_instance.started_at)).where(*meant))
    return first


@dataclass(frozen=True, slots=True)
class AtWorkLast:
    """Instances that have the newest events before a moment."""

    ids: Sequence[UUID]
    #: Whatever happened later, in any instance that is meant, happened in these; None: so did all else.
    since: datetime | None


def at_work_last(
    session: Session, meant: Meant, before: datetime | None, events: int, calendar: Calendar | None
) -> AtWorkLast | None:
    """Instances that have among them so many events, the newest before a moment; None: too many were at work then.

    Args: `calendar` is that of the values that all of them have.
    """
    over = select(_instance.id, _instance.last_event_at).where(*meant)
    going_on: Sequence[UUID] = []
    if before is not None:
        at_work = select(_instance.id).where(*meant, *_at_work(before, calendar))
        # In an order, lest PostgreSQL looks for so few through all that there are.
        going_on = session.scalars(at_work.order_by(_instance.started_at).limit(events + 1)).all()
        if len(going_on) > events:
            return None
        over = over.where(_instance.last_event_at < before)
    if calendar is not None:
        over = calendar.search(week_by_week.LAST_EVENT, before=before).along(over)
    last = session.execute(over.order_by(_instance.last_event_at.desc(), _instance.id.desc()).limit(events)).all()
    return AtWorkLast([*going_on, *(each.id for each in last)], last[-1].last_event_at if len(last) == events else None)


def _at_work(moment: datetime, calendar: Calendar | None) -> list[ColumnElement[bool]]:
    """That an instance had started at a moment, and had an event then or later."""
    known = [_instance.started_at <= moment, _instance.last_event_at >= moment]
    return known if calendar is None else [*known, *calendar.at_work(moment)]
