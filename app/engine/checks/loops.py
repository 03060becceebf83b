"""Loops: whatever turns waits for somebody on each turn, or stops by a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram, Scope
from app.engine.checks.elements import children, has, kind
from app.engine.checks.flows import branch_ends, reachable, successors
from app.engine.checks.texts import constant, literal_text
from app.engine.checks.vocabulary import CONDITIONAL_GATEWAYS, CONTAINERS, WAITING
from app.engine.loops import MAX_INSTANCES
from app.errors import Problem

#: times that an activity may be repeated
MAX_ROUNDS = 100

#: boundary events that come from outside or from the clock, not out of the activity itself
_AWAITED = ("messageEventDefinition", "timerEventDefinition", "signalEventDefinition")
#: gateways that do not take every flow
_CHOOSING = CONDITIONAL_GATEWAYS | {"eventBasedGateway"}


class _Rests:
    """Knows which elements no token passes without a rest; looks into each sub-process and called process once."""

    def __init__(self, diagram: Diagram) -> None:
        self._diagram = diagram
        self._known: dict[_Element, bool] = {}

    def at(self, node: _Element) -> bool:
        """Whether every token rests at the node, or inside it."""
        if kind(node) in WAITING or (kind(node) == "boundaryEvent" and has(node, *_AWAITED)):
            return True
        inner = self._diagram.called(node) if kind(node) == "callActivity" else node
        return inner is not None and kind(inner) in CONTAINERS and self._inside(inner)

    def open_ways(self, scope: Scope) -> Mapping[_Element, list[_Element]]:
        """The part of the graph that is passed without a rest."""
        passing = {node for node in scope.nodes if not self.at(node)}
        following = successors(scope)
        return {node: [target for target in following[node] if target in passing] for node in passing}

    def _inside(self, container: _Element) -> bool:
        if container not in self._known:
            # a process that calls itself is refused elsewhere; here it only must not be followed for ever
            self._known[container] = False
            scope = self._diagram.scope_of(container)
            ways = self.open_ways(scope)
            passed = reachable([start for start in scope.starts if start in ways], ways)
            self._known[container] = passed.isdisjoint(branch_ends(scope))
        return self._known[container]


def check_cycles(diagram: Diagram) -> Iterator[Problem]:
    """A cycle on which nothing waits would turn without end in one command."""
    rests = _Rests(diagram)
    for scope in diagram.scopes:
        if scope.complete:
            ways = rests.open_ways(scope)
            turning = (node for node in scope.nodes if node in ways and node in reachable(ways[node], ways))
            for node in islice(turning, 1):
                yield diagram.problem("cycle_without_waiting_task", node)


def check_cycles_have_gateways(diagram: Diagram) -> Iterator[Problem]:
    """A cycle on which nothing decides is left by a boundary event only, or multiplies its tokens."""
    for scope in diagram.scopes:
        if scope.complete:
            open_nodes = {node for node in scope.nodes if kind(node) not in _CHOOSING}
            ways = {
                node: [flow.target for flow in scope.outgoing[node] if flow.target in open_nodes] for node in open_nodes
            }
            turning = (node for node in scope.nodes if node in ways and node in reachable(ways[node], ways))
            for node in islice(turning, 1):
                yield diagram.problem("cycle_without_gateway", node)


def check_standard_loops(diagram: Diagram) -> Iterator[Problem]:
    """A loop marker says how often at most, or until when if somebody is waited for on each turn."""
    rests = _Rests(diagram)
    for node in diagram.nodes:
        for loop in children(node, "standardLoopCharacteristics"):
            maximum = loop.get("loopMaximum")
            if maximum is None and has(loop, "loopCondition") and rests.at(node):
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
