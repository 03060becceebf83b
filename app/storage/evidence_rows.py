"""The events of one instance with all by which they are proven, and the versions that it ran: for its evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.storage import process_definitions, tables
from app.storage.process_definitions import ProcessDefinition

#: rows that are held at once: a payload may be a megabyte
_BATCH = 50

_event = tables.event.c


def of_instance(session: Session, process_instance_id: UUID) -> Iterator[Mapping[str, Any]]:
    """All columns of each event, oldest first, streamed."""
    query = select(tables.event).where(_event.process_instance_id == process_instance_id).order_by(_event.sequence)
    rows = session.execute(query, execution_options={"yield_per": _BATCH}).mappings()
    return (dict(row) for row in rows)


def versions_of(session: Session, process_instance_id: UUID) -> list[ProcessDefinition]:
    """The versions that an instance runs or ran, by their numbers."""
    ran = select(_event.process_definition_id).where(_event.process_instance_id == process_instance_id).distinct()
    found = [process_definitions.get(session, definition_id) for definition_id in session.scalars(ran).all()]
    return sorted(found, key=lambda version: version.version)
