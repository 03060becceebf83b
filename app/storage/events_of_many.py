"""Events of instances that have in common what no event tells, such as a value, where very many have it.

An index leads from a value to instances, and from an instance to its events, but not to the newest events of 200,000
instances. They are looked for where they are near: a few thousand events back, each asked for its instance. If these
hold no page, only few of those instances were at work then; and the newest events of many instances are found among
the instances that were at work last: each of the first 51 has an event that is newer than all events of the 52nd.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, literal_column, select, true
from sqlalchemy.orm import Session

from app.storage import tables

#: events that are asked for their instances, back from a moment, for each row wanted
_NEAR = 30
#: instances whose events are all fetched, to be sorted, for each row wanted
_AT_WORK = 2

_event = tables.event.c
_instance = tables.process_instance.c
#: the same, so that the database may walk along all events in order of time: see `event_pages`
_ALL_IN_TIME = _event.sequence >= literal_column("1")

#: what must hold of a row of `process_instance`
Meant = Sequence[ColumnElement[bool]]


def is_of(meant: Meant) -> ColumnElement[bool]:
    """That the event's instance is meant, asked event by event."""
    # As a scalar, which PostgreSQL does not turn into a join that begins with all instances meant.
    of_it = select(true()).where(_instance.id == _event.process_instance_id, *meant)
    return of_it.correlate(tables.event).scalar_subquery()


def nearest(session: Session, before: datetime | None, rows: int) -> datetime | None:
    """How far back from a moment, or from now, so many are to be looked for; None: there are few events in all."""
    earlier = select(_event.occurred_at).where(_ALL_IN_TIME)
    if before is not None:
        earlier = earlier.where(_event.occurred_at <= before)
    return session.scalar(earlier.order_by(_event.occurred_at.desc()).offset(_NEAR * rows).limit(1))


def lifetime(session: Session, meant: Meant) -> list[ColumnElement[bool]]:
    """When any of the instances was there to have events, as conditions."""
    asked = select(func.min(_instance.started_at), func.max(_instance.last_event_at)).where(*meant)
    first, last = session.execute(asked).one()
    return [_event.occurred_at >= first, _event.occurred_at <= last]


def at_work_last(session: Session, meant: Meant, before: datetime | None, rows: int) -> Sequence[UUID] | None:
    """Instances that have among them the newest events before a moment, so many; None: too many were at work then."""
    end: ColumnElement[datetime] = _instance.last_event_at
    asked = select(_instance.id, _instance.last_event_at).where(*meant)
    if before is not None:
        end = case((_instance.last_event_at < before, _instance.last_event_at), else_=literal(before, end.type))
        asked = asked.where(_instance.started_at <= before)
    found = session.execute(asked.order_by(end.desc(), _instance.id.desc()).limit(_AT_WORK * rows)).all()
    over = sum(before is None or each.last_event_at < before for each in found)
    return [each.id for each in found] if len(found) < _AT_WORK * rows or over >= rows else None
