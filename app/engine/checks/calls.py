"""Call activities: what they call is drawn in the same file, and no call leads back to itself."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn
from app.errors import Problem

#: BPMN elements of a process and of all that it calls, each call counted
MAX_WRITTEN_OUT = 10_000


def check_called_processes(diagram: Diagram) -> Iterator[Problem]:
    """Each call activity names an executable process of this file."""
    for activity in _call_activities(diagram):
        reference = activity.get("calledElement")
        if not reference:
            yield diagram.problem("reference_missing", activity, attribute="calledElement")
        elif diagram.called(activity) is None:
            yield diagram.problem("call_not_in_file", activity, reference=reference[:80])


def check_recursion(diagram: Diagram) -> Iterator[Problem]:
    """No process calls itself, not even by way of others."""
    for activity in _call_activities(diagram):
        caller = next(activity.iterancestors(bpmn("process")))
        if caller in called_processes(diagram, activity):
            yield diagram.problem("call_recursive", activity)


def check_size_written_out(diagram: Diagram) -> Iterator[Problem]:
    """Calls that call on and on would make one instance of millions of elements."""
    sizes: dict[_Element, int] = {}
    for process in diagram.processes:
        if _size(diagram, process, sizes) > MAX_WRITTEN_OUT:
            limit = f"{MAX_WRITTEN_OUT} elements once its calls are written out"
            yield diagram.problem("too_many_elements", process, limit=limit)


def _size(diagram: Diagram, process: _Element, sizes: dict[_Element, int]) -> int:
    """Elements of a process, those of the processes that it calls included as often as it calls them."""
    if process not in sizes:
        # of a process that calls itself, which is refused by `check_recursion`
        sizes[process] = 0
        calls = [diagram.called(activity) for activity in process.iter(bpmn("callActivity"))]
        own = sum(1 for _ in process.iter(bpmn("*")))
        sizes[process] = own + sum(_size(diagram, called, sizes) for called in calls if called is not None)
    return sizes[process]


def called_processes(diagram: Diagram, within: _Element) -> list[_Element]:
    """The processes that the element, or any element inside it, calls; and those that these call, and so on."""
    found: list[_Element] = []
    pending = list(within.iter(bpmn("callActivity")))
    while pending:
        process = diagram.called(pending.pop())
        if process is not None and process not in found:
            found.append(process)
            pending += process.iter(bpmn("callActivity"))
    return found


def _call_activities(diagram: Diagram) -> Iterator[_Element]:
    return (node for process in diagram.processes for node in process.iter(bpmn("callActivity")))
