"""The event stream of each process instance: append-only, numbered without gaps, sealed one upon the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.permissions import Performer
from app.proof.seal import EVENT_FORMAT, StreamEnd, seal, told_of_event
from app.storage import keyset, tables
from app.storage.element_history import Term
from app.storage.event_figures import figures_of
from app.storage.event_search import EventFilter, conditions
from app.storage.user_tasks import UserTask

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
    #: id of the token by which the actor came
    channel: UUID | None
    request_id: str | None
    #: the version that the instance ran once this had happened
    process_definition_id: UUID
    version: int
    payload: Mapping[str, Any]
    #: as `app.storage.event_figures` has it
    decision: str | None
    waiting_seconds: int | None
    duration_seconds: int | None
    late: bool | None
    hash: bytes
    previous_hash: bytes


def task_event(type_: str, task: UserTask, **payload: Any) -> NewEvent:
    """An event that happened to a user task."""
    return NewEvent(type_, payload, task.element_id, task.name, task.round, task.id)


def stream_start(definition_fingerprint: str) -> StreamEnd:
    """The end of an empty stream: it hangs on the exact diagram and forms that the instance began with."""
    return StreamEnd(sequence=0, hash=bytes.fromhex(definition_fingerprint))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What all events of one command have in common."""

    performer: Performer
    now: datetime
    #: the version that the instance runs once the command is done
    process_definition_id: UUID
    version: int
    #: goes with the last event
    state_after: bytes | None


def append(
    session: Session,
    process_instance_id: UUID,
    end: StreamEnd,
    new_events: Sequence[NewEvent],
    circumstances: Circumstances,
) -> StreamEnd:
    """Write one command's events behind the end of the stream; the state goes with the last of them.

    Returns: the new end. The caller holds the lock on the instance, so nobody else appends meanwhile.
    """
    common = _common(process_instance_id, circumstances)
    rows = []
    for position, new in enumerate(new_events, start=1):
        state = circumstances.state_after if position == len(new_events) else None
        row = common | _row(new, circumstances.now) | {"sequence": end.sequence + 1, "state_after": state}
        sealed = seal(told_of_event(row), new.payload, end.hash)
        rows.append(row | {"payload_salt": sealed.payload_salt, "previous_hash": end.hash, "hash": sealed.hash})
        end = StreamEnd(row["sequence"], sealed.hash)
    session.execute(_INSERT, rows)
    return end


def _common(process_instance_id: UUID, circumstances: Circumstances) -> dict[str, Any]:
    performer = circumstances.performer
    return {
        "process_instance_id": process_instance_id,
        "occurred_at": circumstances.now,
        "actor": performer.username,
        "on_behalf_of": performer.on_behalf_of,
        "basis": performer.basis,
        "channel": performer.actor.token_id,
        "request_id": performer.actor.request_id,
        "process_definition_id": circumstances.process_definition_id,
        "version": circumstances.version,
        "payload_sha256": None,
        "state_sha256": None,
        "format": EVENT_FORMAT,
    }


def _row(new: NewEvent, now: datetime) -> dict[str, Any]:
    figures = figures_of(new.type, new.payload, now)
    return {
        "type": new.type,
        "element_id": new.element_id,
        "element_name": new.element_name,
        "round": new.round,
        "user_task_id": new.user_task_id,
        "payload": new.payload,
        "decision": figures.decision,
        "waiting_seconds": figures.waiting_seconds,
        "duration_seconds": figures.duration_seconds,
        "late": figures.late,
    }


#: how an event is proven, and where its instance stood then: not what it tells
_PROOF = {"payload_salt", "payload_sha256", "state_after", "state_sha256", "format"}
COLUMNS = [column for column in tables.event.c if column.name not in _PROOF]
_SORTABLE = {"sequence": tables.event.c.sequence}


def list_of_instance(
    session: Session, process_instance_id: UUID, page: keyset.Page, wanted: EventFilter
) -> keyset.Slice[Event]:
    """The events of one instance, oldest first unless the page says otherwise."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    of_it = tables.event.c.process_instance_id == process_instance_id
    query = select(*COLUMNS).where(of_it, *conditions(wanted, sqlite=sqlite))
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
    query = select(*COLUMNS).where(columns.process_instance_id == process_instance_id, columns.type == type_)
    if term is not None:
        within = columns.sequence.between(term.begins_after, term.ends_before)
        query = query.where(columns.element_id == term.element_id, within)
    if user_task_id is not None:
        query = query.where(columns.user_task_id == user_task_id)
    row = session.execute(query.order_by(columns.sequence.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else Event(**row)
