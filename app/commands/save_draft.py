"""Keep an unfinished form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.forms import MAX_ERRORS
from app.errors import FieldError, FormRefused, json_pointer
from app.permissions import Actor, Operation
from app.storage import access, events, process_definitions, process_instances, turns, user_tasks
from app.storage.access import IfMatch
from app.storage.user_tasks import UserTask


def save_draft(
    session: Session,
    task_id: UUID,
    actor: Actor,
    variables: Mapping[str, Any],
    *,
    on_behalf_of: str | None,
    if_match: IfMatch,
    now: datetime,
) -> UserTask:
    """Replace the draft of an open user task. It may be incomplete, but holds only what the form declares.

    Raises:
        UserTaskNotFound, Forbidden, NotStandingIn, PrincipalAmbiguous, FourEyes, Stale, UserTaskClosed,
        ProcessInstanceNotActive, UserTaskClaimed, FormRefused
    """
    locked = access.lock_open_task(
        session, task_id, actor, Operation.SAVE_DRAFT, on_behalf_of=on_behalf_of, if_match=if_match, now=now
    )
    instance, task, performer = locked.instance, locked.task, locked.performer
    turns.require(session, locked)
    form = process_definitions.parsed(session, instance).user_tasks[task.element_id].form
    undeclared = sorted(variables.keys() - form.property_names)
    if undeclared:
        reason = "tidak dikenal dalam formulir ini"
        pointers = [json_pointer(["variables", name]) for name in undeclared[:MAX_ERRORS]]
        raise FormRefused(errors=[FieldError(pointer, "undeclared", reason) for pointer in pointers])
    draft = {name: value for name, value in variables.items() if name not in form.read_only}
    if task.draft == draft:
        return task
    changed = user_tasks.change(session, task, draft=draft)
    event = events.task_event("user_task_draft_saved", changed, old=task.draft, new=draft)
    process_instances.record(session, instance, [event], performer=performer, now=locked.now)
    return changed
