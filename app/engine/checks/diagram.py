"""An uploaded diagram, indexed for the checks. Built even from a faulty diagram; what does not resolve is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lxml.etree import _Element

from app.engine.checks.catalog import CATALOG
from app.engine.checks.elements import bpmn, form_name, kind, line_of, nearest_id, spoken
from app.engine.checks.vocabulary import CONTAINERS, FLOW_NODES, MODEL
from app.engine.forms import EMPTY_FORM, Form, FormInvalid, compile_form
from app.errors import Problem


@dataclass(frozen=True)
class Flow:
    """A sequence flow whose two ends lie in one container."""

    element: _Element
    source: _Element
    target: _Element


@dataclass(frozen=True, eq=False)
class Scope:
    """A process or sub-process with the flow nodes directly inside it; a graph."""

    element: _Element
    nodes: tuple[_Element, ...]
    flows: tuple[Flow, ...]
    #: whether every node has an id of its own and every flow two ends; else its graph says nothing
    complete: bool

    @cached_property
    def outgoing(self) -> Mapping[_Element, list[Flow]]:
        """The flows that leave each node, in document order."""
        leaving: dict[_Element, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            leaving[flow.source].append(flow)
        return leaving

    @cached_property
    def incoming(self) -> Mapping[_Element, list[Flow]]:
        """The flows that reach each node, in document order."""
        reaching: dict[_Element, list[Flow]] = {node: [] for node in self.nodes}
        for flow in self.flows:
            reaching[flow.target].append(flow)
        return reaching

    @cached_property
    def boundary_events(self) -> Mapping[_Element, list[_Element]]:
        """The boundary events attached to each node."""
        by_id = {node.get("id"): node for node in self.nodes}
        attached: dict[_Element, list[_Element]] = {node: [] for node in self.nodes}
        for event in self.of("boundaryEvent"):
            if (activity := by_id.get(event.get("attachedToRef"))) is not None:
                attached[activity].append(event)
        return attached

    @property
    def starts(self) -> tuple[_Element, ...]:
        """The start events."""
        return self.of("startEvent")

    def of(self, *kinds: str) -> tuple[_Element, ...]:
        """The nodes of these kinds."""
        return tuple(node for node in self.nodes if kind(node) in kinds)


@dataclass(frozen=True, eq=False)
class Diagram:
    """One uploaded file and the forms that came with it."""

    #: base name of the uploaded file
    file: str
    xml: bytes
    #: the `definitions` element
    root: _Element
    #: content of the forms by file name
    forms: Mapping[str, bytes]
    #: active holders by role; None where nobody is known
    holders: Mapping[str, frozenset[str]] | None = None
    #: the diagram of the newest version of each process that has one, by key
    previous: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def processes(self) -> tuple[_Element, ...]:
        """The executable processes, in document order; `isExecutable` counts as true where it is absent."""
        return tuple(
            process for process in self.root.iter(bpmn("process")) if process.get("isExecutable", "true") == "true"
        )

    @cached_property
    def by_id(self) -> Mapping[str, _Element]:
        """BPMN elements by id; the first where an id is repeated."""
        found: dict[str, _Element] = {}
        for element in self.root.iter(f"{{{MODEL}}}*"):
            if identifier := element.get("id"):
                found.setdefault(identifier, element)
        return found

    @cached_property
    def containers(self) -> tuple[_Element, ...]:
        """The executable processes and every sub-process inside them."""
        return tuple(element for process in self.processes for element in process.iter() if kind(element) in CONTAINERS)

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """The graph of every container."""
        return tuple(self._scope(container) for container in self.containers)

    @cached_property
    def nodes(self) -> tuple[_Element, ...]:
        """Every flow node of the executable processes."""
        return tuple(node for scope in self.scopes for node in scope.nodes)

    def scope_of(self, container: _Element) -> Scope:
        """The graph inside an executable process or sub-process."""
        return next(scope for scope in self.scopes if scope.element is container)

    def called(self, call_activity: _Element) -> _Element | None:
        """The executable process that a call activity calls; None where this file has none."""
        key = call_activity.get("calledElement")
        return next((process for process in self.processes if process.get("id") == key), None)

    @cached_property
    def compiled_forms(self) -> Mapping[str, Form | FormInvalid]:
        """The forms that flow nodes name and the upload has, compiled once, or why they cannot be."""
        named = {name for node in self.nodes if (name := form_name(node))}
        return {name: _compiled(self.forms[name]) for name in sorted(named & self.forms.keys())}

    def form_of(self, node: _Element) -> Form:
        """The form of a node; the empty one where it has none that can be used."""
        form = self.compiled_forms.get(form_name(node) or "")
        return form if isinstance(form, Form) else EMPTY_FORM

    def lane_of(self, node: _Element) -> str | None:
        """Name of the innermost lane round the node; a sub-process takes its tasks along."""
        within: _Element | None = node
        while within is not None and kind(within) != "process":
            if name := self._lane_names.get(within.get("id", "")):
                return name
            within = within.getparent()
        return None

    def judged(self) -> Iterator[_Element]:
        """What stands at the top of the file, and all inside the executable processes; not what is only drawn."""
        for element in self.root:
            if element in self.processes or kind(element) not in ("process", ""):
                yield from element.iter("{*}*")

    def problem(self, code: str, element: _Element | None, **words: Any) -> Problem:
        """Word and place one problem; `element` None means the whole document."""
        entry = CATALOG[code]
        if element is None:
            return Problem(code, entry.reason.format(**words), entry.hint.format(**words), None, 1, self.file)
        words = {"what": spoken(element), **words}
        return Problem(
            code=code,
            reason=_capitalised(entry.reason.format(**words)),
            hint=entry.hint.format(**words),
            element_id=nearest_id(element),
            line=line_of(element),
            file=self.file,
        )

    def _scope(self, container: _Element) -> Scope:
        nodes = {child: child.get("id") for child in container if kind(child) in FLOW_NODES}
        by_id = {identifier: node for node, identifier in reversed(nodes.items()) if identifier}
        flows, complete = [], len(by_id) == len(nodes)
        for element in container.iterchildren(bpmn("sequenceFlow")):
            source, target = by_id.get(element.get("sourceRef", "")), by_id.get(element.get("targetRef", ""))
            if source is not None and target is not None:
                flows.append(Flow(element, source, target))
            else:
                complete = False
        return Scope(container, tuple(nodes), tuple(flows), complete)

    @cached_property
    def _lane_names(self) -> Mapping[str, str | None]:
        """Lane names by the ids that the lanes list; document order puts inner lanes after outer ones."""
        return {
            (reference.text or "").strip(): lane.get("name")
            for lane in self.root.iter(bpmn("lane"))
            for reference in lane.iterchildren(bpmn("flowNodeRef"))
        }


def _compiled(content: bytes) -> Form | FormInvalid:
    try:
        return compile_form(content)
    except FormInvalid as invalid:
        return invalid


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
