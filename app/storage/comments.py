"""What people write beside a user task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.permissions import Actor
from app.storage import keyset, tables
from app.storage.user_tasks import UserTask


@dataclass(frozen=True, slots=True)
class Comment:
    """One remark on a user task."""

    id: UUID
    author: str
    text: str
    created_at: datetime


_comment = tables.comment.c


def add(session: Session, task: UserTask, actor: Actor, text: str, now: datetime) -> Comment:
    """Write a comment down."""
    comment = Comment(uuid7(), actor.username, text, now)
    row = {
        "process_instance_id": task.process_instance_id,
        "user_task_id": task.id,
        "id": comment.id,
        "author": comment.author,
        "text": comment.text,
        "created_at": comment.created_at,
    }
    session.execute(insert(tables.comment), row)
    return comment


def list_of_task(session: Session, task: UserTask, page: keyset.Page) -> keyset.Slice[Comment]:
    """The comments on a task, oldest first."""
    query = select(_comment.id, _comment.author, _comment.text, _comment.created_at).where(
        _comment.process_instance_id == task.process_instance_id, _comment.user_task_id == task.id
    )
    return keyset.fetch(
        session,
        query,
        page,
        sortable={"created_at": _comment.created_at},
        default_sort="created_at",
        identity=_comment.id,
        build=lambda row: Comment(**row),
    )
