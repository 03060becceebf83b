"""Diagram interchange: what runs is also drawn, lest bpmn.io open an empty sheet, or one without the new task."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn
from app.engine.checks.vocabulary import BOUNDS, EDGE, SHAPE, WAYPOINT
from app.errors import Problem

_COORDINATES = ("x", "y", "width", "height")


def check_coordinates(diagram: Diagram) -> Iterator[Problem]:
    """The engine orders the flows of a gateway by the height of what they lead to."""
    for place in diagram.root.iter(BOUNDS, WAYPOINT):
        if not all(_is_finite(place.get(name, "0")) for name in _COORDINATES):
            yield diagram.problem("bounds_malformed", place)


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def check_drawn(diagram: Diagram) -> Iterator[Problem]:
    """Warn: every flow node and lane has a shape with bounds, every sequence flow an edge with two ends."""
    shapes = _drawn(diagram, SHAPE, BOUNDS, 1)
    edges = _drawn(diagram, EDGE, WAYPOINT, 2)
    if not shapes and diagram.nodes:
        yield diagram.problem("drawing_missing", None)
        return
    lanes = (lane for process in diagram.processes for lane in process.iter(bpmn("lane")))
    flows = (flow.element for scope in diagram.scopes for flow in scope.flows)
    yield from (diagram.problem("not_drawn", each) for each in (*diagram.nodes, *lanes) if each.get("id") not in shapes)
    # A flow without an id is given one when it is run, to which no edge can refer.
    yield from (diagram.problem("not_drawn", each) for each in flows if each.get("id") not in edges)


def _drawn(diagram: Diagram, tag: str, part: str, least: int) -> set[str]:
    """Ids of the elements that such a figure draws; one of less than so many parts draws nothing."""
    figures: list[_Element] = [each for each in diagram.root.iter(tag) if len(list(each.iterchildren(part))) >= least]
    # a reference may bear the prefix of the file's own namespace
    return {figure.get("bpmnElement", "").rpartition(":")[2] for figure in figures}
