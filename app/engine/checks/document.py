"""Second family: the document as a whole, before its processes are looked into."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import attributes, bpmn, kind
from app.engine.checks.vocabulary import SUBPROCESSES, XINCLUDE
from app.errors import Problem

#: elements of the whole file, drawing included
MAX_ELEMENTS = 10_000
#: flow nodes directly inside one process or sub-process; the engine reads them by recursion along the flows
MAX_FLOW_NODES = 250
#: sequence flows directly inside one process or sub-process
MAX_FLOWS = 1_000
#: executable processes; the engine reads the whole file for each
MAX_PROCESSES = 20
#: processes and sub-processes; the engine follows calls by recursion
MAX_CONTAINERS = 100
#: sub-processes inside each other
MAX_NESTING = 20
#: characters of a name, which every list, history and comparison repeats; the longest in 1,380 public diagrams has 302
MAX_NAME = 1_000
#: characters of a documentation, an annotation or a property; the longest there has 2,890
MAX_TEXT = 20_000


def check_xinclude(diagram: Diagram) -> Iterator[Problem]:
    """No part of the diagram comes from another file."""
    for element in diagram.root.iter(f"{{{XINCLUDE}}}*"):
        yield diagram.problem("xinclude_not_allowed", element)


def check_size(diagram: Diagram) -> Iterator[Problem]:
    """Every later check, and the engine, may walk the diagram."""
    if sum(1 for _ in diagram.root.iter()) > MAX_ELEMENTS:
        yield diagram.problem("too_many_elements", diagram.root, limit=f"{MAX_ELEMENTS} elements")
        return
    if len(diagram.processes) > MAX_PROCESSES:
        yield diagram.problem("too_many_elements", diagram.root, limit=f"{MAX_PROCESSES} processes")
    if len(diagram.containers) > MAX_CONTAINERS:
        yield diagram.problem("too_many_elements", diagram.root, limit=f"{MAX_CONTAINERS} sub-processes")
    for container in diagram.containers:
        nesting = sum(1 for ancestor in container.iterancestors() if kind(ancestor) in SUBPROCESSES)
        if nesting == MAX_NESTING:
            yield diagram.problem("nested_too_deeply", container, limit=MAX_NESTING)
    for scope in diagram.scopes:
        if len(scope.nodes) > MAX_FLOW_NODES:
            yield diagram.problem("too_many_elements", scope.element, limit=f"{MAX_FLOW_NODES} flow nodes")
        if len(scope.flows) > MAX_FLOWS:
            yield diagram.problem("too_many_elements", scope.element, limit=f"{MAX_FLOWS} sequence flows")


def check_text_lengths(diagram: Diagram) -> Iterator[Problem]:
    """What is told of an element again and again has an end."""
    for element in diagram.judged():
        if len(element.get("name", "")) > MAX_NAME:
            yield diagram.problem("name_too_long", element, limit=f"{MAX_NAME:,}")
        texts = [value for name, value in attributes(element) if name != "name"]
        if kind(element) in ("documentation", "text"):
            texts.append("".join(map(str, element.itertext())))
        if any(len(text) > MAX_TEXT for text in texts):
            yield diagram.problem("text_too_long", element, limit=f"{MAX_TEXT:,}")


def check_executable_process(diagram: Diagram) -> Iterator[Problem]:
    """bpmn.io's own new diagram is not executable: say what to tick."""
    if diagram.processes:
        return
    processes = list(diagram.root.iter(bpmn("process")))
    yield diagram.problem("no_executable_process", processes[0] if processes else None)


def check_data_stores(diagram: Diagram) -> Iterator[Problem]:
    """The engine looks up every data store of the document, used or not."""
    for store in diagram.root.iter(bpmn("dataStore")):
        yield diagram.problem("data_store_not_supported", store)
