"""The life of a version: proposed, then approved or rejected; approved, then retired, and back; or deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, delete, func, select, union, update
from sqlalchemy.orm import Session

from app import permissions
from app.errors import Conflict, ProcessDefinitionNotApproved, ProcessDefinitionNotFound
from app.permissions import Actor, Operation
from app.storage import definition_history, process_definitions, streams, tables, tokens
from app.storage.process_definitions import APPROVED, ProcessDefinition
from app.storage.streams import NewEntry

_definition = tables.process_definition.c
_instance, _event = tables.process_instance.c, tables.event.c

_BY_ID = process_definitions.SELECT.where(_definition.id == bindparam("wanted"))
_NEWEST_APPROVED = (
    process_definitions.SELECT.where(_definition.key == bindparam("wanted"), _definition.status == APPROVED)
    .order_by(_definition.version.desc())
    .limit(1)
)
_LOCKED = _BY_ID.with_for_update(of=tables.process_definition)
# Whoever starts a version holds it against retirement and deletion, but keeps nobody else from starting it.
_HELD = _BY_ID.with_for_update(read=True, of=tables.process_definition)
_HELD_NEWEST_APPROVED = _NEWEST_APPROVED.with_for_update(read=True, of=tables.process_definition)

# One statement, lest an instance that migrates meanwhile is missed on both sides. The index holds this type of event
# alone, so the type must stand in the text of the query.
_MIGRATED: BindParameter[str] = bindparam(None, "process_instance_migrated", literal_execute=True)
_PINNED = select(_instance.id).where(_instance.process_definition_id == bindparam("wanted"))
_LEFT = select(_event.process_instance_id).where(
    _event.type == _MIGRATED, _event.payload["from"]["id"].as_string() == bindparam("named")
)
_COUNT_INSTANCES = select(func.count()).select_from(union(_PINNED, _LEFT).subquery())


@dataclass(frozen=True, slots=True)
class LockedDefinition:
    """A version that nobody else changes, deletes or starts until the transaction ends, and who asks, as they are."""

    version: ProcessDefinition
    actor: Actor


def lock(
    session: Session, definition_id: UUID, actor: Actor, operation: Operation, *, now: datetime
) -> LockedDefinition:
    """A version for a command on it; rights are judged as they are under the lock.

    Raises:
        ProcessDefinitionNotFound, Unauthenticated, Forbidden
    """
    version = _one(session, _LOCKED, definition_id)
    if version is None:
        raise ProcessDefinitionNotFound
    actor = tokens.renew(session, actor, now=now)
    permissions.require(operation, actor)
    return LockedDefinition(version, actor)


def hold_startable(session: Session, wanted: UUID | str) -> ProcessDefinition:
    """The version of this id, or the highest approved one of this key: instances may run on it, and nobody retires or
    deletes it until the transaction ends.

    Raises:
        ProcessDefinitionNotFound, ProcessDefinitionNotApproved
    """
    if isinstance(wanted, str):
        approved = _one(session, _HELD_NEWEST_APPROVED, wanted)
        return approved or hold_startable(session, process_definitions.newest(session, wanted).id)
    version = _one(session, _HELD, wanted)
    if version is None:
        raise ProcessDefinitionNotFound
    require(session, version, APPROVED, ProcessDefinitionNotApproved)
    return version


def require(session: Session, version: ProcessDefinition, status: str, refusal: type[Conflict]) -> None:
    """Refuse a command on a version that has another status, and say who brought that about, and when.

    Raises:
        Conflict: of the type given.
    """
    if version.status != status:
        raise refusal(definition_history.how_it_came(session, version))


def change(session: Session, version: ProcessDefinition, status: str, **review: Any) -> ProcessDefinition:
    """Give a locked version another status. Args: `review` the columns that an approval or a rejection writes."""
    changed = review | {"status": status}
    session.execute(update(tables.process_definition).where(_definition.id == version.id), changed)
    return replace(version, **changed)


def remove(session: Session, version: ProcessDefinition) -> None:
    """Delete a locked version on which nothing ever ran. Its forms go with it; its number is never given again."""
    session.execute(delete(tables.process_definition).where(_definition.id == version.id))


def count_instances(session: Session, version: ProcessDefinition) -> int:
    """How many instances run or ran on a version, with those that have left it: their history tells of it."""
    return session.scalars(_COUNT_INSTANCES, {"wanted": version.id, "named": str(version.id)}).one()


def tell(session: Session, locked: LockedDefinition, happened: str, reason: str | None, *, now: datetime) -> None:
    """Write down in the stream of administration what happened to a version: `approved`, `retired` …

    The stream stays locked until the transaction ends: so do it last.
    """
    version = locked.version
    entry = NewEntry(f"process_definition_{happened}", str(version.id), version.as_told | {"reason": reason})
    streams.append(session, "administration", [entry], actor=locked.actor, now=now)


def _one(session: Session, query: Select[Any], wanted: UUID | str) -> ProcessDefinition | None:
    row = session.execute(query, {"wanted": wanted}).mappings().one_or_none()
    return None if row is None else ProcessDefinition(**row)
