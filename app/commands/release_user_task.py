"""Give a claimed user task back to its candidates."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import UserTaskNotClaimed
from app.permissions import Actor, Operation
from app.storage import access, events, process_instances, user_tasks
from app.storage.access import IfMatch
from app.storage.user_tasks import UserTask


def release_user_task(session: Session, task_id: UUID, actor: Actor, *, if_match: IfMatch, now: datetime) -> UserTask:
    """Take the assignee off an open user task; its draft stays for the next.

    Raises:
        UserTaskNotFound, Forbidden, Stale, UserTaskClosed, ProcessInstanceNotActive, UserTaskNotClaimed
    """
    locked = access.lock_open_task(session, task_id, actor, Operation.RELEASE, if_match=if_match, now=now)
    task = locked.task
    if task.assignee is None:
        raise UserTaskNotClaimed
    changed = user_tasks.release(session, task)
    event = events.task_event("user_task_released", changed, former_assignee=task.assignee)
    process_instances.record(session, locked.instance, [event], performer=locked.performer, now=locked.now)
    return changed
