"""Complete a user task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine import process
from app.engine.step import Step
from app.engine.user_task_elements import UserTaskElement
from app.permissions import Actor, Operation
from app.storage import (
    access,
    approvals,
    comments,
    events,
    lane_owners,
    process_definitions,
    process_instances,
    shown_forms,
    turns,
    user_tasks,
)
from app.storage.access import IfMatch, LockedTask
from app.storage.event_figures import timing_of
from app.storage.events import NewEvent
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
    on_behalf_of: str | None,
    if_match: IfMatch,
    now: datetime,
) -> Completion:
    """Complete an open user task with the whole form's values and run the process to its next rest.

    Raises:
        UserTaskNotFound, Forbidden, NotStandingIn, PrincipalAmbiguous, FourEyes, Stale, UserTaskClosed,
        UserTaskClaimed, ProcessInstanceNotActive, FormRefused, ProcessStuck
    """
    locked = access.lock_open_task(
        session, task_id, actor, Operation.COMPLETE, on_behalf_of=on_behalf_of, if_match=if_match, now=now
    )
    instance, task, performer, now = locked.instance, locked.task, locked.performer, locked.now
    turns.require(session, locked)
    definition = process_definitions.parsed(session, instance)
    element = definition.user_tasks[task.element_id]
    if element.approval is not None:
        access.require_fresh_form(if_match, locked)
    entered, approval = _accept(session, locked, element, submitted, comment)

    step = process.complete_user_task(definition, instance.state, task.element_task_id, entered, now)
    lane_owners.require_active_people(session, step, entered)

    closed = user_tasks.close(session, task, performer, now)
    if comment is not None:
        comments.add(session, closed, actor, comment, now)
    timing = timing_of(closed, element.quality.waktu, now)
    cause = _completed(closed, step, variables=entered, comment=comment, timing=timing, **approval)
    saved, tasks = process_instances.save_step(
        session, instance, definition, step, locked.others, cause, performer=performer, now=now
    )
    return Completion(closed, saved, tasks.open, tasks.opened)


def _accept(
    session: Session, locked: LockedTask, element: UserTaskElement, submitted: Mapping[str, Any], comment: str | None
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """What was entered, and the record of what that approves, if it approves anything."""
    form, instance = element.form, locked.instance
    form.accept(submitted)
    shown = shown_forms.read_only(instance, form)
    entered = form.writable(submitted, shown)
    if element.approval is None:
        return entered, {}
    record = approvals.approval(session, instance, element.approval, locked.performer, shown, entered, comment)
    return entered, {"approval": record}


def _completed(closed: UserTask, step: Step, **told: Any) -> NewEvent:
    """That the task was completed: with what, what that changed, and which way the tokens took."""
    ran = {"changes": step.changes_as_json(), "flows": list(step.flows)}
    return events.task_event("user_task_completed", closed, **told, **ran)
