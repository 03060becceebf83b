"""User tasks: one row for each open or finished one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.engine.definitions import Definition
from app.engine.step import OpenUserTask
from app.errors import UserTaskNotFound
from app.permissions import Actor, Ground, Performer, Principal
from app.storage import tables

OPEN, COMPLETED, CANCELLED = "open", "completed", "cancelled"
#: the columns of a task that nobody has claimed
UNASSIGNED: Mapping[str, Any] = {"assignee": None, "claimed_at": None, "on_behalf_of": None, "basis": None}


@dataclass(frozen=True, slots=True)
class UserTask:
    """A user task of an instance."""

    process_instance_id: UUID
    id: UUID
    #: the engine's own id of it
    element_task_id: UUID
    element_id: str
    name: str
    #: the lane's name
    role: str
    #: the n-th pass of the element, from 1
    round: int
    state: str
    #: usernames that `lane_owners` names instead of the role; None: whoever holds the role
    candidates: Sequence[str] | None
    assignee: str | None
    draft: Mapping[str, Any] | None
    revision: int
    created_at: datetime
    due_at: datetime | None
    claimed_at: datetime | None
    completed_at: datetime | None
    #: who really acted
    completed_by: str | None
    #: in whose name it was claimed or completed, and the letter that allowed it
    on_behalf_of: str | None
    basis: str | None
    #: in which version it was finished, where the instance has moved to another since; None: in that of the instance
    process_definition_id: UUID | None

    @property
    def is_open(self) -> bool:
        """Whether it waits to be done."""
        return self.state == OPEN

    def has_candidate(self, username: str, roles: frozenset[str]) -> bool:
        """Whether this person may do it: exactly those named, or else the holders of the role."""
        return username in self.candidates if self.candidates is not None else self.role in roles

    def relations_of(self, actor: Actor) -> set[Ground]:
        """In which relations the actor stands to the task, for the table of permissions."""
        relations = set()
        if any(self.has_candidate(person.username, person.roles) for person in actor.persons):
            relations.add(Ground.CANDIDATE)
            # Whoever may not do it any more decides nothing about it.
            if actor.username in {self.assignee, self.on_behalf_of}:
                relations.add(Ground.ASSIGNEE)
        return relations


_task = tables.user_task.c
# Built once: SQLAlchemy takes longer to build a statement than to run it.
_BY_ID = select(tables.user_task).where(_task.id == bindparam("task_id"))
_OPEN = select(tables.user_task).where(_task.state == OPEN).order_by(_task.created_at, _task.id)
_OPEN_OF_ONE = _OPEN.where(_task.process_instance_id == bindparam("instance_id"))
_OPEN_OF_MANY = _OPEN.where(_task.process_instance_id.in_(bindparam("instance_ids", expanding=True)))
_INSERT = insert(tables.user_task)
_UPDATE = update(tables.user_task).where(
    _task.process_instance_id == bindparam("instance_id"), _task.id == bindparam("task_id")
)


def get(session: Session, task_id: UUID) -> UserTask:
    """One user task.

    Raises:
        UserTaskNotFound
    """
    row = session.execute(_BY_ID, {"task_id": task_id}).mappings().one_or_none()
    if row is None:
        raise UserTaskNotFound
    return UserTask(**row)


def open_of_instances(session: Session, instance_ids: Sequence[UUID]) -> dict[UUID, list[UserTask]]:
    """The open user tasks of each of these instances, oldest first."""
    found: dict[UUID, list[UserTask]] = {instance_id: [] for instance_id in instance_ids}
    for row in session.execute(_OPEN_OF_MANY, {"instance_ids": instance_ids}).mappings():
        found[row["process_instance_id"]].append(UserTask(**row))
    return found


def all_open(session: Session) -> Iterator[UserTask]:
    """Every open user task, oldest first."""
    return (UserTask(**row) for row in session.execute(_OPEN).mappings())


def open_of(session: Session, instance_id: UUID) -> list[UserTask]:
    """The open user tasks of one instance, oldest first."""
    return [UserTask(**row) for row in session.execute(_OPEN_OF_ONE, {"instance_id": instance_id}).mappings()]


def change(session: Session, task: UserTask, **values: Any) -> UserTask:
    """Write some columns of a task and count its revision up."""
    values["revision"] = task.revision + 1
    session.execute(_UPDATE, values | {"instance_id": task.process_instance_id, "task_id": task.id})
    return replace(task, **values)


def assign(
    session: Session, task: UserTask, assignee: str, now: datetime, *, in_name_of: Principal | None = None
) -> UserTask:
    """Give a task to somebody, who may have it in another's name."""
    name, letter = (None, None) if in_name_of is None else (in_name_of.username, in_name_of.letter)
    return change(session, task, assignee=assignee, claimed_at=now, on_behalf_of=name, basis=letter)


def release(session: Session, task: UserTask) -> UserTask:
    """Give a task back to its candidates."""
    return change(session, task, **UNASSIGNED)


def close(session: Session, task: UserTask, performer: Performer, now: datetime) -> UserTask:
    """Mark a task as completed."""
    return change(
        session,
        task,
        state=COMPLETED,
        assignee=performer.username,
        claimed_at=task.claimed_at or now,
        completed_at=now,
        completed_by=performer.username,
        on_behalf_of=performer.on_behalf_of,
        basis=performer.basis,
        draft=None,
    )


@dataclass(frozen=True, slots=True)
class Replaced:
    """How the open user tasks of an instance changed."""

    opened: list[UserTask]
    cancelled: list[UserTask]
    #: still open, with other candidates: before and after
    renewed: list[tuple[UserTask, UserTask]]
    #: all that are open now, oldest first
    open: list[UserTask]


def replace_open(
    session: Session,
    instance_id: UUID,
    definition: Definition,
    was_open: Sequence[UserTask],
    now_open: Sequence[OpenUserTask],
    now: datetime,
) -> Replaced:
    """Make the rows agree with what the engine says is open: add, cancel, and renew the candidates."""
    by_engine_id = {task.element_task_id: task for task in was_open}
    kept: list[tuple[UserTask, UserTask]] = []
    opened: list[UserTask] = []
    for wanted in now_open:
        task = by_engine_id.pop(wanted.element_task_id, None)
        if task is None:
            opened.append(_new(instance_id, definition, wanted, now))
        else:
            kept.append((task, _with_candidates(session, task, wanted.candidates)))
    if opened:
        session.execute(_INSERT, [_values(task) for task in opened])
    cancelled = cancel_open(session, list(by_engine_id.values()), now)
    renewed = [(before, after) for before, after in kept if before is not after]
    return Replaced(opened, cancelled, renewed, [after for _, after in kept] + opened)


def cancel_open(session: Session, was_open: Sequence[UserTask], now: datetime) -> list[UserTask]:
    """Cancel these open tasks."""
    return [change(session, task, state=CANCELLED, completed_at=now) for task in was_open]


def _new(instance_id: UUID, definition: Definition, wanted: OpenUserTask, now: datetime) -> UserTask:
    element = definition.user_tasks[wanted.element_id]
    return UserTask(
        process_instance_id=instance_id,
        id=uuid7(),
        element_task_id=wanted.element_task_id,
        element_id=wanted.element_id,
        name=element.name,
        role=element.role,
        round=wanted.round,
        state=OPEN,
        candidates=None if wanted.candidates is None else list(wanted.candidates),
        assignee=None,
        draft=None,
        revision=1,
        created_at=now,
        due_at=None,
        claimed_at=None,
        completed_at=None,
        completed_by=None,
        on_behalf_of=None,
        basis=None,
        process_definition_id=None,
    )


def _values(task: UserTask) -> dict[str, Any]:
    return {name: getattr(task, name) for name in _task.keys()}  # noqa: SIM118 - a column collection, not a dict


def _with_candidates(session: Session, task: UserTask, candidates: tuple[str, ...] | None) -> UserTask:
    wanted = None if candidates is None else list(candidates)
    if task.candidates == wanted:
        return task
    # Whoever was assigned may go on only if named: who merely holds the role may no longer be a candidate.
    keeps_it = task.assignee is None or {task.assignee, task.on_behalf_of} & set(wanted or ())
    released = {} if keeps_it else UNASSIGNED
    return change(session, task, candidates=wanted, **released)
