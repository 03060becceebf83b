"""The events of all instances one after the other, for exports: read as they are sent, never all at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.storage import event_search, tables
from app.storage.event_search import EventFilter
from app.storage.events import COLUMNS, Event

T = TypeVar("T")

#: Rows that are held at once: as few as do not slow it down, for a row can be as large as what somebody sent.
_ROWS = 100
#: of rows without a payload
_NARROW_ROWS = 1000

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
#: what a survey goes by
_SURVEYED = (
    *(_event.type, _event.element_id, _event.element_name, _event.actor, _event.on_behalf_of),
    *(_event.process_definition_id, _event.version),
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


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is among events, each once: as little as an office has people, and a process elements."""

    #: type, and id and name of the element
    activities: frozenset[tuple[str, str | None, str | None]]
    #: who acted, or in whose name it was done
    usernames: frozenset[str]
    #: id and number of the versions that the instances ran
    versions: frozenset[tuple[UUID, int]]


def survey(session: Session, wanted: EventFilter) -> Survey:
    """What there is among the events that are wanted.

    Read through like the events themselves: no database brings together that many within the time of one statement.
    """
    query = select(*_SURVEYED).where(*_conditions(session, wanted))
    activities: set[tuple[str, str | None, str | None]] = set()
    usernames: set[str] = set()
    versions: set[tuple[UUID, int]] = set()
    for type_, id_, name, actor, principal, definition_id, version in session.execute(
        query.execution_options(yield_per=_NARROW_ROWS)
    ):
        activities.add((type_, id_, name))
        usernames.update(person for person in (actor, principal) if person is not None)
        versions.add((definition_id, version))
    return Survey(frozenset(activities), frozenset(usernames), frozenset(versions))


def persons(session: Session, usernames: Collection[str], build: Callable[..., T]) -> Iterator[T]:
    """People by their names, in order: username, and position and unit as they are now."""
    query = select(_account.username, _position.name.label("position"), _position.unit)
    rows = session.execute(query.outerjoin_from(tables.user_account, tables.position)).mappings()
    known = {row["username"]: row for row in rows if row["username"] in usernames}
    return (
        build(**known.get(name) or {"username": name, "position": None, "unit": None}) for name in sorted(usernames)
    )


def definitions(session: Session, versions: Collection[tuple[UUID, int]], build: Callable[..., T]) -> Iterator[T]:
    """Versions in the order of their ids: id, version, key, name, sha256; of a deleted one only the first two."""
    query = select(_definition.id, _definition.version, _definition.key, _definition.name, _definition.sha256)
    known = {row["id"]: row for row in session.execute(query).mappings()}
    for id_, version in sorted(versions):
        yield build(**known.get(id_) or {"id": id_, "version": version, "key": None, "name": None, "sha256": None})


def _conditions(session: Session, wanted: EventFilter) -> list[ColumnElement[bool]]:
    return event_search.conditions(wanted, sqlite=session.get_bind().dialect.name == "sqlite")
