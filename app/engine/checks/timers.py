"""Timers: each says one date, duration or cycle, and what is written out is ISO 8601."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from lxml.etree import _Element
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition

from app.engine import clock
from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import children, kind
from app.engine.checks.events import definition_type, definitions
from app.engine.checks.texts import constant, literal_text
from app.engine.quality import standard_time
from app.errors import Problem

#: durations are tried from here; any day would do
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def check_timers(diagram: Diagram) -> Iterator[Problem]:
    """A timer can be read; only a non-interrupting boundary timer can fire again and again."""
    for event in diagram.nodes:
        for timer in (definition for definition in definitions(event) if definition_type(definition) == "timer"):
            texts = list(children(timer, *_READERS))
            if len(texts) != 1:
                yield diagram.problem("timer_incomplete", event)
                continue
            interrupts = event.get("cancelActivity", "true") != "false"
            if kind(texts[0]) == "timeCycle" and (kind(event) != "boundaryEvent" or interrupts):
                yield diagram.problem("timer_cycle_misplaced", event)
            yield from _unreadable(diagram, event, texts[0])


def _unreadable(diagram: Diagram, event: _Element, element: _Element) -> Iterator[Problem]:
    wanted, read = _READERS[kind(element)]
    value = constant(literal_text(element))
    if value is None:
        return
    try:
        with clock.at(_SOME_DAY):
            read(str(value))
    except Exception:  # SpiffWorkflow's readers raise whatever their parts raise
        yield diagram.problem("timer_malformed", event, text=str(value)[:80], wanted=wanted)


def _read_duration(text: str) -> None:
    standard_time(text)
    TimerEventDefinition.get_timedelta_from_start(TimerEventDefinition.parse_iso_duration(text))


def _read_cycle(text: str) -> None:
    if not text.startswith("R"):
        raise ValueError(text)
    TimerEventDefinition.parse_iso_recurring_interval(text)


#: child of a timer definition → what it should be, and what reads it
_READERS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "timeDate": ("a date", TimerEventDefinition.get_datetime),
    "timeDuration": ("a duration", _read_duration),
    "timeCycle": ("a repeating interval", _read_cycle),
}
