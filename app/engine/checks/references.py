"""References: every end of every connection exists, lies where it may, and is of the right kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn, children, kind, spoken
from app.engine.checks.texts import JUEL
from app.engine.checks.vocabulary import (
    EVENTS,
    FLOW_NODES,
    GATEWAYS,
    MAX_ROLE_LENGTH,
    NOT_BUILT_YET,
    NOT_SUPPORTED,
    RESERVED_ROLES,
)
from app.errors import Problem

#: attribute of the referring element → tag of what it names at the top of the file
_ROOT_REFERENCES: Mapping[str, str] = {
    "messageRef": "message",
    "signalRef": "signal",
    "errorRef": "error",
    "escalationRef": "escalation",
}
#: tasks and event definitions that mean nothing without their reference
_MUST_REFER: Mapping[str, str] = {
    "sendTask": "messageRef",
    "receiveTask": "messageRef",
    "messageEventDefinition": "messageRef",
    "signalEventDefinition": "signalRef",
}
#: a boundary event without a reference catches any error; whoever throws one must say which
_MUST_REFER_TO_THROW: Mapping[str, str] = {
    "errorEventDefinition": "errorRef",
    "escalationEventDefinition": "escalationRef",
}


def check_flow_ends(diagram: Diagram) -> Iterator[Problem]:
    """Each sequence flow connects two flow nodes of the container that it is drawn in."""
    for process in diagram.processes:
        for flow in process.iter(bpmn("sequenceFlow")):
            yield from _flow_end(diagram, flow, "sourceRef", FLOW_NODES - {"endEvent"})
            yield from _flow_end(diagram, flow, "targetRef", FLOW_NODES - {"startEvent", "boundaryEvent"})


def _flow_end(diagram: Diagram, flow: _Element, attribute: str, allowed: frozenset[str]) -> Iterator[Problem]:
    reference = flow.get(attribute)
    if not reference:
        yield diagram.problem("reference_missing", flow, attribute=attribute)
        return
    end = diagram.by_id.get(reference)
    words = {"reference": reference[:80], "attribute": attribute}
    if end is None:
        yield diagram.problem("reference_unresolved", flow, **words)
    elif kind(end) in FLOW_NODES and kind(end) not in allowed:
        wanted = "an element that flows may leave" if attribute == "sourceRef" else "an element that flows may reach"
        yield diagram.problem("reference_to_wrong_kind", flow, **words, wanted=wanted)
    elif kind(end) in FLOW_NODES and end.getparent() is not flow.getparent():
        yield diagram.problem("flow_crosses_border", flow)
    elif kind(end) not in FLOW_NODES | NOT_BUILT_YET | NOT_SUPPORTED:
        yield diagram.problem("reference_to_wrong_kind", flow, **words, wanted="a task, an event or a gateway")


def check_boundary_events_attached(diagram: Diagram) -> Iterator[Problem]:
    """A boundary event sits on an activity of its own container."""
    for event in (node for node in diagram.nodes if kind(node) == "boundaryEvent"):
        reference = event.get("attachedToRef")
        if not reference:
            yield diagram.problem("reference_missing", event, attribute="attachedToRef")
            continue
        words = {"reference": reference[:80], "attribute": "attachedToRef"}
        activity = diagram.by_id.get(reference)
        if activity is None:
            yield diagram.problem("reference_unresolved", event, **words)
        elif kind(activity) in EVENTS | GATEWAYS or activity.getparent() is not event.getparent():
            yield diagram.problem("reference_to_wrong_kind", event, **words, wanted="a task or sub-process beside it")


def check_default_flows(diagram: Diagram) -> Iterator[Problem]:
    """A default flow is one of the element's own outgoing flows."""
    for scope in diagram.scopes:
        for node in scope.nodes:
            reference = node.get("default")
            own = {flow.element.get("id") for flow in scope.outgoing[node]}
            if reference and reference not in own:
                code = "reference_to_wrong_kind" if reference in diagram.by_id else "reference_unresolved"
                words = {"reference": reference[:80], "attribute": "default", "wanted": "one of its outgoing flows"}
                yield diagram.problem(code, node, **words)


def check_event_references(diagram: Diagram) -> Iterator[Problem]:
    """Messages, signals, errors and escalations are declared at the top of the file and have what they are found by."""
    for node in diagram.nodes:
        for element in [node, *(child for child in node if kind(child).endswith("EventDefinition"))]:
            for attribute, tag in _ROOT_REFERENCES.items():
                yield from _root_reference(diagram, node, element.get(attribute), attribute, tag)
            yield from _missing_reference(diagram, node, element)


def _missing_reference(diagram: Diagram, node: _Element, element: _Element) -> Iterator[Problem]:
    required = _MUST_REFER.get(kind(element))
    if kind(node) in ("endEvent", "intermediateThrowEvent"):
        required = required or _MUST_REFER_TO_THROW.get(kind(element))
    if required and not element.get(required):
        yield diagram.problem("reference_missing", node, attribute=required)


def _root_reference(
    diagram: Diagram, node: _Element, reference: str | None, attribute: str, tag: str
) -> Iterator[Problem]:
    if not reference:
        return
    words = {"reference": reference[:80], "attribute": attribute}
    target = diagram.by_id.get(reference)
    if target is None:
        yield diagram.problem("reference_unresolved", node, **words)
    elif kind(target) != tag:
        yield diagram.problem("reference_to_wrong_kind", node, **words, wanted=f"a {tag}")
    elif tag in ("message", "signal") and not target.get("name"):
        yield diagram.problem("name_missing", target)
    elif tag in ("message", "signal") and JUEL.search(target.get("name", "")):
        yield diagram.problem("expression_is_juel", target, place="name", example="surat_masuk")
    elif tag in ("error", "escalation") and not target.get(f"{tag}Code"):
        yield diagram.problem("code_missing", target)


def check_lanes(diagram: Diagram) -> Iterator[Problem]:
    """Each lane lists flow nodes, each node lies in one lane, and a role can bear the lane's name."""
    lanes_by_node: dict[str, list[_Element]] = {}
    for process in diagram.processes:
        for lane in process.iter(bpmn("lane")):
            name = lane.get("name", "")
            if name != " ".join(name.split()) or len(name) > MAX_ROLE_LENGTH:
                yield diagram.problem("lane_name_malformed", lane)
            if name.lower() in RESERVED_ROLES:
                yield diagram.problem("lane_name_reserved", lane)
            for reference in children(lane, "flowNodeRef"):
                node_id = (reference.text or "").strip()
                lanes_by_node.setdefault(node_id, []).append(lane)
                if node_id not in diagram.by_id:
                    words = {"reference": node_id[:80], "attribute": "flowNodeRef"}
                    yield diagram.problem("reference_unresolved", reference, what=spoken(lane), **words)
    for node_id, lanes in lanes_by_node.items():
        apart = any(outer not in inner.iterancestors() for outer, inner in pairwise(lanes) if outer is not inner)
        if apart and node_id in diagram.by_id:
            yield diagram.problem("in_several_lanes", diagram.by_id[node_id])
