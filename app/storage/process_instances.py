"""Process instances: the row that every command locks, and how the outcome of a step is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.engine.definitions import Definition
from app.engine.step import Step
from app.errors import ProcessInstanceNotFound, UserTaskNotFound
from app.permissions import Actor, Performer
from app.proof.seal import StreamEnd, as_sealed
from app.storage import events, participants, tables, user_tasks
from app.storage.consequences import ENDINGS, consequences, returned
from app.storage.events import Circumstances, NewEvent
from app.storage.process_definitions import ProcessDefinition
from app.storage.user_tasks import Replaced, UserTask

ACTIVE, SUSPENDED, COMPLETED, CANCELLED, FAILED = "active", "suspended", "completed", "cancelled", "failed"
_ENDED = {COMPLETED, CANCELLED, FAILED}


@dataclass(frozen=True, slots=True)
class ProcessInstance:
    """A running or ended instance, with what it knows of the version it is pinned to."""

    id: UUID
    process_definition_id: UUID
    #: of the definition
    key: str
    version: int
    definition_sha256: str
    fingerprint: str
    business_key: str | None
    status: str
    #: encoded by the engine
    state: bytes
    revision: int
    variables: Mapping[str, Any]
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    next_due_at: datetime | None
    #: of any of its elements
    highest_round: int
    #: whether any user task of it was completed late
    late: bool
    #: from its start to its end
    duration_seconds: int | None
    last_sequence: int
    last_event_at: datetime
    last_hash: bytes

    @property
    def stream_end(self) -> StreamEnd:
        """Where its events end."""
        return StreamEnd(self.last_sequence, self.last_hash)


_instance = tables.process_instance.c
_definition = tables.process_definition.c
SELECT: Select[Any] = select(
    tables.process_instance,
    _definition.key,
    _definition.version,
    _definition.sha256.label("definition_sha256"),
    _definition.fingerprint,
).join_from(tables.process_instance, tables.process_definition)

# Built once: SQLAlchemy takes longer to build a statement than to run it.
_OF_ID = _instance.id == bindparam("instance_id")
_OF_TASK = (
    _instance.id
    == select(tables.user_task.c.process_instance_id)
    .where(tables.user_task.c.id == bindparam("task_id"))
    .scalar_subquery()
)
_BY_ID = SELECT.where(_OF_ID)
_LOCK_BY_ID = _BY_ID.with_for_update(of=tables.process_instance)
_LOCK_BY_TASK = SELECT.where(_OF_TASK).with_for_update(of=tables.process_instance)
_HOLD_BY_ID = select(_instance.id).where(_OF_ID).with_for_update()
_HOLD_BY_TASK = select(_instance.id).where(_OF_TASK).with_for_update()
_UPDATE = update(tables.process_instance).where(_instance.id == bindparam("instance_id"))


def get(session: Session, instance_id: UUID) -> ProcessInstance:
    """One instance, as it is now.

    Raises:
        ProcessInstanceNotFound
    """
    instance = _one(session, _BY_ID, instance_id=instance_id)
    if instance is None:
        raise ProcessInstanceNotFound
    return instance


def load_for_update(session: Session, instance_id: UUID) -> ProcessInstance:
    """One instance, locked until the transaction ends: one command at a time.

    Raises:
        ProcessInstanceNotFound
    """
    instance = _locked(session, _LOCK_BY_ID, _HOLD_BY_ID, instance_id=instance_id)
    if instance is None:
        raise ProcessInstanceNotFound
    return instance


def load_for_update_by_task(session: Session, task_id: UUID) -> ProcessInstance:
    """The instance of a user task, locked. The instance first and its tasks after it: so no two commands wait
    for each other.

    Raises:
        UserTaskNotFound
    """
    instance = _locked(session, _LOCK_BY_TASK, _HOLD_BY_TASK, task_id=task_id)
    if instance is None:
        raise UserTaskNotFound
    return instance


def _locked(session: Session, lock: Select[Any], hold: Select[Any], **wanted: UUID) -> ProcessInstance | None:
    """PostgreSQL, having waited for a lock, looks at the instance again, but not at its version: one that has moved to
    another meanwhile falls out of the join. So it is held by itself, and then read."""
    found = _one(session, lock, **wanted)
    if found is None and session.execute(hold, wanted).first() is not None:
        return _one(session, lock, **wanted)
    return found


def _one(session: Session, query: Select[Any], **wanted: UUID) -> ProcessInstance | None:
    row = session.execute(query, wanted).mappings().one_or_none()
    return None if row is None else ProcessInstance(**row)


def add(
    session: Session, definition: ProcessDefinition, business_key: str | None, actor: Actor, now: datetime
) -> ProcessInstance:
    """Store a new instance that has not taken its first step yet."""
    end = events.stream_start(definition.fingerprint)
    row: dict[str, Any] = {
        "id": uuid7(),
        "process_definition_id": definition.id,
        "business_key": business_key,
        "status": ACTIVE,
        "state": b"",
        "revision": 0,
        "variables": {},
        "started_by": actor.username,
        "started_at": now,
        "ended_at": None,
        "next_due_at": None,
        "highest_round": 1,
        "late": False,
        "duration_seconds": None,
        "last_sequence": end.sequence,
        "last_event_at": now,
        "last_hash": end.hash,
    }
    session.execute(insert(tables.process_instance), row)
    return ProcessInstance(
        **row,
        key=definition.key,
        version=definition.version,
        definition_sha256=definition.sha256,
        fingerprint=definition.fingerprint,
    )


def save_step(
    session: Session,
    instance: ProcessInstance,
    definition: Definition,
    step: Step,
    was_open: Sequence[UserTask],
    cause: NewEvent,
    *,
    performer: Performer,
    now: datetime,
) -> tuple[ProcessInstance, Replaced]:
    """Save the outcome of a step: the state, the open user tasks, and what happened, beginning with its cause."""
    tasks = user_tasks.replace_open(session, instance.id, definition, was_open, step.open_user_tasks, now)
    if instance.revision == 0 or "lane_owners" in step.changes:
        participants.enter(session, instance.id, definition.roles, step.variables.get("lane_owners") or {})
    story = [cause, *consequences(step, tasks, returned(definition, step, tasks, cause))]
    saved = record(
        session,
        instance,
        story,
        performer=performer,
        now=now,
        state=step.state,
        status=step.status,
        variables=step.variables,
        next_due_at=step.next_due_at,
    )
    return saved, tasks


def record(
    session: Session,
    instance: ProcessInstance,
    story: Sequence[NewEvent],
    *,
    performer: Performer,
    now: datetime,
    moved_to: ProcessDefinition | None = None,
    **values: Any,
) -> ProcessInstance:
    """Append events to an instance's stream and write the columns that changed with them.

    Args: `moved_to` the version in which it goes on from now, where that is another.
    """
    if moved_to is not None:
        values["process_definition_id"] = moved_to.id
    if values.get("status") in _ENDED:
        values |= {"ended_at": now, "duration_seconds": int((now - instance.started_at).total_seconds())}
        story = [_with_start(event, instance) for event in story]
    version = instance if moved_to is None else moved_to
    circumstances = Circumstances(
        performer, now, version.process_definition_id, version.version, state_after=values.get("state")
    )
    end = events.append(session, instance.id, instance.stream_end, story, circumstances)
    participants.took_part(session, instance.id, performer.usernames)
    values |= {"revision": instance.revision + 1, **_searched(instance, story)}
    values |= {"last_sequence": end.sequence, "last_event_at": now, "last_hash": end.hash}
    session.execute(_UPDATE, values | {"instance_id": instance.id})
    return replace(instance, **values)


def _with_start(event: NewEvent, instance: ProcessInstance) -> NewEvent:
    """The end of an instance, telling when it began as well."""
    if event.type not in ENDINGS:
        return event
    return replace(event, payload={**event.payload, "timing": {"started_at": as_sealed(instance.started_at)}})


def _searched(instance: ProcessInstance, story: Sequence[NewEvent]) -> dict[str, Any]:
    """What lists of instances are searched by, where these events change it."""
    rounds = [event.round or 1 for event in story if event.type == "user_task_opened"]
    highest = max([instance.highest_round, *rounds])
    late = instance.late or any(event.payload.get("timing", {}).get("late") for event in story)
    changed = {} if highest == instance.highest_round else {"highest_round": highest}
    return changed if late == instance.late else changed | {"late": late}


def status_event(type_: str, instance: ProcessInstance, status: str, reason: str | None) -> NewEvent:
    """An event by which somebody changes an instance's status."""
    return NewEvent(type_, {"from": instance.status, "to": status, "reason": reason})
