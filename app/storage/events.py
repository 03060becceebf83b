"""The event stream of each process instance: append-only, numbered without gaps, sealed one upon the other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.permissions import Performer
from app.storage import keyset, tables
from app.storage.element_history import Term
from app.storage.seal import StreamEnd, as_sealed, seal

_INSERT = insert(tables.event)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened, before it has its place in the stream."""

    type: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    element_id: str | None = None
    element_name: str | None = None
    round: int | None = None
    user_task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stands in the stream."""

    process_instance_id: UUID
    sequence: int
    occurred_at: datetime
    type: str
    element_id: str | None
    element_name: str | None
    round: int | None
    user_task_id: UUID | None
    actor: str
    on_behalf_of: str | None
    basis: str | None
    payload: Mapping[str, Any]
    hash: bytes
    previous_hash: bytes


def stream_start(definition_fingerprint: str) -> StreamEnd:
    """The end of an empty stream: it hangs on the exact diagram and forms that the instance began with."""
    return StreamEnd(sequence=0, hash=bytes.fromhex(definition_fingerprint))


def append(
    session: Session,
    process_instance_id: UUID,
    end: StreamEnd,
    new_events: Sequence[NewEvent],
    *,
    performer: Performer,
    now: datetime,
    state_after: bytes | None,
) -> StreamEnd:
    """Write one command's events behind the end of the stream; the state goes with the last of them.

    Returns: the new end. The caller holds the lock on the instance, so nobody else appends meanwhile.
    """
    rows = []
    for position, new in enumerate(new_events, start=1):
        state = state_after if position == len(new_events) else None
        row = _row(process_instance_id, end, new, performer=performer, now=now, state_after=state)
        rows.append(row)
        end = StreamEnd(sequence=row["sequence"], hash=row["hash"])
    session.execute(_INSERT, rows)
    return end


def _row(
    process_instance_id: UUID,
    end: StreamEnd,
    new: NewEvent,
    *,
    performer: Performer,
    now: datetime,
    state_after: bytes | None,
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sequence": end.sequence + 1,
        "type": new.type,
        "element_id": new.element_id,
        "element_name": new.element_name,
        "round": new.round,
        "actor": performer.username,
        "on_behalf_of": performer.on_behalf_of,
        "basis": performer.basis,
    }
    in_json = {
        "process_instance_id": str(process_instance_id),
        "occurred_at": as_sealed(now),
        "user_task_id": None if new.user_task_id is None else str(new.user_task_id),
        "state_sha256": None if state_after is None else hashlib.sha256(state_after).hexdigest(),
    }
    sealed = seal(told | in_json, new.payload, end.hash)
    return told | {
        "process_instance_id": process_instance_id,
        "occurred_at": now,
        "user_task_id": new.user_task_id,
        "payload": new.payload,
        "payload_salt": sealed.payload_salt,
        "state_after": state_after,
        "previous_hash": end.hash,
        "hash": sealed.hash,
    }


_COLUMNS = [column for column in tables.event.c if column.name not in {"payload_salt", "state_after"}]
_SORTABLE = {"sequence": tables.event.c.sequence}


def list_of_instance(session: Session, process_instance_id: UUID, page: keyset.Page) -> keyset.Slice[Event]:
    """The events of one instance, oldest first unless the page says otherwise."""
    query = select(*_COLUMNS).where(tables.event.c.process_instance_id == process_instance_id)
    return keyset.fetch(
        session,
        query,
        page,
        sortable=_SORTABLE,
        default_sort="sequence",
        identity=tables.event.c.sequence,
        build=lambda row: Event(**row),
    )


def last(
    session: Session,
    process_instance_id: UUID,
    type_: str,
    *,
    term: Term | None = None,
    user_task_id: UUID | None = None,
) -> Event | None:
    """The newest event of a type in an instance, of one element or one user task where asked."""
    columns = tables.event.c
    query = select(*_COLUMNS).where(columns.process_instance_id == process_instance_id, columns.type == type_)
    if term is not None:
        within = columns.sequence.between(term.begins_after, term.ends_before)
        query = query.where(columns.element_id == term.element_id, within)
    if user_task_id is not None:
        query = query.where(columns.user_task_id == user_task_id)
    row = session.execute(query.order_by(columns.sequence.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Event(**row)
