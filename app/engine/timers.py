"""What waits for a point in time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
    TimerEventDefinition,
)
from SpiffWorkflow.task import Task

from app.errors import ProcessStuck


def timers_of(spec: Any) -> list[TimerEventDefinition]:
    """The timers that an element waits for: an event's own, or those behind an event-based gateway."""
    definition = getattr(spec, "event_definition", None)
    several = getattr(definition, "event_definitions", [definition])
    return [each for each in several if isinstance(each, TimerEventDefinition)]


def require_time(task: Task, expression: str, value: Any) -> None:
    """Refuse a value that a timer cannot wait for; SpiffWorkflow would fail on it without saying where.

    Raises:
        ProcessStuck
    """
    for timer in timers_of(task.task_spec):
        if timer.expression == expression and not _is_time_for(timer, value):
            detail = f"The timer needs a time in ISO 8601, such as PT1H or 2026-07-04, but {expression} is none."
            raise ProcessStuck("timer_malformed", str(task.task_spec.bpmn_id), detail)


def _is_time_for(timer: TimerEventDefinition, value: Any) -> bool:
    try:
        match timer:
            case DurationTimerEventDefinition():
                return bool(TimerEventDefinition.parse_iso_duration(value))
            case TimeDateEventDefinition():
                return isinstance(TimerEventDefinition.parse_time_or_duration(value), datetime)
            case CycleTimerEventDefinition():
                return bool(TimerEventDefinition.parse_iso_recurring_interval(value))
    # it raises whatever the text happens to break
    except Exception:
        return False
    return False


def due_at(task: Task) -> datetime | None:
    """When a waiting timer fires next; None for one that has fired as often as it should."""
    match task.internal_data.get("event_value"):
        case {"cycles": cycles, "next": str(due)} if cycles != 0:
            return datetime.fromisoformat(due)
        case str(due):
            moment: datetime = TimerEventDefinition.parse_time_or_duration(due)
            return moment
    return None
