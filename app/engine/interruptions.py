"""Events that end what goes on around them, without losing what people have entered there.

Errors and escalations look for their catcher outward, from the subprocess that throws them (BPMN 2.0.2, section 10.5);
SpiffWorkflow offers them to every boundary event of the instance, also to those of other subprocesses. And where an
activity is interrupted or a process terminated, SpiffWorkflow drops the variables that were changed in it.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent as SpiffBoundaryEvent
from SpiffWorkflow.bpmn.specs.defaults import EndEvent as SpiffEndEvent
from SpiffWorkflow.bpmn.specs.defaults import IntermediateThrowEvent as SpiffIntermediateThrowEvent
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import CodeEventDefinition, ErrorEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.flows import note_flows
from app.engine.merging import merged
from app.engine.variables import variables_at, variables_of


class _ThrowsOutward:
    """Throws errors and escalations to the activities around it; other events as SpiffWorkflow does."""

    event_definition: Any

    def _run_hook(self, my_task: Task) -> bool:
        definition = self.event_definition
        if isinstance(definition, TerminateEventDefinition):
            my_task.data = variables_of(my_task.workflow)
        if not isinstance(definition, CodeEventDefinition):
            return bool(super()._run_hook(my_task))  # type: ignore[misc]
        event = BpmnEvent(definition)
        if (catcher := _catcher(my_task, event)) is not None:
            if definition.expression is not None:
                event.payload = my_task.workflow.script_engine.evaluate(my_task, definition.expression)
            catcher.task_spec.catch(catcher, event)
            catcher.task_spec._update(catcher)
        elif isinstance(definition, ErrorEventDefinition):
            my_task.workflow.top_workflow.failure = my_task
        return True


class EndEvent(_ThrowsOutward, SpiffEndEvent):
    """An end event."""


class IntermediateThrowEvent(_ThrowsOutward, SpiffIntermediateThrowEvent):
    """An intermediate throw event."""


class BoundaryEvent(SpiffBoundaryEvent):
    """A boundary event, which takes along what was changed in the activity that it interrupts."""

    def _run_hook(self, my_task: Task) -> bool:
        done = bool(super()._run_hook(my_task))
        if self.cancel_activity:
            beside = my_task.parent.children
            activities = [task for task in beside if not isinstance(task.task_spec, SpiffBoundaryEvent)]
            my_task.data = merged(my_task.parent.data, [*map(variables_at, activities), my_task.data])
        return done

    def _update_hook(self, my_task: Task) -> bool:
        fired = bool(super()._update_hook(my_task))
        if isinstance(self.event_definition, CycleTimerEventDefinition) and my_task.children:
            self._set_apart(my_task)
        return fired

    def _set_apart(self, repeating: Task) -> None:
        """Give what a repeating timer has started a place of its own, beside the timer.

        SpiffWorkflow hangs it below the timer that goes on waiting; it would be lost with the timer when the activity
        ends, and with it the open user tasks.
        """
        firing = repeating.parent._add_child(self, TaskState.WAITING)
        firing.data = dict(repeating.data)
        for child in repeating.children:
            if isinstance(child.task_spec, BoundaryEventJoin):
                repeating.workflow._remove_task(child.id)
            else:
                child.parent = firing
        firing.children, repeating.children = repeating.children, []
        firing._set_state(TaskState.COMPLETED)
        note_flows(firing)


def _catcher(thrower: Task, event: BpmnEvent) -> Task | None:
    """The boundary event of the nearest enclosing activity that catches the event."""
    workflow = thrower.workflow
    while workflow.parent_task_id is not None:
        activity = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        for boundary in _boundary_events(activity):
            if boundary.state == TaskState.WAITING and boundary.task_spec.catches(boundary, event):
                return boundary
        workflow = activity.workflow
    return None


def _boundary_events(activity: Task) -> list[Task]:
    """What stands beside an activity, or beside the loop that it is an instance of."""
    while activity.triggered:
        activity = activity.parent
    beside = activity.parent
    return list(beside.children) if isinstance(beside.task_spec, BoundaryEventSplit) else []
