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

from sqlalchemy import ColumnElement, func, literal_column, select, true
from sqlalchemy.orm import Session

from app.storage import tables, week_by_week

#: events that are asked for their instances, back from a moment, for each row wanted
_NEAR = 30
#: instances at work at a moment whose events are all fetched, to be sorted, for each row wanted
_AT_WORK = 1

_event = tables.event.c
_instance = tables.process_instance.c
#: the same, so that the database may walk along all events in order of time: see `event_pages`
_ALL_IN_TIME = _event.sequence >= literal_column("1")

#: what must hold of a row of `process_instance`
Meant = Sequence[ColumnElement[bool]]
#: (name, value as text), which are among it
Variables = Sequence[tuple[str, str]]


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


def at_work_last(
    session: Session, meant: Meant, before: datetime | None, rows: int, variables: Variables
) -> Sequence[UUID] | None:
    """Instances that have among them the newest events before a moment, so many; None: too many were at work then."""
    over, going_on = select(_instance.id).where(*meant), []
    if before is not None:
        over = over.where(_instance.last_event_at < before)
        asked = select(_instance.id).where(*meant, *_going_on(session, before, variables))
        going_on = list(session.scalars(asked.limit(_AT_WORK * rows + 1)))
    if len(going_on) > _AT_WORK * rows:
        return None
    latest = [_instance.last_event_at.desc(), _instance.id.desc()]
    if variables and not _is_sqlite(session):
        weeks = week_by_week.search(session, week_by_week.LAST_EVENT, variables, before=before)
        over = weeks.along(over).order_by(*([] if weeks.led_by is None else [weeks.led_by.desc()]))
    return [*going_on, *session.scalars(over.order_by(*latest).limit(rows))]


def _going_on(session: Session, moment: datetime, variables: Variables) -> list[ColumnElement[bool]]:
    """That an instance was at work at a moment."""
    known = [_instance.started_at <= moment, _instance.last_event_at >= moment]
    if not variables or _is_sqlite(session):
        return known
    return [*known, *week_by_week.around(session, moment)]


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
