"""What happened while a command ran, told by comparing the tasks before and after, while all of them are still there.

User tasks are left out: who opened, completed or cancelled one follows from the open user tasks before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.definitions import Definition
from app.engine.expressions import compile_expression
from app.engine.gateways import Decision
from app.engine.step import EngineEvent
from app.engine.workflow import Process

States = Mapping[UUID, int]


def states_of(process: Process) -> States:
    """The state of every task, to compare with later."""
    return {task.id: task.state for task in process.all_tasks()}


def events_since(before: States, process: Process, definition: Definition) -> tuple[EngineEvent, ...]:
    """Decisions and timers, in the order in which they happened."""
    changed = [task for task in process.all_tasks() if task.state != before.get(task.id)]
    changed.sort(key=lambda task: task.last_state_change)
    return tuple(event for task in changed for event in _events(task, process, definition))


def _events(task: Task, process: Process, definition: Definition) -> Iterator[EngineEvent]:
    if task.state != TaskState.COMPLETED:
        return
    if (timer := _timer(task)) is not None:
        yield EngineEvent("timer_fired", timer, definition.element_names.get(timer), None)
    if isinstance(task.task_spec, Decision) and len(task.task_spec.flows) > 1:
        yield _decided(task, process, definition)


def _timer(task: Task) -> str | None:
    """The element that a timer has completed: a timer event, or one that an event-based gateway waited for."""
    spec: Any = task.task_spec
    caught = getattr(spec, "event_definition", None)
    if task.parent is not None and isinstance(gateway := task.parent.task_spec, EventBasedGateway):
        caught = gateway.event_definition.event_definitions[gateway._outputs.index(spec.name)]
    # a repeating timer is used up when it completes; each of its firings was a task of its own
    used_up = "event_value" in task.internal_data and isinstance(caught, CycleTimerEventDefinition)
    return str(spec.bpmn_id) if isinstance(caught, TimerEventDefinition) and not used_up else None


def _decided(task: Task, process: Process, definition: Definition) -> EngineEvent:
    spec: Any = task.task_spec
    process.rounds[spec.bpmn_id] += 1
    taken = [flow for flow in spec.flows if flow.flow_id in task.internal_data["flows"]]
    conditions = [flow.condition for flow in spec.flows if flow.condition is not None]
    read = {name for condition in conditions for name in compile_expression(condition).names}
    payload = {
        "flows": [
            {"id": flow.flow_id, "name": definition.element_names.get(flow.flow_id), "condition": flow.condition}
            for flow in taken
        ],
        "variables": {name: task.data[name] for name in sorted(read) if name in task.data},
    }
    name = definition.element_names.get(spec.bpmn_id)
    return EngineEvent("gateway_decided", spec.bpmn_id, name, process.rounds[spec.bpmn_id], payload)
