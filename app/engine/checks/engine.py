"""Last families: the engine reads the diagram itself, and starts it; what it objects to becomes a located problem."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from lxml.etree import _Element

from app.engine import clock
from app.engine.checks.diagram import Diagram
from app.engine.codec import decode, encode
from app.engine.definitions import Definition, DefinitionUnreadable, parse
from app.engine.operations import VariableMissing
from app.engine.process import start
from app.errors import Problem, ProcessStuck

#: when the dry start happens; any day would do
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
#: what a dry start cannot blame the diagram for: that nobody filled in the start form, that it starts by a message
_EXCUSED = frozenset({"variable_missing", "instances_malformed", "no_start_event"})


def check_engine_runs_it(diagram: Diagram) -> Iterator[Problem]:
    """Every executable process becomes a definition, starts, comes to rest, and can be stored there."""
    for process in diagram.processes:
        try:
            definition = parse(process.get("id", ""), diagram.xml, diagram.forms)
            yield from _started(diagram, process, definition)
        except DefinitionUnreadable as unreadable:
            yield diagram.problem("engine_refuses", diagram.by_id.get(unreadable.element_id or "", process))
        except Exception:  # SpiffWorkflow raises whatever its parts raise, RecursionError among them
            yield diagram.problem("engine_refuses", process)


def _started(diagram: Diagram, process: _Element, definition: Definition) -> Iterator[Problem]:
    """Start without any values: what fails all the same fails for everybody."""
    try:
        state = start(definition, {}, _SOME_DAY).state
    except ProcessStuck as stuck:
        if stuck.code not in _EXCUSED and not isinstance(stuck.__cause__, VariableMissing):
            culprit = diagram.by_id.get(stuck.element_id, process)
            yield diagram.problem("start_fails", culprit, why=stuck.detail)
        return
    with clock.at(_SOME_DAY):
        if encode(decode(definition, state)) != state:
            yield diagram.problem("state_not_kept", process)
