"""Lists of user tasks: inboxes, and what the audit team looks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import json_search, keyset, participants, tables
from app.storage.user_tasks import UserTask

_task = tables.user_task.c


@dataclass(frozen=True, slots=True)
class UserTaskFilter:
    """Which user tasks are wanted; what is None does not matter."""

    state: str | None = None
    assignee: str | None = None
    #: a person who could do it, or who stands in for one who could
    candidate: Actor | None = None
    process_instance_id: UUID | None = None
    element_id: str | None = None
    role: str | None = None
    due_before: datetime | None = None


def search(
    session: Session, page: keyset.Page, wanted: UserTaskFilter, visible_to: Actor | None
) -> keyset.Slice[UserTask]:
    """User tasks, oldest first; only of instances that `visible_to` may know of (None: of all)."""
    return keyset.fetch(
        session,
        _filtered(wanted, visible_to),
        page,
        sortable={
            "created_at": _task.created_at,
            "element_id": _task.element_id,
            "name": _task.name,
            "role": _task.role,
            "round": _task.round,
            "state": _task.state,
        },
        default_sort="created_at",
        identity=_task.id,
        build=lambda row: UserTask(**row),
    )


def _filtered(wanted: UserTaskFilter, visible_to: Actor | None) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [true()]
    for name in ("state", "assignee", "process_instance_id", "element_id", "role"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(_task[name] == value)
    if wanted.due_before is not None:
        conditions.append(_task.due_at < wanted.due_before)
    if wanted.candidate is not None:
        conditions.append(_can_do(wanted.candidate))
    if visible_to is not None:
        conditions.append(participants.may_know(_task.process_instance_id, visible_to))
    return select(tables.user_task).where(and_(*conditions))


def _can_do(actor: Actor) -> ColumnElement[bool]:
    roles = {role for person in actor.persons for role in person.roles}
    by_role = and_(_task.candidates.is_(None), _task.role.in_(roles))
    return or_(by_role, *(json_search.array_has(_task.candidates, person.username) for person in actor.persons))
