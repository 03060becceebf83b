"""What a diagram says, element by element: facts that compare equal whichever tool wrote the file.

Left out: formatting, namespace prefixes, the order of attributes and references, ids of parts, values that BPMN gives
to whatever says nothing. What an element refers to (a message, a signal, an error) is told in the reference's place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lxml.etree import QName, _Element

from app.engine.checks.calls import called_processes
from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import attributes, bpmn, children, kind, line_of
from app.engine.checks.vocabulary import FLOW_NODES, SPIFF
from app.engine.definitions import read_xml
from app.engine.layout import read_layout

#: elements that have facts of their own; whatever else stands inside one of them is a fact of it
_TOLD = FLOW_NODES | {
    "process",
    "participant",
    "lane",
    "sequenceFlow",
    "messageFlow",
    "association",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "textAnnotation",
    "group",
}
#: parts that say nothing, or nothing that is not said elsewhere; that something lies inside a group is seen only
_SILENT = frozenset({"incoming", "outgoing", "flowNodeRef", "laneSet", "childLaneSet", "categoryValueRef"})
_NO_PARTS = frozenset(map(bpmn, _TOLD | _SILENT))
#: what BPMN 2.0.2 takes for said where nothing is; modelers leave it out when they save
_DEFAULTS = frozenset(
    {
        ("associationDirection", "None"),
        ("behavior", "All"),
        ("cancelActivity", "true"),
        ("cancelRemainingInstances", "true"),
        ("completionQuantity", "1"),
        ("eventGatewayType", "Exclusive"),
        ("gatewayDirection", "Unspecified"),
        ("implementation", "##WebService"),
        ("implementation", "##unspecified"),
        ("instantiate", "false"),
        ("isClosed", "false"),
        ("isCollection", "false"),
        ("isExecutable", "true"),
        ("isForCompensation", "false"),
        ("isInterrupting", "true"),
        ("isSequential", "false"),
        ("isUnlimited", "true"),
        ("method", "##Compensate"),
        ("parallelMultiple", "false"),
        ("processType", "None"),
        ("startQuantity", "1"),
        ("testBefore", "false"),
        ("textFormat", "text/plain"),
        ("triggeredByEvent", "false"),
    }
)
#: an id by which nothing is known again, and the type of an expression, of which there is one
_SILENT_ATTRIBUTES = frozenset({"id", "{http://www.w3.org/2001/XMLSchema-instance}type"})


class Aspect(NamedTuple):
    """In what respect something is said of an element."""

    #: the kind of difference that a change of it is; `renamed` is completed by the kind of element
    kind: str
    #: which one, where an element can have several
    property: str | None = None


class Fact(NamedTuple):
    """What is said."""

    text: str
    #: of what the text only names; while it stays, so does the fact
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class ElementFacts:
    """All that a diagram says of one element."""

    id: str
    #: BPMN's local name, such as userTask
    type: str
    name: str | None
    #: from 1
    line: int
    facts: Mapping[Aspect, Fact]


_SPECIAL_ATTRIBUTES = {
    "name": Aspect("renamed"),
    "sourceRef": Aspect("flow_rerouted", "source"),
    "targetRef": Aspect("flow_rerouted", "target"),
    "default": Aspect("default_flow_changed"),
    "attachedToRef": Aspect("attachment_changed"),
}
_SPECIAL_PARTS = {
    "documentation": Aspect("documentation_changed"),
    "conditionExpression": Aspect("condition_changed"),
    "script": Aspect("script_changed", "script"),
}
_SPECIAL_EXTENSIONS = {
    "preScript": Aspect("script_changed", "preScript"),
    "postScript": Aspect("script_changed", "postScript"),
    "instructionsForEndUser": Aspect("instructions_changed"),
}


def describe(xml: bytes, key: str) -> Mapping[str, ElementFacts]:
    """The elements of a process by id, in document order; with those that it calls, and what is only drawn.

    Raises:
        DefinitionUnreadable
    """
    diagram = Diagram("", xml, read_xml(xml), {})
    process = next(each for each in diagram.processes if each.get("id") == key)
    others = set(diagram.processes) - {process, *called_processes(diagram, process)}
    reader = _Reader(diagram)
    parts = (part for part in diagram.root if part not in others and kind(part) in ("process", "collaboration"))
    found = (reader.read(element) for part in parts for element in part.iter(*map(bpmn, _TOLD)))
    elsewhere = {Fact(other.get("id", "")) for other in others}
    return {each.id: each for each in found if each.facts.get(Aspect("setting_changed", "processRef")) not in elsewhere}


class _Reader:
    """Reads the facts of one diagram's elements."""

    def __init__(self, diagram: Diagram) -> None:
        self._lanes = {
            (reference.text or "").strip(): lane
            for lane in diagram.root.iter(bpmn("lane"))
            for reference in children(lane, "flowNodeRef")
        }
        self._roots = {
            identifier: element
            for element in (*diagram.root, *diagram.root.iter(bpmn("categoryValue")))
            if kind(element) not in ("process", "collaboration") and (identifier := element.get("id"))
        }
        self._layout = read_layout(diagram.root)

    def read(self, element: _Element) -> ElementFacts:
        """All that is said of one element."""
        # SpiffWorkflow runs a flow without an id like any other
        identifier = element.get("id") or f"{element.get('sourceRef')}_{element.get('targetRef')}"
        facts = {Aspect("type_changed"): Fact(kind(element))}
        facts |= {aspect: Fact(text) for aspect, text in self._own(element) if text or _stands_empty(aspect)}
        if (container := next(element.iterancestors(*map(bpmn, _TOLD)), None)) is not None:
            facts[Aspect("moved_to_container")] = Fact(container.get("id", ""))
        if (lane := self._lanes.get(identifier)) is not None:
            lane_id = lane.get("id", "")
            facts[Aspect("moved_to_lane")] = Fact(lane.get("name") or lane_id, lane_id)
        if (layout := self._layout.get(identifier)) is not None:
            facts[Aspect("layout_changed")] = Fact(layout)
        return ElementFacts(identifier, kind(element), element.get("name"), line_of(element), facts)

    def _own(self, element: _Element) -> Iterator[tuple[Aspect, str]]:
        for attribute, text in self._attributes(element, self._roots):
            otherwise = "extension_changed" if attribute.startswith("{") else "setting_changed"
            yield _SPECIAL_ATTRIBUTES.get(attribute, Aspect(otherwise, attribute)), text
        for path, part in _numbered(element):
            if kind(part) == "extensionElements":
                yield from self._extensions(part)
            elif aspect := _SPECIAL_PARTS.get(path):
                yield aspect, _text(part)
            else:
                changed = _change_of_part(kind(part))
                yield from ((Aspect(changed, name), text) for name, text in self._part(path, part, self._roots))

    def _extensions(self, holder: _Element) -> Iterator[tuple[Aspect, str]]:
        for path, part in _numbered(holder):
            if part.tag == f"{{{SPIFF}}}properties":
                for entry in part.iterchildren(f"{{{SPIFF}}}property"):
                    yield Aspect("property_changed", entry.get("name", "")), entry.get("value", "")
            elif aspect := _SPECIAL_EXTENSIONS.get(path):
                yield aspect, _text(part)
            else:
                yield from ((Aspect("extension_changed", name), text) for name, text in self._part(path, part, {}))

    def _attributes(self, element: _Element, roots: Mapping[str, _Element]) -> Iterator[tuple[str, str]]:
        for attribute, value in attributes(element):
            text = value.strip()
            if attribute in _SILENT_ATTRIBUTES or (attribute, text) in _DEFAULTS:
                continue
            if attribute.endswith("Ref") and text in roots:
                # one level is enough to know it by, and a stranger's file may refer in circles
                yield from self._part(attribute, roots[text], {})
            else:
                yield attribute, text

    def _part(self, path: str, part: _Element, roots: Mapping[str, _Element]) -> Iterator[tuple[str, str]]:
        """The texts of a part, each with the way to it; an empty text where its presence is all that it says."""
        said = [(f"{path}/{attribute}", text) for attribute, text in self._attributes(part, roots)]
        for name, child in _numbered(part):
            said += self._part(f"{path}/{name}", child, roots)
        if (text := _text(part)) or not said:
            said.insert(0, (path, text))
        return iter(said)


def _change_of_part(local_name: str) -> str:
    if local_name.endswith("EventDefinition"):
        return "event_changed"
    return "loop_changed" if local_name.endswith("LoopCharacteristics") else "setting_changed"


def _stands_empty(aspect: Aspect) -> bool:
    """Whether to be there without a text says something, as an end event's terminateEventDefinition does."""
    return aspect.kind in ("event_changed", "loop_changed", "property_changed")


def _numbered(element: _Element) -> Iterator[tuple[str, _Element]]:
    """The parts of an element by name; the second of a name has its number behind it."""
    seen: Counter[str] = Counter()
    for part in element.iterchildren("{*}*"):
        if part.tag not in _NO_PARTS:
            name = QName(part).localname
            seen[name] += 1
            yield (name if seen[name] == 1 else f"{name}[{seen[name]}]"), part


def _text(element: _Element) -> str:
    return "".join((element.text or "", *(child.tail or "" for child in element))).strip()
