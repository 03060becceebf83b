"""Whose turn it is: a user task that somebody has claimed is theirs, and some must be somebody else's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import UserTaskClaimed
from app.storage import four_eyes, process_definitions, substitutions
from app.storage.access import LockedTask
from app.storage.moments import rfc3339
from app.storage.user_tasks import UserTask


def require(session: Session, locked: LockedTask) -> None:
    """Refuse to work on a user task that is somebody else's, or must be.

    Raises:
        UserTaskClaimed, FourEyes
    """
    require_unclaimed(session, locked)
    require_four_eyes(session, locked, locked.performer.usernames)


def require_unclaimed(session: Session, locked: LockedTask) -> None:
    """Refuse a command on a user task that somebody else has claimed, and say who and when.

    Whoever claimed it in another's name has it only as long as they stand in.

    Raises:
        UserTaskClaimed
    """
    task, performer = locked.task, locked.performer
    is_theirs = task.assignee in performer.usernames or task.on_behalf_of == performer.username
    if task.assignee is not None and not is_theirs and not _has_lapsed(session, task, locked.now):
        since = "" if task.claimed_at is None else f" since {rfc3339(task.claimed_at)}"
        raise UserTaskClaimed(f"The user task is claimed by {task.assignee}{since}.")


def _has_lapsed(session: Session, task: UserTask, now: datetime) -> bool:
    deputy, principal = task.assignee, task.on_behalf_of
    return deputy is not None and principal is not None and not substitutions.holds(session, deputy, principal, now)


def require_four_eyes(session: Session, locked: LockedTask, usernames: Collection[str]) -> None:
    """Refuse people whom the diagram keeps from this user task, as `app.storage.four_eyes` says.

    Raises:
        FourEyes
    """
    element = process_definitions.parsed(session, locked.instance).user_tasks[locked.task.element_id]
    four_eyes.require(session, locked.instance.id, element, usernames)
