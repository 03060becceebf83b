"""What moving a process instance to another version of its process asks for, and what it writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.engine.definitions import Definition
from app.engine.step import OpenUserTask, Step
from app.errors import FieldError, NothingToMigrate, ParameterRefused, ProcessInstanceNotActive
from app.permissions import Performer
from app.storage import access, events, participants, people, process_instances, tables, user_tasks
from app.storage.consequences import consequences
from app.storage.events import NewEvent
from app.storage.process_definitions import ProcessDefinition
from app.storage.process_instances import ACTIVE, SUSPENDED, ProcessInstance
from app.storage.user_tasks import OPEN, UserTask

_task = tables.user_task.c
_IDENTITY = ("element_id", "name", "role")
_CHANGEABLE = (*_IDENTITY, "candidates", *user_tasks.UNASSIGNED)


@dataclass(frozen=True, slots=True)
class MovedTask:
    """An open user task, in the version that it was opened in and in the other."""

    before: UserTask
    after: UserTask

    @property
    def changes(self) -> dict[str, Any]:
        """The columns that differ, as they become."""
        changed = (name for name in _CHANGEABLE if getattr(self.before, name) != getattr(self.after, name))
        return {name: getattr(self.after, name) for name in changed}


def require_movable(session: Session, instance: ProcessInstance, target: ProcessDefinition) -> None:
    """Refuse to move what has ended, or is there already, or runs another process.

    Raises:
        ProcessInstanceNotActive, NothingToMigrate, ParameterRefused
    """
    if instance.status not in (ACTIVE, SUSPENDED):
        raise ProcessInstanceNotActive(f"The process instance was {access.how_it_came(session, instance)}.")
    if instance.process_definition_id == target.id:
        raise NothingToMigrate
    if instance.key != target.key:
        reason = f"It is a version of {target.key}; the process instance runs {instance.key}."
        raise ParameterRefused(errors=[FieldError("/target_process_definition_id", "other_process", reason)])


def moved_tasks(
    session: Session, open_tasks: Sequence[UserTask], still_open: Sequence[OpenUserTask], definition: Definition
) -> list[MovedTask]:
    """What becomes of the open user tasks in another version. Whoever has one and is no candidate for it loses it."""
    wanted = {task.element_task_id: task for task in still_open}
    moved = []
    for task in open_tasks:
        if (becomes := wanted.get(task.element_task_id)) is not None:
            element = definition.user_tasks[becomes.element_id]
            candidates = None if becomes.candidates is None else list(becomes.candidates)
            after = replace(
                task, element_id=element.element_id, name=element.name, role=element.role, candidates=candidates
            )
            moved.append(
                MovedTask(task, after if _is_kept(session, after) else replace(after, **user_tasks.UNASSIGNED))
            )
    return moved


def _is_kept(session: Session, task: UserTask) -> bool:
    usernames = {name for name in (task.assignee, task.on_behalf_of) if name is not None}
    persons = people.by_username(session, usernames).values() if usernames else ()
    return not usernames or any(p.active and task.has_candidate(p.username, p.roles) for p in persons)


def save(
    session: Session,
    instance: ProcessInstance,
    open_tasks: Sequence[UserTask],
    target: ProcessDefinition,
    definition: Definition,
    step: Step,
    mapping: Mapping[str, str],
    *,
    performer: Performer,
    now: datetime,
) -> ProcessInstance:
    """Pin an instance to another version, where the engine has moved it to. What was finished stays of the old one."""
    _keep_version_of_finished_tasks(session, instance)
    moved = moved_tasks(session, open_tasks, step.open_user_tasks, definition)
    kept = {each.before.id: user_tasks.change(session, each.before, **each.changes) for each in moved if each.changes}
    was_open = [kept.get(task.id, task) for task in open_tasks]
    tasks = user_tasks.replace_open(session, instance.id, definition, was_open, step.open_user_tasks, now)
    participants.enter(session, instance.id, definition.roles, step.variables.get("lane_owners") or {})
    task_events = [event for each in moved for event in _task_events(each)]
    process_instances.record(
        session,
        instance,
        [_migrated(instance, target, step, mapping), *task_events, *consequences(step, tasks)],
        performer=performer,
        now=now,
        moved_to=target,
        state=step.state,
        status=instance.status if step.status == ACTIVE else step.status,
        variables=step.variables,
        next_due_at=step.next_due_at,
    )
    return process_instances.get(session, instance.id)


def _keep_version_of_finished_tasks(session: Session, instance: ProcessInstance) -> None:
    finished = update(tables.user_task).where(
        _task.process_instance_id == instance.id, _task.state != OPEN, _task.process_definition_id.is_(None)
    )
    session.execute(finished.values(process_definition_id=instance.process_definition_id))


def _migrated(instance: ProcessInstance, target: ProcessDefinition, step: Step, mapping: Mapping[str, str]) -> NewEvent:
    left = {
        "id": str(instance.process_definition_id),
        "key": instance.key,
        "version": instance.version,
        "sha256": instance.definition_sha256,
        "fingerprint": instance.fingerprint,
    }
    told = {"from": left, "to": target.as_told | {"id": str(target.id)}, "mapping": dict(mapping)}
    return NewEvent("process_instance_migrated", told | {"changes": step.changes_as_json(), "flows": list(step.flows)})


def _task_events(moved: MovedTask) -> Iterator[NewEvent]:
    before, after = moved.before, moved.after
    if any(name in moved.changes for name in _IDENTITY):
        old, new = ({name: getattr(task, name) for name in _IDENTITY} for task in (before, after))
        yield events.task_event("user_task_moved", after, old=old, new=new)
    if "candidates" in moved.changes:
        yield events.task_event("user_task_candidates_changed", after, old=before.candidates, new=after.candidates)
    if "assignee" in moved.changes:
        yield events.task_event(
            "user_task_released", after, former_assignee=before.assignee, reason="no_candidate_any_more"
        )
