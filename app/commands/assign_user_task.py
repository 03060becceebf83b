"""Claim a user task, or assign it to somebody."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import FieldError, Refused
from app.permissions import Actor, Operation
from app.storage import access, people, process_instances, user_tasks
from app.storage.access import IfMatch
from app.storage.user_tasks import UserTask


class AssigneeRefused(Refused):
    """The user task cannot be assigned to this person"""

    code = "assignee_refused"


def assign_user_task(
    session: Session, task_id: UUID, actor: Actor, assignee: str | None, *, if_match: IfMatch, now: datetime
) -> UserTask:
    """Give an open user task to a candidate; without a name, to the actor. Twice to the same person is once.

    Raises:
        UserTaskNotFound, Forbidden, Stale, UserTaskClosed, ProcessInstanceNotActive, UserTaskClaimed, AssigneeRefused
    """
    for_self = assignee in {None, actor.username}
    operation = Operation.CLAIM if for_self else Operation.ASSIGN_TO_OTHER
    locked = access.lock_open_task(session, task_id, actor, operation, if_match=if_match, now=now)
    instance, task, now = locked.instance, locked.task, locked.now
    wanted = assignee or actor.username
    if task.assignee == wanted:
        return task
    if for_self:
        access.require_unclaimed_by_others(task, actor)
    else:
        _require_candidate(session, task, wanted)
    changed = user_tasks.change(session, task, assignee=wanted, claimed_at=now)
    type_ = "user_task_claimed" if for_self else "user_task_assigned"
    event = process_instances.task_event(type_, changed, assignee=wanted, former_assignee=task.assignee)
    process_instances.record(session, instance, [event], actor=actor, now=now)
    return changed


def _require_candidate(session: Session, task: UserTask, username: str) -> None:
    unknown = people.unknown_or_inactive(session, [username])
    if unknown or not task.has_candidate(username, people.get_by_username(session, username).roles):
        who = ", ".join(task.candidates) if task.candidates is not None else f"holders of the role {task.role}"
        reason = f"{username} is not an active candidate. Candidates: {who}."
        raise AssigneeRefused(errors=[FieldError("/assignee", "not_a_candidate", reason)])
