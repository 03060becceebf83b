"""Flows: from the start event every element can be reached, and from every element an end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram, Scope
from app.engine.checks.elements import has, kind, spoken
from app.engine.checks.vocabulary import CONDITIONAL_GATEWAYS, ENDING_ALL, GATEWAYS, SUBPROCESSES
from app.errors import Problem

#: elements from which several flows may leave; a start event splits as a parallel gateway does
_SPLITTING = GATEWAYS | {"startEvent"}


def check_start_events(diagram: Diagram) -> Iterator[Problem]:
    """A process and a sub-process begin at one event."""
    for scope in diagram.scopes:
        if not scope.starts:
            yield diagram.problem("no_start_event", scope.element)
        for start in scope.starts[1:]:
            yield diagram.problem("several_start_events", start, what=spoken(scope.element))


def check_reachable(diagram: Diagram) -> Iterator[Problem]:
    """What is drawn is run: a task that no flow reaches would never be opened."""
    for scope in _complete(diagram):
        if not scope.starts:
            continue
        reached = reachable(scope.starts, successors(scope))
        for node in scope.nodes:
            if node not in reached and not _is_event_subprocess(node):
                yield diagram.problem("not_reachable", node)


def check_ways_out(diagram: Diagram) -> Iterator[Problem]:
    """Every element leads on until a branch ends; a branch may end without an end event (BPMN 2.0.2, 10.2.1)."""
    for scope in _complete(diagram):
        if kind(scope.element) in SUBPROCESSES and not scope.of("endEvent"):
            yield diagram.problem("no_end_event", scope.element)
        for gateway in scope.of(*GATEWAYS):
            if not scope.outgoing[gateway]:
                yield diagram.problem("no_outgoing_flow", gateway)
        if not _is_ended_from_elsewhere(scope):
            endless = set(scope.nodes) - reachable(branch_ends(scope), predecessors(scope))
            for node in islice((node for node in scope.nodes if node in endless), 1):
                yield diagram.problem("no_way_to_end", node)


def _is_ended_from_elsewhere(scope: Scope) -> bool:
    """Whether a branch without an end may be meant, such as one that reminds until another branch ends everything."""
    return any(has(end, *ENDING_ALL) for end in scope.of("endEvent"))


def branch_ends(scope: Scope) -> list[_Element]:
    """The nodes that no flow leaves."""
    return [node for node in scope.nodes if not scope.outgoing[node]]


def check_splits(diagram: Diagram) -> Iterator[Problem]:
    """Only gateways, and start events, split."""
    for scope in diagram.scopes:
        for node, flows in scope.outgoing.items():
            if len(flows) > 1 and kind(node) not in _SPLITTING:
                yield diagram.problem("several_outgoing_flows", node)
            if kind(node) != "exclusiveGateway":
                doubled = Counter(flow.target for flow in flows)
                for flow in flows:
                    if doubled[flow.target] > 1:
                        doubled[flow.target] = 0
                        yield diagram.problem("flow_repeated", flow.element)


def check_conditions(diagram: Diagram) -> Iterator[Problem]:
    """A gateway decides by conditions; nothing else reads them."""
    for scope in diagram.scopes:
        for node, flows in scope.outgoing.items():
            for flow in flows:
                conditional = has(flow.element, "conditionExpression")
                is_default = node.get("default") is not None and flow.element.get("id") == node.get("default")
                if kind(node) not in CONDITIONAL_GATEWAYS and conditional:
                    yield diagram.problem("condition_ignored", flow.element)
                elif kind(node) in CONDITIONAL_GATEWAYS and len(flows) > 1 and not conditional and not is_default:
                    yield diagram.problem("gateway_flow_without_condition", flow.element)


def successors(scope: Scope) -> Mapping[_Element, list[_Element]]:
    """The nodes that may follow each node: along its flows, and its boundary events."""
    return {
        node: [*(flow.target for flow in scope.outgoing[node]), *scope.boundary_events[node]] for node in scope.nodes
    }


def predecessors(scope: Scope) -> Mapping[_Element, list[_Element]]:
    """The nodes that each node may follow: along its flows, and the activity of a boundary event."""
    found = {node: [flow.source for flow in scope.incoming[node]] for node in scope.nodes}
    for activity, events in scope.boundary_events.items():
        for event in events:
            found[event].append(activity)
    return found


def reachable(origins: Iterable[_Element], steps: Mapping[_Element, list[_Element]]) -> set[_Element]:
    """The origins and everything that can be reached from them."""
    reached: set[_Element] = set()
    pending = list(origins)
    while pending:
        node = pending.pop()
        if node not in reached:
            reached.add(node)
            pending += steps[node]
    return reached


def _complete(diagram: Diagram) -> Iterator[Scope]:
    return (scope for scope in diagram.scopes if scope.complete)


def _is_event_subprocess(node: _Element) -> bool:
    return kind(node) in SUBPROCESSES and node.get("triggeredByEvent") == "true"
