"""Replaying what was done on the diagram: does each activity follow from the flows?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import etree

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"

#: the flows on which a token is
Marking = frozenset[str]
#: values by key
Attributes = dict[str, str]


@dataclass(frozen=True)
class Node:
    """An element of a diagram, with its flows."""

    tag: str
    name: str
    incoming: tuple[str, ...]
    outgoing: tuple[str, ...]


@dataclass
class Replay:
    """A diagram of user tasks and gateways, no more than one token on any flow."""

    path: Path

    @cached_property
    def nodes(self) -> list[Node]:
        found = []
        for element in etree.parse(self.path).getroot().iter("{*}*"):
            flows = [
                tuple((each.text or "").strip() for each in element.findall(f"{BPMN}{way}"))
                for way in ("incoming", "outgoing")
            ]
            if any(flows):
                found.append(Node(element.tag.removeprefix(BPMN), element.get("name", ""), *flows))
        return found

    def fits(self, activities: Iterable[str]) -> bool:
        """Whether they lead from the start to the end, and nothing is left over."""
        (start,) = (node for node in self.nodes if node.tag == "startEvent")
        reached = {frozenset(start.outgoing)}
        for name in activities:
            doing = [node for node in self.nodes if node.tag == "userTask" and node.name == name]
            reached = {
                after for marking in self._silently(reached) for node in doing for after in _fired(node, marking)
            }
        return frozenset() in self._silently(reached)

    def _silently(self, reached: Iterable[Marking]) -> set[Marking]:
        """What can be reached without anybody's doing."""
        found, waiting = set(reached), list(reached)
        silent = [node for node in self.nodes if node.tag != "userTask"]
        while waiting:
            marking = waiting.pop()
            for after in (after for node in silent for after in _fired(node, marking)):
                if after not in found:
                    found.add(after)
                    waiting.append(after)
        return found


def _fired(node: Node, marking: Marking) -> Iterator[Marking]:
    there = marking & set(node.incoming)
    if node.tag == "parallelGateway":
        if there == set(node.incoming):
            yield (marking - there) | set(node.outgoing)
        return
    for flow in there:
        for chosen in _choices(node):
            yield (marking - {flow}) | chosen


def _choices(node: Node) -> list[Marking]:
    if node.tag == "exclusiveGateway":
        return [frozenset({flow}) for flow in node.outgoing]
    return [frozenset(node.outgoing)]


def read_traces(log: bytes) -> Iterator[tuple[Attributes, list[Attributes]]]:
    """Of each trace of an XES log, its attributes and those of its events."""
    namespace = "{http://www.xes-standard.org/}"
    for trace in etree.fromstring(log).iter(f"{namespace}trace"):
        events = [attributes_of(event) for event in trace.iter(f"{namespace}event")]
        yield attributes_of(trace), events


def attributes_of(element: etree._Element) -> Attributes:
    return {
        str(each.attrib["key"]): str(each.attrib["value"]) for each in element.iterchildren() if "key" in each.attrib
    }
