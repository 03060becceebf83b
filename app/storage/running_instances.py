"""The running instances of a process, whatever their version: how many, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.storage import tables
from app.storage.process_instances import ACTIVE, SUSPENDED

_instance = tables.process_instance.c
_definition = tables.process_definition.c
_is_running = _instance.status.in_([ACTIVE, SUSPENDED])


@dataclass(frozen=True, slots=True)
class RunningInstance:
    """A running instance, without its variables and its people."""

    id: UUID
    process_definition_id: UUID
    #: of the definition
    key: str
    version: int
    fingerprint: str
    #: encoded by the engine
    state: bytes


def count(session: Session, key: str) -> int:
    """How many instances of a process are active or suspended."""
    query = select(func.count()).join_from(tables.process_instance, tables.process_definition)
    return session.scalar(query.where(_definition.key == key, _is_running)) or 0


def ids_on(session: Session, definition_id: UUID) -> list[UUID]:
    """The instances of one version that are active or suspended, the oldest first."""
    query = select(_instance.id).where(_instance.process_definition_id == definition_id, _is_running)
    return list(session.scalars(query.order_by(_instance.id)))


def newest(session: Session, key: str, limit: int) -> list[RunningInstance]:
    """The instances of a process that are active or suspended, the newest first."""
    query = (
        select(
            _instance.id,
            _instance.process_definition_id,
            _definition.key,
            _definition.version,
            _definition.fingerprint,
            _instance.state,
        )
        .join_from(tables.process_instance, tables.process_definition)
        .where(_definition.key == key, _is_running)
        .order_by(_instance.id.desc())
        .limit(limit)
    )
    return [RunningInstance(**row) for row in session.execute(query).mappings()]
