"""What stands in the streams `administration` and `access`, for whoever asks who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from app.storage import keyset, tables
from app.storage.streams import StreamName

_entry = tables.stream_event.c
#: how an entry is proven: not what it tells
_PROOF = {"payload_salt", "payload_sha256"}
_COLUMNS = [column for column in tables.stream_event.c if column.name not in _PROOF]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a stream that belongs to no single instance."""

    stream: str
    sequence: int
    occurred_at: datetime
    type: str
    actor: str
    #: id of the token by which the actor came
    channel: UUID | None
    request_id: str | None
    #: what it is about: a username, or the id or path of a thing
    subject: str | None
    process_instance_id: UUID | None
    payload: Mapping[str, Any]
    hash: bytes
    previous_hash: bytes


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are wanted; what is None or empty does not matter, and all the rest must hold."""

    #: any of these
    types: tuple[str, ...] = ()
    actor: str | None = None
    subject: str | None = None
    process_instance_id: UUID | None = None
    #: later than this, earlier than that
    occurred_after: datetime | None = None
    occurred_before: datetime | None = None


def search(session: Session, stream: StreamName, page: keyset.Page, wanted: EntryFilter) -> keyset.Slice[Entry]:
    """Entries of one stream, oldest first unless the page says otherwise."""
    return keyset.fetch(
        session,
        select(*_COLUMNS).where(_entry.stream == stream, and_(True, *_conditions(wanted))),
        page,
        sortable={"sequence": _entry.sequence},
        default_sort="sequence",
        identity=_entry.sequence,
        build=lambda row: Entry(**row),
    )


def _conditions(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in ("actor", "subject", "process_instance_id"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(_entry[name] == value)
    if wanted.types:
        found.append(_entry.type.in_(wanted.types))
    if wanted.occurred_after is not None:
        found.append(_entry.occurred_at > wanted.occurred_after)
    if wanted.occurred_before is not None:
        found.append(_entry.occurred_at < wanted.occurred_before)
    return found
