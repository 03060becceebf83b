"""What holds for every process instance whatever happened to it, read from the tables without the service's help."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

import rfc8785
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from app.engine import codec
from app.storage import event_types, process_definitions, process_instances, tables
from app.storage.database import Database
from app.storage.event_types import EventType
from app.storage.process_instances import ProcessInstance

_SEALED_AS_IS = (
    *("type", "element_id", "element_name", "round", "actor", "on_behalf_of", "basis", "sequence"),
    *("request_id", "version"),
)


def check_every_instance(database: Database) -> int:
    """Assert the invariants of all instances; gives how many there are."""
    with database.reading() as session:
        ids = session.scalars(select(tables.process_instance.c.id)).all()
    for instance_id in ids:
        check_instance(database, instance_id)
    return len(ids)


def check_instance(database: Database, instance_id: UUID | str) -> None:
    """Assert that state, tasks, events and variables of one instance tell the same story."""
    with database.reading() as session:
        instance = process_instances.get(session, UUID(str(instance_id)))
        events = _rows(session, tables.event, instance.id, tables.event.c.sequence)
        tasks = _rows(session, tables.user_task, instance.id, tables.user_task.c.created_at)
        ready = _ready_in_state(session, instance)
    _check_open_tasks(instance, tasks, ready)
    _check_stream(instance, events)
    _check_chain(instance, events)
    _check_events_of_tasks(events, tasks)
    _check_variables(instance, events)
    for event in events:
        check_payload(event, event_types.OF_INSTANCES)


def events_of(database: Database, instance_id: UUID | str) -> Sequence[RowMapping]:
    """The rows of an instance's stream, in order."""
    with database.reading() as session:
        return _rows(session, tables.event, UUID(str(instance_id)), tables.event.c.sequence)


def _rows(session: Session, table: Any, instance_id: UUID, order: Any) -> Sequence[RowMapping]:
    query = select(table).where(table.c.process_instance_id == instance_id).order_by(order)
    return session.execute(query).mappings().all()


def _ready_in_state(session: Session, instance: ProcessInstance) -> set[tuple[UUID, str]]:
    definition = process_definitions.parsed(session, instance)
    ready = codec.decode(definition, instance.state).get_tasks(state=TaskState.READY)
    return {(task.id, task.task_spec.bpmn_id) for task in ready if task.task_spec.manual}


def _check_open_tasks(instance: ProcessInstance, tasks: Sequence[RowMapping], ready: set[tuple[UUID, str]]) -> None:
    open_tasks = {(task["element_task_id"], task["element_id"]) for task in tasks if task["state"] == "open"}
    if instance.status == "cancelled":
        # The state stays as it was when the instance was cancelled.
        assert open_tasks == set()
    else:
        assert open_tasks == ready
    assert (instance.status in {"active", "suspended"}) == bool(open_tasks), "the SOP always waits for somebody"
    assert (instance.ended_at is None) == (instance.status in {"active", "suspended"})


def _check_stream(instance: ProcessInstance, events: Sequence[RowMapping]) -> None:
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert instance.last_sequence == len(events)
    assert all(event["actor"] for event in events)
    moments = [event["occurred_at"] for event in events]
    assert moments == sorted(moments), "time runs backwards"
    assert instance.last_event_at == moments[-1]
    states = [event["state_after"] for event in events if event["state_after"] is not None]
    assert states[-1] == instance.state


def _check_chain(instance: ProcessInstance, events: Sequence[RowMapping]) -> None:
    """As `app.storage.events` describes it: each hash covers the event, the digests and the hash before."""
    left = [event["payload"]["from"]["fingerprint"] for event in events if event["type"] == "process_instance_migrated"]
    previous = bytes.fromhex((left or [instance.fingerprint])[0])
    for event in events:
        assert event["previous_hash"] == previous
        previous = hashlib.sha256(rfc8785.dumps(_sealed(event))).digest()
        assert event["hash"] == previous
    assert instance.last_hash == previous


def _sealed(event: RowMapping) -> dict[str, Any]:
    state, task_id = event["state_after"], event["user_task_id"]
    return {name: event[name] for name in _SEALED_AS_IS} | {
        "format": 2,
        "channel": event["channel"] and str(event["channel"]),
        "process_definition_id": str(event["process_definition_id"]),
        "process_instance_id": str(event["process_instance_id"]),
        "occurred_at": event["occurred_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "user_task_id": None if task_id is None else str(task_id),
        "payload_sha256": hashlib.sha256(event["payload_salt"] + rfc8785.dumps(event["payload"])).hexdigest(),
        "state_sha256": None if state is None else hashlib.sha256(state).hexdigest(),
        "previous_hash": event["previous_hash"].hex(),
    }


def verify_stream(database: Database, name: str) -> None:
    """Assert that the stream `administration` or `access` is numbered and sealed as `app.storage.streams` says."""
    with database.reading() as session:
        columns = tables.stream_event.c
        query = select(tables.stream_event).where(columns.stream == name).order_by(columns.sequence)
        events = session.execute(query).mappings().all()
        end = session.execute(select(tables.stream).where(tables.stream.c.name == name)).mappings().one()
    previous = bytes(32)
    types = event_types.OF_ACCESS if name == "access" else event_types.OF_ADMINISTRATION
    for position, event in enumerate(events, start=1):
        check_payload(event, types)
        assert (event["sequence"], event["previous_hash"]) == (position, previous)
        previous = hashlib.sha256(rfc8785.dumps(_sealed_entry(event))).digest()
        assert event["hash"] == previous
    assert (end["last_sequence"], end["last_hash"]) == (len(events), previous)


def _sealed_entry(event: RowMapping) -> dict[str, Any]:
    as_is = {name: event[name] for name in ("stream", "sequence", "type", "actor", "request_id", "subject")}
    ids = {name: event[name] and str(event[name]) for name in ("channel", "process_instance_id")}
    return (as_is | ids) | {
        "format": 1,
        "occurred_at": event["occurred_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "payload_sha256": hashlib.sha256(event["payload_salt"] + rfc8785.dumps(event["payload"])).hexdigest(),
        "previous_hash": event["previous_hash"].hex(),
    }


def check_payload(event: RowMapping, types: Mapping[str, EventType]) -> None:
    """Assert that an event is of a documented type, and that its payload holds what is documented of it."""
    known, members = types[event["type"]], event["payload"].keys()
    assert known.members <= members <= known.members | known.optional, event["type"]


def _check_events_of_tasks(events: Sequence[RowMapping], tasks: Sequence[RowMapping]) -> None:
    """Each task was opened once, and closed once if it is closed, by whom the row says."""
    told = Counter((event["type"], event["user_task_id"]) for event in events)
    for task in tasks:
        assert told[("user_task_opened", task["id"])] == 1
        for ending in ("completed", "cancelled"):
            assert told[(f"user_task_{ending}", task["id"])] == (task["state"] == ending)
    completions = {event["user_task_id"]: event["actor"] for event in events if event["type"] == "user_task_completed"}
    assert completions == {task["id"]: task["completed_by"] for task in tasks if task["state"] == "completed"}
    assert told.keys() & {("user_task_opened", None)} == set()


def _check_variables(instance: ProcessInstance, events: Sequence[RowMapping]) -> None:
    """The changes that the events tell lead, one after the other, to the variables of now."""
    variables: dict[str, Any] = {}
    for event in events:
        changes: Mapping[str, Mapping[str, Any]] = event["payload"].get("changes", {})
        for name, change in changes.items():
            assert change["old"] == variables.get(name)
            variables[name] = change["new"]
    assert variables == instance.variables
