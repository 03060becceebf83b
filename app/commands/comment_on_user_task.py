"""Write a comment on a user task."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor, Operation
from app.storage import access, comments, events, process_instances
from app.storage.access import IfMatch
from app.storage.comments import Comment


def comment_on_user_task(
    session: Session,
    task_id: UUID,
    actor: Actor,
    text: str,
    *,
    on_behalf_of: str | None,
    if_match: IfMatch,
    now: datetime,
) -> Comment:
    """Add a comment to an open user task.

    Raises:
        UserTaskNotFound, Forbidden, NotStandingIn, PrincipalAmbiguous, Stale, UserTaskClosed,
        ProcessInstanceNotActive
    """
    locked = access.lock_open_task(
        session, task_id, actor, Operation.COMMENT, on_behalf_of=on_behalf_of, if_match=if_match, now=now
    )
    task, now = locked.task, locked.now
    comment = comments.add(session, task, actor, text, now)
    event = events.task_event("user_task_commented", task, comment_id=str(comment.id), comment=text)
    process_instances.record(session, locked.instance, [event], performer=locked.performer, now=now)
    return comment
