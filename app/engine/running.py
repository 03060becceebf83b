"""Run a process until it rests: until only people, timers and messages can move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from SpiffWorkflow.bpmn.exceptions import WorkflowDataException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.expressions import ExpressionError
from app.engine.flows import note_flows
from app.engine.workflow import Process, element_id, expression_failed
from app.errors import ProcessStuck

#: Engine steps of one command. SpiffWorkflow sees no deeper than 1,000 tasks, and no step goes deeper by more than one.
MAX_STEPS = 800


def run_to_rest(process: Process) -> None:
    """Carry out every task that needs no person, in the order in which they became ready.

    Raises:
        ProcessStuck
    """
    for _ in range(MAX_STEPS):
        task = _next_task(process)
        if process.failure is not None or task is None:
            break
        run(task)
    else:
        detail = f"The process did not come to rest within {MAX_STEPS} steps: it goes round and round."
        raise ProcessStuck("too_many_steps", element_id(task), detail)
    process.bpmn_events.clear()
    if process.failure is None and not process.completed:
        _require_something_to_wait_for(process)


def run(task: Task) -> None:
    """Carry out one task.

    Raises:
        ProcessStuck
    """
    with stuck_at(task):
        task.run()
        note_flows(task)
        _tell_activity(task)


@contextmanager
def stuck_at(task: Task) -> Iterator[None]:
    """Tell whatever SpiffWorkflow raises as a problem of an element: of the task's, unless it names another."""
    try:
        yield
    except ProcessStuck:
        raise
    except ExpressionError as error:
        raise expression_failed(task, error) from error
    except WorkflowDataException as error:
        detail = "A variable that it reads is missing."
        raise ProcessStuck("variable_missing", element_id(error.task), detail) from error
    except Exception as error:
        culprit = getattr(error, "task", None) or task
        raise ProcessStuck("engine_failed", element_id(culprit), "It cannot be carried out as drawn.") from error


def _tell_activity(task: Task) -> None:
    """Let the activity go on whose subprocess has ended with this task."""
    workflow = task.workflow
    if workflow.completed and workflow.parent_task_id is not None:
        activity = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        activity.task_spec._update(activity)


def _next_task(process: Process) -> Task | None:
    ready = (task for task in process.all_tasks() if task.state == TaskState.READY and not task.task_spec.manual)
    return min(ready, key=lambda task: task.last_state_change, default=None)


def _require_something_to_wait_for(process: Process) -> None:
    """A process that waits only for itself would wait for ever."""
    if not process.waiting_events() and all(task.state != TaskState.READY for task in process.all_tasks()):
        joins = [task for task in process.all_tasks() if task.state == TaskState.WAITING]
        at = element_id(joins[0]) if joins else process.spec.name
        raise ProcessStuck("join_never_completes", at, "It waits for a branch that never comes.")
