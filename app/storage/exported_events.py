"""The events of all instances one after the other, for exports: read as they are sent, never all at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select, union
from sqlalchemy.orm import Session

from app.storage import event_search, tables
from app.storage.event_search import EventFilter
from app.storage.events import COLUMNS, Event

T = TypeVar("T")

#: Rows that are held at once: as few as do not slow it down, for a row can be as large as what somebody sent.
_ROWS = 100

_event = tables.event.c
_instance = tables.process_instance.c
_definition = tables.process_definition.c
_task = tables.user_task.c
_account = tables.user_account.c
_position = tables.position.c

_ORDER = (_event.process_instance_id, _event.sequence)
#: what is told of the instance, the user task and the actor beside each event
_BESIDE = (
    _instance.business_key,
    _instance.status,
    _instance.started_by,
    _instance.started_at,
    _definition.key.label("process_definition_key"),
    _definition.version.label("newest_version"),
    _task.role,
    _position.name.label("position"),
    _position.unit,
)
_SELECT: Select[Any] = (
    select(*COLUMNS, *_BESIDE)
    .join_from(tables.event, tables.process_instance, _event.process_instance_id == _instance.id)
    .join(tables.process_definition, _instance.process_definition_id == _definition.id)
    .outerjoin(
        tables.user_task,
        (_task.process_instance_id == _event.process_instance_id) & (_task.id == _event.user_task_id),
    )
    .outerjoin(tables.user_account, _account.username == _event.actor)
    .outerjoin(tables.position, _position.id == _account.position_id)
    .order_by(*_ORDER)
)


def stream(session: Session, wanted: EventFilter) -> Iterator[Event]:
    """The events that are wanted, those of one instance together and in their order."""
    query = select(*COLUMNS).where(*_conditions(session, wanted)).order_by(*_ORDER)
    return (Event(**row) for row in session.execute(query.execution_options(yield_per=_ROWS)).mappings())


def stream_with_surroundings(
    session: Session, wanted: EventFilter, types: Collection[str], build: Callable[..., T]
) -> Iterator[T]:
    """The same, each with what is known of its instance, its user task and its actor.

    Args: `types` which of them; empty: all. `build` makes one of an event's values by their names, and of those beside
        it: business_key, status, started_by, started_at, process_definition_key and newest_version of the instance,
        role of the user task, position and unit of the actor.
    """
    query = _SELECT.where(*_conditions(session, wanted))
    if types:
        query = query.where(_event.type.in_(types))
    return (build(**row) for row in session.execute(query.execution_options(yield_per=_ROWS)).mappings())


def payloads(
    session: Session, wanted: EventFilter, types: Collection[str]
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """When the wanted events of some types happened, and what they tell; in no order."""
    query = select(_event.occurred_at, _event.payload).where(*_conditions(session, wanted), _event.type.in_(types))
    for row in session.execute(query.execution_options(yield_per=_ROWS)):
        yield row.occurred_at, row.payload


def activities(session: Session, wanted: EventFilter) -> list[tuple[str, str | None, str | None]]:
    """Every type among the wanted events, with the id and the name of the element."""
    query = select(_event.type, _event.element_id, _event.element_name).where(*_conditions(session, wanted)).distinct()
    return [(row.type, row.element_id, row.element_name) for row in session.execute(query)]


def persons(session: Session, wanted: EventFilter, build: Callable[..., T]) -> Iterator[T]:
    """Everybody who acted, or in whose name it was done: username, and position and unit as they are now."""
    conditions = _conditions(session, wanted)
    names = union(
        select(_event.actor.label("username")).where(*conditions),
        select(_event.on_behalf_of).where(*conditions, _event.on_behalf_of.is_not(None)),
    ).subquery()
    query = (
        select(names.c.username, _position.name.label("position"), _position.unit)
        .outerjoin_from(names, tables.user_account, _account.username == names.c.username)
        .outerjoin(tables.position, _position.id == _account.position_id)
        .order_by(names.c.username)
    )
    return (build(**row) for row in session.execute(query.execution_options(yield_per=_ROWS)).mappings())


def definitions(session: Session, wanted: EventFilter, build: Callable[..., T]) -> Iterator[T]:
    """Every version that the instances ran: id, key, version, name, sha256; of a deleted one only its id and number."""
    told = (
        select(_event.process_definition_id, _event.version).where(*_conditions(session, wanted)).distinct().subquery()
    )
    query = (
        select(
            told.c.process_definition_id.label("id"),
            _definition.key,
            told.c.version,
            _definition.name,
            _definition.sha256,
        )
        .outerjoin_from(told, tables.process_definition, _definition.id == told.c.process_definition_id)
        .order_by(told.c.process_definition_id)
    )
    return (build(**row) for row in session.execute(query.execution_options(yield_per=_ROWS)).mappings())


def _conditions(session: Session, wanted: EventFilter) -> list[ColumnElement[bool]]:
    return event_search.conditions(wanted, sqlite=session.get_bind().dialect.name == "sqlite")
