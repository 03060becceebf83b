"""What becomes of the user tasks of people who may not do them any more: they go back to their candidates.

The instances are locked first and the people after them, as a claim does it, so that no two commands wait for each
other: `lock_instances`, then the people, then the change, then `release`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.permissions import Actor, Performer
from app.storage import events, process_instances, tables, user_tasks
from app.storage.events import NewEvent
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import OPEN, UserTask

_task = tables.user_task.c

Instances = Mapping[UUID, ProcessInstance]


@dataclass(frozen=True, slots=True)
class Loss:
    """That somebody may act no longer."""

    username: str
    #: or no longer in this role
    role: str | None = None

    @property
    def reason(self) -> str:
        """As the event of a release gives it."""
        return "assignee_deactivated" if self.role is None else "role_revoked"

    def takes(self, task: UserTask) -> bool:
        """Whether an open user task cannot stay with whoever has it."""
        if self.role is None:
            return self.username in {task.assignee, task.on_behalf_of}
        by_role = task.candidates is None and task.role == self.role
        return by_role and self.username == (task.on_behalf_of or task.assignee)


def lock_instances(session: Session, losses: Collection[Loss]) -> Instances:
    """Lock the instances with open user tasks that these losses take away."""
    affected = sorted({task.process_instance_id for task in _taken(session, losses)})
    return {instance_id: process_instances.load_for_update(session, instance_id) for instance_id in affected}


def release(
    session: Session, losses: Collection[Loss], locked: Instances, *, actor: Actor, now: datetime
) -> list[UserTask]:
    """Give the user tasks back to their candidates, with an event in each instance. The people are locked by now.

    Raises:
        Unavailable: one of them took a task of another instance after the instances were locked.
    """
    taken: defaultdict[UUID, list[UserTask]] = defaultdict(list)
    for task in _taken(session, losses):
        taken[task.process_instance_id].append(task)
    if taken.keys() - locked.keys():
        # To lock one more instance now could make its command and this one wait for each other.
        raise Unavailable("They took another user task in this very moment. Try again.")
    for instance_id, tasks in taken.items():
        instance = locked[instance_id]
        story = [_release(session, task, losses) for task in tasks]
        moment = max(now, instance.last_event_at)
        process_instances.record(session, instance, story, performer=Performer(actor), now=moment)
    return [task for tasks in taken.values() for task in tasks]


def _release(session: Session, task: UserTask, losses: Collection[Loss]) -> NewEvent:
    released = user_tasks.release(session, task)
    loss = next(loss for loss in losses if loss.takes(task))
    return events.task_event("user_task_released", released, former_assignee=task.assignee, reason=loss.reason)


def _taken(session: Session, losses: Collection[Loss]) -> list[UserTask]:
    if not losses:
        return []
    by_role: defaultdict[str | None, set[str]] = defaultdict(set)
    for loss in losses:
        by_role[loss.role].add(loss.username)
    affected = or_(*(_affected(role, usernames) for role, usernames in by_role.items()))
    rows = session.execute(select(tables.user_task).where(_task.state == OPEN, affected).order_by(_task.id))
    return [UserTask(**row) for row in rows.mappings()]


def _affected(role: str | None, usernames: Collection[str]) -> ColumnElement[bool]:
    """`Loss.takes` in the words of the database."""
    if role is None:
        return or_(_task.assignee.in_(usernames), _task.on_behalf_of.in_(usernames))
    in_whose_name = func.coalesce(_task.on_behalf_of, _task.assignee)
    return and_(_task.role == role, _task.candidates.is_(None), in_whose_name.in_(usernames))
