"""Start a process instance, complete one of its user tasks, fire its timers: each runs to the next rest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine import clock
from app.engine.codec import StateTooLarge, decode, encode
from app.engine.definitions import Definition
from app.engine.history import events_since, states_of
from app.engine.merging import Data, same
from app.engine.outlook import LaneOwnersMalformed, next_due_at, number_rounds, open_user_tasks
from app.engine.running import run, run_to_rest, stuck_at
from app.engine.step import Change, EngineEvent, OpenUserTask, Step, Variables
from app.engine.timers import due_at
from app.engine.variables import variables_of
from app.engine.workflow import Process
from app.errors import ProcessStuck

#: SpiffWorkflow fires a timer after its due time, not at it
_JUST_AFTER = timedelta(microseconds=1)


def start(definition: Definition, values: Variables, now: datetime) -> Step:
    """Start an instance with the values of the start form.

    Raises:
        ProcessStuck
    """
    if not any(isinstance(event.event_definition, NoneEventDefinition) for event in definition.spec.bpmn_start_events):
        raise ProcessStuck("no_start_event", definition.key, "The process has no start event that people can trigger.")
    with clock.at(now):
        process = Process(definition.spec, definition.subprocess_specs)
        process.task_tree.data = dict(values)
        return take_step(definition, process, definition.key, {}, lambda: run_to_rest(process))


def complete_user_task(
    definition: Definition, state: bytes, element_task_id: UUID, values: Variables, now: datetime
) -> Step:
    """Complete an open user task with values that its form has accepted; each replaces the variable of its name.

    Timers that are due do not fire here, lest an overdue deadline eat the completion: that is for `fire_timers`.

    Raises:
        ProcessStuck, StateUnreadable
    """
    with clock.at(now):
        process = decode(definition, state)
        task = _open_user_task(process, element_task_id)

        def command() -> None:
            task.data = {**task.data, **values}
            run(task)
            run_to_rest(process)

        return take_step(definition, process, task.task_spec.bpmn_id, variables_of(process), command)


def fire_timers(definition: Definition, state: bytes, now: datetime) -> Step:
    """Fire the timers that are due, the earliest first. One that has missed several of its times fires once.

    Raises:
        ProcessStuck, StateUnreadable
    """
    with clock.at(now):
        process = decode(definition, state)
        due = [(moment, timer) for timer in process.waiting_timers() if (moment := due_at(timer)) and moment <= now]

        def command() -> None:
            for _, timer in sorted(due, key=lambda pair: (pair[0], pair[1].last_state_change)):
                # an earlier one may have taken it along
                if timer in process.waiting_timers():
                    _fire(timer, now)
                    run_to_rest(process)

        return take_step(definition, process, definition.key, variables_of(process), command)


def _open_user_task(process: Process, element_task_id: UUID) -> Task:
    for task in process.all_tasks():
        if task.id == element_task_id and task.state == TaskState.READY and task.task_spec.manual:
            return task
    raise ProcessStuck("user_task_not_ready", process.spec.name, "This user task is not open.")


def _fire(timer: Task, now: datetime) -> None:
    with clock.at(now + _JUST_AFTER), stuck_at(timer):
        timer.task_spec._update(timer)
        # one that has fired for the last time has to be asked twice before it says so
        while timer.state == TaskState.WAITING and due_at(timer) is None:
            timer.task_spec._update(timer)


def take_step(
    definition: Definition, process: Process, element_id: str, variables_before: Data, command: Callable[[], None]
) -> Step:
    """Carry out a command, which is about the element, and gather what came of it."""
    states_before = states_of(process)
    process.flows.clear()
    command()
    number_rounds(process)
    variables = variables_of(process)
    events = (*events_since(states_before, process, definition), *_ending(process, definition))
    status = _status(process)
    if status != "active":
        process.conclude(variables)
    opened = _open_user_tasks(process, element_id, variables)
    changes = _changes(variables_before, variables)
    if "lane_owners" in changes:
        _require_lanes(definition, element_id, variables.get("lane_owners", {}))
    return Step(
        state=_encoded(process, element_id),
        status=status,
        variables=variables,
        changes=changes,
        open_user_tasks=opened,
        events=events,
        flows=tuple(process.flows),
        next_due_at=next_due_at(process),
    )


def _status(process: Process) -> Literal["active", "completed", "failed"]:
    if process.failure is not None:
        return "failed"
    return "completed" if process.completed else "active"


def _ending(process: Process, definition: Definition) -> tuple[EngineEvent, ...]:
    match _status(process):
        case "completed":
            return (EngineEvent("process_instance_completed", None, None, None),)
        case "failed" if process.failure is not None:
            spec = process.failure.task_spec
            payload = {"error_code": spec.event_definition.code, "error_name": spec.event_definition.name}
            return (EngineEvent("process_instance_failed", spec.bpmn_id, spec.bpmn_name, None, payload),)
    return ()


def _encoded(process: Process, element_id: str) -> bytes:
    try:
        return encode(process)
    except StateTooLarge as error:
        raise ProcessStuck("state_too_large", element_id, f"{error.__doc__}.") from error


def _open_user_tasks(process: Process, element_id: str, variables: Data) -> tuple[OpenUserTask, ...]:
    try:
        return open_user_tasks(process, variables)
    except LaneOwnersMalformed as error:
        raise ProcessStuck("lane_owners_malformed", element_id, f"{error.__doc__}.") from error


def _require_lanes(definition: Definition, element_id: str, owners: Collection[str]) -> None:
    """Refuse people for a lane that is not there: they would be bound to nothing, and others let in, without a word."""
    if unknown := sorted(lane for lane in owners if lane not in definition.lanes):
        detail = f'lane_owners names people for the lane "{unknown[0]}", but no task can lie in a lane of that name.'
        raise ProcessStuck("lane_owners_unknown_lane", element_id, detail)


def _changes(before: Data, after: Data) -> dict[str, Change]:
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: Change(before.get(name), after.get(name))
        for name in names
        if name not in before or name not in after or not same(before[name], after[name])
    }
