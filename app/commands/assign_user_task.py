"""Claim a user task, or assign it to somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import FieldError, Refused
from app.permissions import Actor, Operation
from app.storage import access, events, people, process_instances, turns, user_tasks
from app.storage.access import IfMatch, LockedTask
from app.storage.user_tasks import UserTask


class AssignmentRefused(Refused):
    """The user task cannot be assigned like this"""

    code = "assignment_refused"


def assign_user_task(
    session: Session,
    task_id: UUID,
    actor: Actor,
    assignee: str | None,
    *,
    reason: str | None,
    on_behalf_of: str | None,
    if_match: IfMatch,
    now: datetime,
) -> UserTask:
    """Give an open user task to a candidate, with a reason; without a name, to the actor. Twice to one is once.

    Raises:
        UserTaskNotFound, Forbidden, NotStandingIn, PrincipalAmbiguous, FourEyes, Stale, UserTaskClosed,
        ProcessInstanceNotActive, UserTaskClaimed, AssignmentRefused
    """
    for_self = assignee in {None, actor.username}
    operation = Operation.CLAIM if for_self else Operation.ASSIGN_TO_OTHER
    locked = access.lock_open_task(
        session,
        task_id,
        actor,
        operation,
        on_behalf_of=on_behalf_of,
        assignee=None if for_self else assignee,
        if_match=if_match,
        now=now,
    )
    return _claim(session, locked) if for_self else _assign(session, locked, assignee or "", reason)


def _claim(session: Session, locked: LockedTask) -> UserTask:
    task, performer = locked.task, locked.performer
    turns.require_unclaimed(session, locked)
    if (task.assignee, task.on_behalf_of) == (performer.username, performer.on_behalf_of):
        return task
    turns.require_four_eyes(session, locked, performer.usernames)
    claimed = user_tasks.assign(session, task, performer.username, locked.now, in_name_of=performer.principal)
    _record(session, locked, claimed, "user_task_claimed")
    return claimed


def _assign(session: Session, locked: LockedTask, assignee: str, reason: str | None) -> UserTask:
    task = locked.task
    if task.assignee == assignee:
        return task
    errors = list(_not_a_candidate(session, task, assignee))
    if reason is None:
        errors.append(FieldError("/reason", "required", "Say why the user task is given to somebody else."))
    if errors:
        raise AssignmentRefused(errors=errors)
    turns.require_four_eyes(session, locked, [assignee])
    assigned = user_tasks.assign(session, task, assignee, locked.now)
    _record(session, locked, assigned, "user_task_assigned", reason=reason)
    return assigned


def _not_a_candidate(session: Session, task: UserTask, username: str) -> Iterator[FieldError]:
    person = people.by_username(session, [username]).get(username)
    if person is None or not (person.active and task.has_candidate(username, person.roles)):
        who = ", ".join(task.candidates) if task.candidates is not None else f"holders of the role {task.role}"
        reason = f"{username} is not an active candidate. Candidates: {who}."
        yield FieldError("/assignee", "not_a_candidate", reason)


def _record(session: Session, locked: LockedTask, task: UserTask, type_: str, **said: Any) -> None:
    names = {"assignee": task.assignee, "former_assignee": locked.task.assignee}
    event = events.task_event(type_, task, **names, **said)
    process_instances.record(session, locked.instance, [event], performer=locked.performer, now=locked.now)
