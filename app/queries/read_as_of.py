"""How an instance was seen at an earlier time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.at_rest import Rest, TokenPosition, read_rest
from app.engine.definitions import Definition
from app.engine.step import OpenUserTask
from app.errors import FieldError, ParameterRefused
from app.permissions import Actor, Operation
from app.storage import access, past, process_definitions, user_tasks
from app.storage.moments import rfc3339
from app.storage.past import Opened, Rested
from app.storage.process_instances import ACTIVE, CANCELLED, COMPLETED, FAILED, SUSPENDED, ProcessInstance
from app.storage.user_tasks import OPEN, UserTask

_ENDINGS = {f"process_instance_{status}": status for status in (COMPLETED, FAILED, CANCELLED)}
_NOTHING = Rest(variables={}, open_user_tasks=(), tokens=())


@dataclass(frozen=True, slots=True)
class Past:
    """An instance as it was seen once an event had happened."""

    sequence: int
    occurred_at: datetime
    #: as it would have been read then, but for `state` and what else only serves commands
    process_instance: ProcessInstance
    #: oldest first
    open_user_tasks: list[UserTask]
    tokens: tuple[TokenPosition, ...]
    #: of the version then
    definition: Definition


def read_as_of(
    session: Session, instance_id: UUID, actor: Actor, at: datetime | None, seq: int | None, *, now: datetime
) -> Past:
    """An instance at a moment, or once an event had happened: exactly as it could be read then.

    Raises:
        ProcessInstanceNotFound
        ParameterRefused: both or none is given; nothing had happened yet; it has not come to that yet; the state of
            that time was removed by law.
    """
    instance = access.read_instance(session, instance_id, actor, Operation.READ_HISTORY)
    if (at is None) == (seq is None):
        raise _refused("at", "exactly_one", "Give either at or seq.")
    if seq is not None:
        sequence = _ended_with(session, instance, seq)
    elif at is not None:
        sequence = _reached_by(session, instance, at, now)
    return _past(session, instance, past.rested(session, instance_id, sequence), "at" if seq is None else "seq")


def _refused(parameter: str, code: str, reason: str) -> ParameterRefused:
    return ParameterRefused(errors=[FieldError(parameter, code, reason)])


def _ended_with(session: Session, instance: ProcessInstance, seq: int) -> int:
    if seq > instance.last_sequence:
        raise _refused("seq", "not_reached", f"The last event of the instance is {instance.last_sequence}.")
    return past.end_of_command(session, instance.id, seq)


def _reached_by(session: Session, instance: ProcessInstance, at: datetime, now: datetime) -> int:
    # The clock of this machine may be behind that of another, which wrote the last event.
    if at > max(now, instance.last_event_at):
        raise _refused("at", "in_the_future", f"What will be is not known: it is {rfc3339(now)}.")
    if at < instance.started_at:
        reason = f"There was no such instance yet: it was started at {rfc3339(instance.started_at)}."
        raise _refused("at", "before_the_start", reason)
    return past.last_until(session, instance.id, instance.last_sequence, at)


def _past(session: Session, instance: ProcessInstance, rested: Rested, parameter: str) -> Past:
    is_now = instance.process_definition_id == rested.process_definition_id
    version = instance if is_now else process_definitions.get(session, rested.process_definition_id)
    definition = process_definitions.parsed(session, version)
    state = past.state_at(session, instance.id, rested.sequence)
    if state is None:
        raise _refused(parameter, "state_removed", "The state in which the instance was then was removed by law.")
    rest = read_rest(definition, state)
    status = _status(session, instance, rested)
    # A cancelled instance keeps the state in which it was cancelled.
    waiting = _NOTHING if status == CANCELLED else rest
    then = replace(
        instance,
        process_definition_id=rested.process_definition_id,
        version=rested.version,
        status=status,
        variables=rest.variables,
        ended_at=rested.occurred_at if rested.type in _ENDINGS else None,
    )
    tasks = _open_user_tasks(session, instance.id, rested.sequence, waiting, definition)
    return Past(rested.sequence, rested.occurred_at, then, tasks, waiting.tokens, definition)


def _status(session: Session, instance: ProcessInstance, rested: Rested) -> str:
    ended = _ENDINGS.get(rested.type)
    if ended is not None:
        return ended
    return SUSPENDED if past.was_suspended(session, instance.id, rested.sequence) else ACTIVE


def _open_user_tasks(
    session: Session, instance_id: UUID, sequence: int, rest: Rest, definition: Definition
) -> list[UserTask]:
    """What the state says is open, held by whom the events say."""
    opened = past.opened(session, instance_id, sequence, [task.element_task_id for task in rest.open_user_tasks])
    held = past.held(session, instance_id, sequence, opened.values())
    tasks = []
    for waiting in rest.open_user_tasks:
        opening = opened[waiting.element_task_id]
        holding = held.get(opening.row["id"], user_tasks.UNASSIGNED)
        tasks.append(_open_user_task(waiting, opening, holding, definition))
    return sorted(tasks, key=lambda task: (task.created_at, task.id))


def _open_user_task(
    waiting: OpenUserTask, opening: Opened, holding: Mapping[str, Any], definition: Definition
) -> UserTask:
    element = definition.user_tasks[waiting.element_id]
    then = {
        "element_id": element.element_id,
        "name": element.name,
        "role": element.role,
        "round": waiting.round,
        "state": OPEN,
        "candidates": None if waiting.candidates is None else list(waiting.candidates),
        "created_at": opening.occurred_at,
        "completed_at": None,
        "completed_by": None,
        "process_definition_id": None,
    }
    return UserTask(**{**opening.row, **then, **holding})
