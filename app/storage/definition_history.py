"""What happened to a version of a process: its entries in the stream of administration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.storage import keyset, tables
from app.storage.moments import rfc3339
from app.storage.process_definitions import ProcessDefinition

_PREFIX = "process_definition_"
_entry = tables.stream_event.c


@dataclass(frozen=True, slots=True)
class DefinitionEvent:
    """One thing that happened to a version."""

    #: of the whole stream, so with gaps here
    sequence: int
    occurred_at: datetime
    #: process_definition_proposed, _approved, _rejected, _retired, _reinstated or _deleted
    type: str
    actor: str
    payload: Mapping[str, Any]


def search(session: Session, definition_id: UUID, page: keyset.Page) -> keyset.Slice[DefinitionEvent]:
    """What happened to a version, also to one that was deleted, oldest first unless the page says otherwise."""
    return keyset.fetch(
        session,
        _about(definition_id),
        page,
        sortable={"sequence": _entry.sequence},
        default_sort="sequence",
        identity=_entry.sequence,
        build=lambda row: DefinitionEvent(**row),
    )


def how_it_came(session: Session, version: ProcessDefinition) -> str:
    """A sentence on the status of a version: who brought it about, and when, unless that was never written down."""
    last = _about(version.id).order_by(_entry.sequence.desc()).limit(1)
    row = session.execute(last).one_or_none()
    if row is None:
        return f"{version.title} is {version.status}."
    return f"{version.title} was {row.type.removeprefix(_PREFIX)} by {row.actor} at {rfc3339(row.occurred_at)}."


def _about(definition_id: UUID) -> Select[Any]:
    return select(_entry.sequence, _entry.occurred_at, _entry.type, _entry.actor, _entry.payload).where(
        _entry.stream == "administration",
        _entry.subject == str(definition_id),
        _entry.type.startswith(_PREFIX, autoescape=True),
    )
