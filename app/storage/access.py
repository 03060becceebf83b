"""Loading a thing for somebody: what a person may not know of is, for them, not there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.errors import (
    NotFound,
    NotStandingIn,
    ProcessInstanceNotActive,
    ProcessInstanceNotFound,
    Stale,
    UserTaskClosed,
    UserTaskNotFound,
)
from app.permissions import Actor, Ground, Operation, Performer
from app.storage import (
    events,
    participants,
    performers,
    process_instances,
    tokens,
    user_tasks,
)
from app.storage.events import Event
from app.storage.moments import rfc3339
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import UserTask

#: revisions that an If-Match header names; None: it was not sent
IfMatch = Collection[str] | None


def sees_everything(actor: Actor) -> bool:
    """Whether the person may read instances in which they take no part."""
    return permissions.is_allowed(Operation.READ_INSTANCE, actor)


def read_instance(session: Session, instance_id: UUID, actor: Actor, operation: Operation) -> ProcessInstance:
    """An instance for reading.

    Raises:
        ProcessInstanceNotFound: also where the actor may not know of it.
    """
    instance = process_instances.get(session, instance_id)
    # Of whoever may read everything it is not asked whether they take part.
    if not permissions.is_allowed(operation, actor):
        _require_knowledge(session, instance_id, actor, operation, ProcessInstanceNotFound())
    return instance


def read_task(session: Session, task_id: UUID, actor: Actor) -> UserTask:
    """A user task for reading.

    Raises:
        UserTaskNotFound: also where the actor may not know of its instance.
    """
    task = user_tasks.get(session, task_id)
    if not permissions.is_allowed(Operation.READ_TASK, actor):
        _require_knowledge(session, task.process_instance_id, actor, Operation.READ_TASK, UserTaskNotFound())
    return task


@dataclass(frozen=True, slots=True)
class Locked:
    """What a command works on, nobody else being able to until the transaction ends."""

    instance: ProcessInstance
    performer: Performer
    #: when the command counts: not before what has already happened in the instance, however the clocks run
    now: datetime


@dataclass(frozen=True, slots=True)
class LockedTask(Locked):
    """An open user task and its instance."""

    task: UserTask
    #: the other open user tasks of the instance
    others: list[UserTask]


def lock_instance(
    session: Session, instance_id: UUID, actor: Actor, operation: Operation, *, if_match: IfMatch, now: datetime
) -> Locked:
    """An instance for a command on it.

    Raises:
        ProcessInstanceNotFound, Forbidden, Stale
    """
    instance = process_instances.load_for_update(session, instance_id)
    return judge(session, instance, actor, operation, if_match=if_match, now=now)


def judge(
    session: Session,
    instance: ProcessInstance,
    actor: Actor,
    operation: Operation,
    *,
    also: Collection[str] = (),
    if_match: IfMatch,
    now: datetime,
) -> Locked:
    """Judge a command on a locked instance, by rights that stay so until the transaction ends, as do the people of
    `also`.

    Raises:
        ProcessInstanceNotFound, Forbidden, Stale
    """
    actor = tokens.renew(session, actor, now=now, also=also)
    require_right(session, instance, actor, operation)
    require_fresh(if_match, str(instance.revision))
    return Locked(instance, Performer(actor), max(now, instance.last_event_at))


def require_right(session: Session, instance: ProcessInstance, actor: Actor, operation: Operation) -> None:
    """Refuse an operation on an instance to whoever may not do it.

    Raises:
        ProcessInstanceNotFound: also where the actor may not know of it; Forbidden
    """
    if not permissions.is_allowed(operation, actor):
        _require_knowledge(session, instance.id, actor, Operation.READ_INSTANCE, ProcessInstanceNotFound())
        permissions.require(operation, actor)


def lock_open_task(
    session: Session,
    task_id: UUID,
    actor: Actor,
    operation: Operation,
    *,
    on_behalf_of: str | None = None,
    assignee: str | None = None,
    if_match: IfMatch,
    now: datetime,
) -> LockedTask:
    """An open user task of an active instance, for a command on it, and the people whom it concerns.

    Rights are judged as they are under the lock, and stay so until the transaction ends.

    Raises:
        UserTaskNotFound, Forbidden, NotStandingIn, PrincipalAmbiguous, Stale, UserTaskClosed,
        ProcessInstanceNotActive
    """
    instance = process_instances.load_for_update_by_task(session, task_id)
    actor = tokens.renew(session, actor, now=now, also=() if assignee is None else (assignee,))
    open_tasks = {task.id: task for task in user_tasks.open_of(session, instance.id)}
    task = open_tasks.pop(task_id, None) or user_tasks.get(session, task_id)
    relations = task.relations_of(actor)
    if Ground.PARTICIPANT in permissions.TABLE[operation].grounds or not permissions.is_allowed(
        operation, actor, relations
    ):
        relations |= _require_knowledge(session, instance.id, actor, Operation.READ_TASK, UserTaskNotFound())
        permissions.require(operation, actor, relations)
    require_fresh(if_match, str(task.revision), form_revision(task, instance))
    require_open(session, instance, task)
    now = max(now, instance.last_event_at)
    performer = _performer(session, task, actor, permissions.TABLE[operation].grounds & relations, on_behalf_of, now)
    return LockedTask(instance, performer, now, task, list(open_tasks.values()))


def _performer(
    session: Session, task: UserTask, actor: Actor, grounds: Collection[Ground], on_behalf_of: str | None, now: datetime
) -> Performer:
    # What only a system role allows, the person does in their own name.
    if grounds:
        by_candidacy = Ground.CANDIDATE in grounds
        return performers.choose_for_task(session, actor, task, named=on_behalf_of, as_candidate=by_candidacy, now=now)
    if on_behalf_of is not None:
        raise NotStandingIn
    return Performer(actor)


def form_revision(task: UserTask, instance: ProcessInstance) -> str:
    """What a shown form is known by: it changes with the task, and with whatever happens in the instance."""
    return f"{task.revision}.{instance.revision}"


def require_fresh(if_match: IfMatch, *current: str) -> None:
    """Refuse a write by somebody who has read an older revision.

    Raises:
        Stale
    """
    if if_match is not None and not set(if_match) & set(current):
        raise Stale(f'It is at revision "{current[0]}" by now: read it again, then decide.')


def require_fresh_form(if_match: IfMatch, locked: LockedTask) -> None:
    """Refuse a write by somebody who has not read the form as it is: the task's revision tells nothing of its text.

    Raises:
        Stale
    """
    require_fresh(if_match, form_revision(locked.task, locked.instance))


def require_active(session: Session, instance: ProcessInstance) -> None:
    """Refuse a command on an instance that is suspended or has ended, and say by whom and when.

    Raises:
        ProcessInstanceNotActive
    """
    if instance.status != process_instances.ACTIVE:
        raise ProcessInstanceNotActive(f"The process instance was {how_it_came(session, instance)}.")


def how_it_came(session: Session, instance: ProcessInstance) -> str:
    """An instance's status, with who brought it about, and when."""
    type_ = "resumed" if instance.status == process_instances.ACTIVE else instance.status
    return instance.status + _by(events.last(session, instance.id, f"process_instance_{type_}"))


def require_open(session: Session, instance: ProcessInstance, task: UserTask) -> None:
    """Refuse a command on a user task that is closed, and say by whom and when.

    Raises:
        UserTaskClosed, ProcessInstanceNotActive
    """
    if not task.is_open:
        event = events.last(session, instance.id, f"user_task_{task.state}", user_task_id=task.id)
        raise UserTaskClosed(f"The user task was {task.state}{_by(event)}.")
    require_active(session, instance)


def _require_knowledge(
    session: Session, instance_id: UUID, actor: Actor, operation: Operation, absent: NotFound
) -> set[Ground]:
    relations = {Ground.PARTICIPANT} if participants.takes_part(session, instance_id, actor) else set()
    if not permissions.is_allowed(operation, actor, relations):
        raise absent
    return relations


def _by(event: Event | None) -> str:
    return "" if event is None else f" by {event.actor} at {rfc3339(event.occurred_at)}"
