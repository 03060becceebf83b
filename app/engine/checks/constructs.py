"""Constructs: only what the engine runs as its author meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn, children, kind, spoken
from app.engine.checks.vocabulary import (
    ANNOTATIONS,
    CONTAINERS,
    FLOW_NODES,
    NOT_BUILT_YET,
    NOT_SUPPORTED,
    OWN_CHILDREN,
    SUBPROCESSES,
)
from app.errors import Problem

#: children that an element has at most once; the engine would silently take one of several
_SINGLE = (
    "conditionExpression",
    "script",
    "standardLoopCharacteristics",
    "multiInstanceLoopCharacteristics",
    "ioSpecification",
    "loopCardinality",
    "loopDataInputRef",
    "loopDataOutputRef",
    "inputDataItem",
    "outputDataItem",
    "completionCondition",
    "loopCondition",
    "condition",
    "extensionElements",
)
#: settings, and the values with which the engine does what they say
_FOLLOWED_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "isForCompensation": ("false",),
    "startQuantity": ("1",),
    "completionQuantity": ("1",),
    "instantiate": ("false",),
    "eventGatewayType": ("Exclusive",),
    "behavior": ("All",),
    # XML Schema also knows 1 and 0, which the engine takes for something else
    "cancelActivity": ("true", "false"),
    "isSequential": ("true", "false"),
    "testBefore": ("true", "false"),
    "triggeredByEvent": ("true", "false"),
}
_MARKERS = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")


def check_kinds(diagram: Diagram) -> Iterator[Problem]:
    """Everything that a process contains is run, or only says something."""
    for container in diagram.containers:
        for element in container:
            tag = kind(element)
            if tag in NOT_BUILT_YET:
                yield diagram.problem("not_supported_yet", element)
            elif tag in NOT_SUPPORTED:
                yield diagram.problem("not_supported", element)
            elif tag and tag not in FLOW_NODES | ANNOTATIONS | {"sequenceFlow"}:
                yield diagram.problem("element_unknown", element)


def check_children(diagram: Diagram) -> Iterator[Problem]:
    """A flow node holds nothing that the engine would pass over, such as an event definition by xsi:type."""
    for node in diagram.nodes:
        if kind(node) in SUBPROCESSES:
            continue
        for child in node:
            tag = kind(child)
            if tag and tag not in ANNOTATIONS | OWN_CHILDREN and not tag.endswith("EventDefinition"):
                yield diagram.problem("element_unknown", child)


def check_places(diagram: Diagram) -> Iterator[Problem]:
    """Flow nodes stand in a container, and nowhere else; the engine would not see them, or see them twice."""
    for element in diagram.root.iter(*map(bpmn, FLOW_NODES | {"sequenceFlow", "process"})):
        parent = element.getparent()
        expected = {"definitions"} if kind(element) == "process" else CONTAINERS | NOT_SUPPORTED
        if parent is None or kind(parent) not in expected:
            yield diagram.problem("element_misplaced", element)


def check_repeated_children(diagram: Diagram) -> Iterator[Problem]:
    """A second condition, script or repetition would be ignored."""
    for process in diagram.processes:
        for element in process.iter(*map(bpmn, FLOW_NODES | {"sequenceFlow", "multiInstanceLoopCharacteristics"})):
            for tag in _SINGLE:
                for second in list(children(element, tag))[1:]:
                    yield diagram.problem("element_repeated", second, what=kind(element), child=tag)


def check_settings(diagram: Diagram) -> Iterator[Problem]:
    """No setting has a value that the engine passes over."""
    for node in diagram.nodes:
        for element in [node, *children(node, *_MARKERS)]:
            for attribute, followed in _FOLLOWED_SETTINGS.items():
                value = element.get(attribute)
                if value is not None and value not in followed:
                    yield diagram.problem("setting_not_supported", node, attribute=attribute, value=value[:80])


def check_event_subprocesses(diagram: Diagram) -> Iterator[Problem]:
    """The engine starts them at once, or changes the definition that all instances share, by their start event."""
    for node in diagram.nodes:
        if kind(node) in SUBPROCESSES and node.get("triggeredByEvent") == "true":
            yield diagram.problem("event_subprocess_not_supported", node)


def check_data_flow(diagram: Diagram) -> Iterator[Problem]:
    """The engine stops at an activity whose data object or input was never filled; nothing here fills them."""
    for element in [*diagram.processes, *diagram.nodes]:
        reads = list(children(element, "dataInputAssociation", "dataOutputAssociation"))
        for specification in children(element, "ioSpecification"):
            reads += children(specification, "dataInput", "dataOutput")
        if reads:
            yield diagram.problem("data_flow_not_supported", reads[0], what=spoken(element))
