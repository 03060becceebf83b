"""The order in which an SOP sheet tells a process, and the ways from each of its elements to the next.

A sheet has no sub-processes: what lies inside one is told where it stands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import NamedTuple

from lxml.etree import _Element

from app.engine.checks.diagram import Scope
from app.engine.checks.elements import kind
from app.engine.checks.vocabulary import SUBPROCESSES


class Way(NamedTuple):
    """From an element to one that follows it."""

    target: _Element
    #: the name of the sequence flow, or of the event that opens the way
    label: str | None


@dataclass(frozen=True, eq=False)
class SopFlow:
    """The flow nodes of one process, those of its sub-processes included, as one graph."""

    #: the process itself first
    scopes: Sequence[Scope]

    @cached_property
    def nodes(self) -> tuple[_Element, ...]:
        """Every flow node, in document order within its scope."""
        return tuple(node for scope in self.scopes for node in scope.nodes)

    @cached_property
    def starts(self) -> tuple[_Element, ...]:
        """The start events of the process itself."""
        return self.scopes[0].starts

    @cached_property
    def ends(self) -> tuple[_Element, ...]:
        """The end events of the process itself."""
        return self.scopes[0].of("endEvent")

    @cached_property
    def ways(self) -> Mapping[_Element, list[Way]]:
        """The ways that leave each element."""
        leaving: dict[_Element, list[Way]] = {node: [] for node in self.nodes}
        inside = {scope.element: scope for scope in self.scopes[1:]}
        for scope in self.scopes:
            for node in scope.nodes:
                onward = [Way(flow.target, name_of(flow.element)) for flow in scope.outgoing[node]]
                within = inside.get(node)
                if kind(node) in SUBPROCESSES and within is not None and within.starts:
                    leaving[node] += [Way(start, None) for start in within.starts]
                    for end in within.of("endEvent"):
                        leaving[end] += onward
                else:
                    leaving[node] += onward
                leaving[node] += [Way(event, name_of(event)) for event in scope.boundary_events[node]]
        return leaving

    def is_left_once(self, node: _Element) -> bool:
        """Whether one sequence flow leaves an element, whatever events may interrupt it."""
        return sum(kind(way.target) != "boundaryEvent" for way in self.ways[node]) == 1

    @cached_property
    def before(self) -> Mapping[_Element, list[_Element]]:
        """The elements from which a way leads to each element."""
        reaching: dict[_Element, list[_Element]] = {node: [] for node in self.nodes}
        for source, ways in self.ways.items():
            for way in ways:
                reaching[way.target].append(source)
        return reaching

    @cached_property
    def reading_order(self) -> Mapping[_Element, int]:
        """The place of each element when the process is read along its flow; ways back are not followed.

        A branch is told as a whole, and of several the one first from which the end is farther: what leads back to
        an examination stands before what follows its approval.
        """
        order: list[_Element] = []
        seen: set[_Element] = set()
        for root in (*self.starts, *self.nodes):
            order += reversed(list(self._finished_from(root, seen)))
        return {node: place for place, node in enumerate(order)}

    def _finished_from(self, root: _Element, seen: set[_Element]) -> Iterator[_Element]:
        """The elements that are reached from one, each after all that follow it (depth first)."""
        if root in seen:
            return
        seen.add(root)
        stack = [(root, self._nearest_to_end_first(root))]
        while stack:
            node, following = stack[-1]
            target = next((each for each in following if each not in seen), None)
            if target is None:
                stack.pop()
                yield node
            else:
                seen.add(target)
                stack.append((target, self._nearest_to_end_first(target)))

    def _nearest_to_end_first(self, node: _Element) -> Iterator[_Element]:
        targets = [way.target for way in reversed(self.ways[node])]
        return iter(sorted(targets, key=lambda target: self._steps_to_end.get(target, inf)))

    @cached_property
    def _steps_to_end(self) -> Mapping[_Element, int]:
        steps = dict.fromkeys(self.ends, 0)
        todo = deque(self.ends)
        while todo:
            node = todo.popleft()
            for source in self.before[node]:
                if source not in steps:
                    steps[source] = steps[node] + 1
                    todo.append(source)
        return steps


def name_of(element: _Element) -> str | None:
    """The name of an element or a flow in one line; None where it has none."""
    return " ".join(element.get("name", "").split()) or None
