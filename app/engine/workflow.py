"""SpiffWorkflow's running process, held to this engine's rules."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine import clock  # noqa: F401  (SpiffWorkflow must ask our clock before anything runs)
from app.engine.expressions import ExpressionError, SafeEnvironment
from app.engine.timers import require_time, timers_of
from app.errors import ProcessStuck

# SpiffWorkflow describes every change of state to these loggers, which takes longer than the change
for _name in ("spiff.task", "spiff.workflow", "spiff.data"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def _inherit_data(task: Task) -> None:
    """Take over the variables of the task above, sharing their values: they are replaced, never changed in place.

    SpiffWorkflow copies and mixes them, list item by list item, whenever a waiting task is asked again.
    """
    task.data.update(task.parent.data)


Task._inherit_data = _inherit_data


def _predict_nothing(_spec: TaskSpec, _task: Task, *_: Any, **__: Any) -> None:
    """Leave the future open: nothing here reads it.

    SpiffWorkflow hangs every way that a token may take into the tree, and of what lies behind a join one copy for each
    flow into it: each parallel block doubles or trebles the tree.
    """


_carry_out = TaskSpec._run


def _run(spec: TaskSpec, task: Task) -> Any:
    """Carry out a task, with the tasks that follow it, which have not been predicted, in the tree."""
    spec._predict_hook(task)
    return _carry_out(spec, task)


TaskSpec._predict = _predict_nothing
TaskSpec._run = _run


class SafeScriptEngine(PythonScriptEngine):
    """Evaluates in the safe environment only, and knows the element where an expression fails."""

    def __init__(self) -> None:
        super().__init__(SafeEnvironment())

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        """The value of an expression over a task's variables."""
        try:
            value = self.environment.evaluate(expression, task.data, external_context)
        except ExpressionError as error:
            raise expression_failed(task, error) from error
        require_time(task, expression, value)
        return value

    def execute(self, task: Task, script: str, external_context: Any = None) -> Any:
        """Run a script on a task's variables."""
        try:
            return self.environment.execute(script, task.data, external_context)
        except ExpressionError as error:
            raise expression_failed(task, error) from error


def element_id(task: Task) -> str:
    """The id, in the diagram, of the task's element; of the enclosing process for SpiffWorkflow's own tasks."""
    return str(task.task_spec.bpmn_id or task.workflow.spec.name)


def expression_failed(task: Task, error: ExpressionError) -> ProcessStuck:
    """An expression's own words, with the element where it stands."""
    return ProcessStuck("expression_failed", element_id(task), f"An expression cannot be evaluated: {error.reason}.")


class _OnlyFireTimersFiresTimers:
    """Keeps time from passing by the way.

    SpiffWorkflow asks all waiting tasks again whenever any task completes, and a timer that is due would fire then:
    an overdue deadline could close the very task that is being completed.
    """

    tasks: dict[Any, Task]

    def update_waiting_tasks(self) -> None:
        """Ask the waiting tasks again, in the order in which they began to wait."""
        waiting = [
            task for task in self.tasks.values() if task.state == TaskState.WAITING and not timers_of(task.task_spec)
        ]
        for task in sorted(waiting, key=lambda task: task.last_state_change):
            if task.state == TaskState.WAITING:
                task.task_spec._update(task)


class SubProcess(_OnlyFireTimersFiresTimers, BpmnSubWorkflow):
    """A subprocess, or a called process, at work."""


class Process(_OnlyFireTimersFiresTimers, BpmnWorkflow):
    """A process instance at work."""

    def __init__(self, spec: Any, subprocess_specs: Any, **options: Any) -> None:
        #: how often each user task and gateway was reached, by element id
        self.rounds: Counter[str] = Counter()
        #: ids of the sequence flows that tokens have taken in this command, in their order
        self.flows: list[str] = []
        #: the end event with an error that nothing caught
        self.failure: Task | None = None
        super().__init__(spec, subprocess_specs, script_engine=SafeScriptEngine(), **options)

    def create_subprocess(self, my_task: Task, spec_name: str) -> SubProcess:
        """Set a subprocess to work for the task."""
        subprocess = SubProcess(self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = subprocess
        return subprocess

    def all_tasks(self) -> Iterator[Task]:
        """The tasks of the process and of all its subprocesses.

        A subprocess whose activity was taken off the tree is left out: SpiffWorkflow forgets to end it.
        """
        workflows: list[Any] = [self]
        for workflow in workflows:
            yield from workflow.tasks.values()
            workflows += [self.subprocesses[task_id] for task_id in workflow.tasks if task_id in self.subprocesses]

    def waiting_events(self) -> list[Task]:
        """The tasks that wait for something to happen outside."""
        waiting = (task for task in self.all_tasks() if task.state == TaskState.WAITING)
        return [task for task in waiting if isinstance(task.task_spec, CatchingEvent)]

    def waiting_timers(self) -> list[Task]:
        """The tasks that wait for a point in time."""
        return [task for task in self.waiting_events() if timers_of(task.task_spec)]

    def conclude(self, variables: dict[str, Any]) -> None:
        """End the instance with these variables: whatever is still at work is cancelled."""
        self.cancel()
        self.task_tree.data = variables
        self.last_task = self.task_tree
