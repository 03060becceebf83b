"""What a running process waits for: its open user tasks and its timers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.merging import Data
from app.engine.step import OpenUserTask
from app.engine.timers import due_at
from app.engine.workflow import Process


class LaneOwnersMalformed(Exception):
    """lane_owners must give each lane a list of at least one user name, as in {"Tim": ["siti", "budi"]}"""


def number_rounds(process: Process) -> None:
    """Give each user task that has just opened the number of its round."""
    for task in _open(process):
        if "round" not in task.internal_data:
            process.rounds[task.task_spec.bpmn_id] += 1
            task.internal_data["round"] = process.rounds[task.task_spec.bpmn_id]


def open_user_tasks(process: Process, variables: Data) -> tuple[OpenUserTask, ...]:
    """The user tasks that wait for a person, in the order in which they opened.

    Raises:
        LaneOwnersMalformed
    """
    owners = variables.get("lane_owners", {})
    if not (isinstance(owners, dict) and all(_are_names(names) for names in owners.values())):
        raise LaneOwnersMalformed
    return tuple(
        OpenUserTask(
            element_task_id=task.id,
            element_id=task.task_spec.bpmn_id,
            round=task.internal_data["round"],
            candidates=tuple(dict.fromkeys(owners[lane])) if (lane := task.task_spec.lane) in owners else None,
        )
        for task in _open(process)
    )


def _open(process: Process) -> list[Task]:
    opened = [task for task in process.all_tasks() if task.state == TaskState.READY and task.task_spec.manual]
    return sorted(opened, key=lambda task: task.last_state_change)


def _are_names(names: Any) -> bool:
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) and name for name in names)


def next_due_at(process: Process) -> datetime | None:
    """When the next of all waiting timers fires."""
    return min((due for timer in process.waiting_timers() if (due := due_at(timer)) is not None), default=None)
