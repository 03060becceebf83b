"""Complete a user task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine import process
from app.permissions import Actor, Operation
from app.storage import access, comments, lane_owners, process_definitions, process_instances, user_tasks
from app.storage.access import IfMatch
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import UserTask


@dataclass(frozen=True, slots=True)
class Completion:
    """What a completion led to."""

    user_task: UserTask
    process_instance: ProcessInstance
    #: every user task of the instance that is open now
    open_user_tasks: list[UserTask]
    #: those of them that this completion opened
    next_user_tasks: list[UserTask]


def complete_user_task(
    session: Session,
    task_id: UUID,
    actor: Actor,
    submitted: Mapping[str, Any],
    *,
    comment: str | None,
    if_match: IfMatch,
    now: datetime,
) -> Completion:
    """Complete an open user task with the whole form's values and run the process to its next rest.

    Raises:
        UserTaskNotFound, Forbidden, Stale, UserTaskClosed, UserTaskClaimed, ProcessInstanceNotActive, FormRefused,
        ProcessStuck
    """
    locked = access.lock_open_task(session, task_id, actor, Operation.COMPLETE, if_match=if_match, now=now)
    instance, task, now = locked.instance, locked.task, locked.now
    access.require_unclaimed_by_others(task, actor)
    definition = process_definitions.parsed(session, instance)
    definition.user_tasks[task.element_id].form.accept(submitted)

    step = process.complete_user_task(definition, instance.state, task.element_task_id, submitted, now)
    lane_owners.require_active_people(session, step, submitted)

    closed = user_tasks.close(session, task, actor, now)
    if comment is not None:
        comments.add(session, closed, actor, comment, now)
    cause = process_instances.task_event(
        "user_task_completed", closed, variables=submitted, changes=step.changes_as_json(), comment=comment
    )
    saved, tasks = process_instances.save_step(
        session, instance, definition, step, locked.others, cause, actor=actor, now=now
    )
    return Completion(closed, saved, tasks.open, tasks.opened)
