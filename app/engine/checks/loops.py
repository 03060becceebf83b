"""Loops: whatever turns waits for somebody on each turn, or stops by a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram, Scope, children, has
from app.engine.checks.flows import reachable, successors
from app.engine.checks.texts import constant, literal_text
from app.engine.checks.vocabulary import SUBPROCESSES, WAITING, kind
from app.engine.loops import MAX_INSTANCES
from app.errors import Problem

#: times that an activity may be repeated
MAX_ROUNDS = 1_000


def check_cycles(diagram: Diagram) -> Iterator[Problem]:
    """A cycle on which nothing waits would turn without end in one command."""
    for scope in diagram.scopes:
        if not scope.complete:
            continue
        passed = _without_waiting(diagram, scope)
        for node in passed:
            if node in reachable(passed[node], passed):
                yield diagram.problem("cycle_without_waiting_task", node)
                break


def _without_waiting(diagram: Diagram, scope: Scope) -> Mapping[_Element, list[_Element]]:
    """The part of the graph that is passed without waiting."""
    following = successors(scope)
    passing = [node for node in scope.nodes if not _waits(diagram, node, ())]
    return {node: [target for target in following[node] if target in passing] for node in passing}


def _waits(diagram: Diagram, node: _Element, calls: tuple[_Element, ...]) -> bool:
    """Whether no token passes the node without a rest."""
    if kind(node) in WAITING:
        return True
    if kind(node) == "boundaryEvent":
        return any(kind(child) in _AWAITED for child in node)
    inner = diagram.called(node) if kind(node) == "callActivity" else node if kind(node) in SUBPROCESSES else None
    if inner is None or inner in calls:
        return False
    scope = diagram.scope_of(inner)
    following = successors(scope)
    passing = [child for child in scope.nodes if not _waits(diagram, child, (*calls, inner))]
    open_ways = {child: [target for target in following[child] if target in passing] for child in passing}
    reached = reachable([start for start in scope.starts if start in passing], open_ways)
    return not any(kind(child) == "endEvent" for child in reached)


#: boundary events that come from outside or from the clock, not out of the activity itself
_AWAITED = frozenset({"messageEventDefinition", "timerEventDefinition", "signalEventDefinition"})


def check_standard_loops(diagram: Diagram) -> Iterator[Problem]:
    """A loop marker says how often at most, or until when if somebody is waited for on each turn."""
    for node in diagram.nodes:
        for loop in children(node, "standardLoopCharacteristics"):
            maximum = loop.get("loopMaximum")
            if maximum is None and has(loop, "loopCondition") and _waits(diagram, node, ()):
                continue
            if not _is_whole_number(maximum or "", MAX_ROUNDS):
                yield diagram.problem("loop_unbounded", node, limit=MAX_ROUNDS)


def _is_whole_number(text: str, limit: int) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= limit


def check_multi_instances(diagram: Diagram) -> Iterator[Problem]:
    """A multi-instance marker says either how many or for which."""
    for node in diagram.nodes:
        for marker in children(node, "multiInstanceLoopCharacteristics"):
            counts = list(children(marker, "loopCardinality"))
            if len(counts) + sum(1 for _ in children(marker, "loopDataInputRef")) != 1:
                yield diagram.problem("multi_instance_incomplete", node)
            for count in counts:
                value = constant(literal_text(count))
                if value is not None and not (type(value) is int and 1 <= value <= MAX_INSTANCES):
                    yield diagram.problem("cardinality_out_of_range", node, value=str(value)[:20], limit=MAX_INSTANCES)
