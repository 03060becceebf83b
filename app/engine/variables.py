"""The process variables, which belong to the instance, gathered from the branches that each hold their own copy."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.gateways import live_tasks
from app.engine.merging import Data, merged_branches


def variables_of(workflow: Any) -> Data:
    """What all branches at work in a process or subprocess have changed, taken together; at its end, what it left."""
    if workflow.completed:
        return dict(workflow.last_task.data)
    tips = [task for task in live_tasks(workflow) if not _is_instance(task)]
    return merged_branches(tips, variables_at)


def _is_instance(task: Task) -> bool:
    """Whether it is an instance of a loop, which knows best what its instances contribute."""
    return task.triggered and isinstance(task.parent.task_spec, LoopTask)


def variables_at(task: Task) -> Data:
    """The variables of a task, with what has been changed so far inside the activity that it stands for."""
    if task.state == TaskState.STARTED:
        if isinstance(task.task_spec, LoopTask):
            return dict(task.task_spec.outcome(task, variables_at))
        if (subprocess := task.workflow.top_workflow.subprocesses.get(task.id)) is not None:
            return variables_of(subprocess)
    return dict(task.data)
