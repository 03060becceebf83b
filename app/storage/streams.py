"""The streams of what belongs to no single instance: `administration` (people and what they may do) and `access`
(who read what). Append-only, numbered and sealed like the stream of an instance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.proof.seal import StreamEnd, seal, told_of_entry
from app.storage import tables

StreamName = Literal["administration", "access"]

_stream = tables.stream.c
_LOCK = select(tables.stream).where(_stream.name == bindparam("stream_name")).with_for_update()
_MOVE_END = update(tables.stream).where(_stream.name == bindparam("stream_name"))
_INSERT = insert(tables.stream_event)


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Something that happened, before it has its place in the stream."""

    type: str
    #: what it is about: a username, or the id of a thing
    subject: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    process_instance_id: UUID | None = None


def append(session: Session, stream: StreamName, entries: Sequence[NewEntry], *, actor: Actor, now: datetime) -> None:
    """Write entries behind the end of a stream, which is locked until the transaction ends: so do it last."""
    if not entries:
        return
    row = session.execute(_LOCK, {"stream_name": stream}).one()
    end = StreamEnd(row.last_sequence, row.last_hash)
    moment = now if row.last_event_at is None else max(now, row.last_event_at)
    rows = []
    for entry in entries:
        rows.append(_row(stream, end, entry, actor, moment))
        end = StreamEnd(rows[-1]["sequence"], rows[-1]["hash"])
    session.execute(_INSERT, rows)
    moved = {"last_sequence": end.sequence, "last_hash": end.hash, "last_event_at": moment}
    session.execute(_MOVE_END, moved | {"stream_name": stream})


def _row(stream: str, end: StreamEnd, entry: NewEntry, actor: Actor, moment: datetime) -> dict[str, Any]:
    row = {
        "stream": stream,
        "sequence": end.sequence + 1,
        "occurred_at": moment,
        "type": entry.type,
        "actor": actor.username,
        "channel": actor.token_id,
        "request_id": actor.request_id,
        "subject": entry.subject,
        "process_instance_id": entry.process_instance_id,
        "payload": entry.payload,
    }
    sealed = seal(told_of_entry(row), entry.payload, end.hash)
    return row | {"payload_salt": sealed.payload_salt, "previous_hash": end.hash, "hash": sealed.hash}
