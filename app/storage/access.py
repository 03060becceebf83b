"""Loading a thing for somebody: what a person may not know of is, for them, not there."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.errors import (
    NotFound,
    ProcessInstanceNotActive,
    ProcessInstanceNotFound,
    Stale,
    UserTaskClaimed,
    UserTaskClosed,
    UserTaskNotFound,
)
from app.permissions import Actor, Ground, Operation
from app.storage import events, participants, process_instances, user_tasks
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import UserTask

#: revisions that an If-Match header names; None: it was not sent
IfMatch = Collection[int] | None


def sees_everything(actor: Actor) -> bool:
    """Whether the person may read instances in which they take no part."""
    return permissions.is_allowed(Operation.READ_INSTANCE, actor)


def read_instance(session: Session, instance_id: UUID, actor: Actor) -> ProcessInstance:
    """An instance for reading.

    Raises:
        ProcessInstanceNotFound: also where the actor may not know of it.
    """
    instance = process_instances.get(session, instance_id)
    _require_knowledge(session, instance_id, actor, ProcessInstanceNotFound())
    return instance


def read_task(session: Session, task_id: UUID, actor: Actor) -> UserTask:
    """A user task for reading.

    Raises:
        UserTaskNotFound: also where the actor may not know of its instance.
    """
    task = user_tasks.get(session, task_id)
    _require_knowledge(session, task.process_instance_id, actor, UserTaskNotFound())
    return task


def lock_instance(
    session: Session, instance_id: UUID, actor: Actor, operation: Operation, if_match: IfMatch
) -> ProcessInstance:
    """An instance for a command on it.

    Raises:
        ProcessInstanceNotFound, Forbidden, Stale
    """
    instance = process_instances.load_for_update(session, instance_id)
    if not permissions.is_allowed(operation, actor):
        _require_knowledge(session, instance_id, actor, ProcessInstanceNotFound())
        permissions.require(operation, actor)
    require_revision(instance.revision, if_match)
    return instance


def lock_open_task(
    session: Session, task_id: UUID, actor: Actor, operation: Operation, if_match: IfMatch
) -> tuple[ProcessInstance, UserTask, list[UserTask]]:
    """An open user task of an active instance, for a command on it, and the other open ones of that instance.

    Raises:
        UserTaskNotFound, Forbidden, Stale, UserTaskClaimed, UserTaskClosed, ProcessInstanceNotActive
    """
    instance = process_instances.load_for_update_by_task(session, task_id)
    open_tasks = {task.id: task for task in user_tasks.open_of(session, instance.id)}
    task = open_tasks.pop(task_id, None) or user_tasks.get(session, task_id)
    if not permissions.is_allowed(operation, actor, task.relations_of(actor)):
        relations = task.relations_of(actor) | _require_knowledge(session, instance.id, actor, UserTaskNotFound())
        permissions.require(operation, actor, relations)
    require_revision(task.revision, if_match)
    require_open(session, instance, task)
    return instance, task, list(open_tasks.values())


def require_revision(found: int, if_match: IfMatch) -> None:
    """Refuse a write by somebody who has read an older revision.

    Raises:
        Stale
    """
    if if_match is not None and found not in if_match:
        raise Stale(f'It is at revision "{found}" by now: read it again, then decide.')


def require_active(session: Session, instance: ProcessInstance) -> None:
    """Refuse a command on an instance that is suspended or has ended, and say by whom and when.

    Raises:
        ProcessInstanceNotActive
    """
    if instance.status == process_instances.ACTIVE:
        return
    event = events.last(session, instance.id, f"process_instance_{instance.status}")
    by = "" if event is None else f" by {event.actor} at {event.occurred_at.isoformat()}"
    raise ProcessInstanceNotActive(f"The process instance was {instance.status}{by}.")


def require_open(session: Session, instance: ProcessInstance, task: UserTask) -> None:
    """Refuse a command on a user task that is closed, and say by whom and when.

    Raises:
        UserTaskClosed, ProcessInstanceNotActive
    """
    if task.state != user_tasks.OPEN:
        event = events.last(session, instance.id, f"user_task_{task.state}", user_task_id=task.id)
        by = "" if event is None else f" by {event.actor} at {event.occurred_at.isoformat()}"
        raise UserTaskClosed(f"The user task was {task.state}{by}.")
    require_active(session, instance)


def require_unclaimed_by_others(task: UserTask, actor: Actor) -> None:
    """Refuse a command on a user task that somebody else has claimed, and say who and when.

    Raises:
        UserTaskClaimed
    """
    if task.assignee is not None and task.assignee != actor.username:
        since = "" if task.claimed_at is None else f" since {task.claimed_at.isoformat()}"
        raise UserTaskClaimed(f"The user task is claimed by {task.assignee}{since}.")


def _require_knowledge(session: Session, instance_id: UUID, actor: Actor, absent: NotFound) -> set[Ground]:
    relations = {Ground.PARTICIPANT} if participants.takes_part(session, instance_id, actor) else set()
    if not permissions.is_allowed(Operation.READ_INSTANCE, actor, relations):
        raise absent
    return relations
