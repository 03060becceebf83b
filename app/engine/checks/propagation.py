"""Errors and escalations: caught by the boundary event that their author meant, and by no other.

BPMN lets them rise to the innermost event that catches them (BPMN 2.0.2, 10.5.6); the engine hands them to every
event that waits for them at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element

from app.engine.checks.calls import called_processes
from app.engine.checks.diagram import Diagram
from app.engine.checks.events import definition_type, definitions
from app.engine.checks.vocabulary import bpmn, kind
from app.errors import Problem

#: an activity and a boundary event that catches errors or escalations there
Catch = tuple[_Element, _Element]

_TYPES = ("error", "escalation")
_THROWING = ("endEvent", "intermediateThrowEvent")


def check_caught_once(diagram: Diagram) -> Iterator[Problem]:
    """What is thrown inside several activities that catch it, one in the other, would be caught by all of them."""
    catches = catching(diagram)
    for index, (activity, catch) in enumerate(catches):
        inside = set(_within(diagram, activity))
        # of two events at the same activity, the later one is reported
        others = [
            other
            for position, (place, other) in enumerate(catches)
            if place in inside and (place is not activity or position < index)
        ]
        for other in others:
            if any(_caught(diagram, throw, catch) and _caught(diagram, throw, other) for throw in inside):
                yield diagram.problem("caught_twice", catch, other=f'"{other.get("id")}"')
                break


def catching(diagram: Diagram) -> list[Catch]:
    """The activities at which errors and escalations are caught, each with its boundary event."""
    return [
        (activity, event)
        for scope in diagram.scopes
        for activity, events in scope.boundary_events.items()
        for event in events
        if _rising(event) is not None
    ]


def crossing(diagram: Diagram, first: _Element, second: _Element, catches: list[Catch]) -> Iterator[Problem]:
    """What is thrown in one of two elements that are at work at the same time, and caught at the other."""
    for thrower, catcher in ((first, second), (second, first)):
        place = set(_within(diagram, catcher))
        for throw in _within(diagram, thrower):
            for activity, catch in catches:
                if activity in place and _caught(diagram, throw, catch):
                    yield diagram.problem("caught_elsewhere", catch, other=f'"{throw.get("id")}"')


def _within(diagram: Diagram, node: _Element) -> list[_Element]:
    """The node, all that it contains, and all that it calls."""
    return [element for place in (node, *called_processes(diagram, node)) for element in place.iter(bpmn("*"))]


def _rising(event: _Element) -> _Element | None:
    """The error or escalation that an event throws or catches."""
    return next((found for found in definitions(event) if definition_type(found) in _TYPES), None)


def _caught(diagram: Diagram, throw: _Element, catch: _Element) -> bool:
    thrown, caught = _rising(throw), _rising(catch)
    if kind(throw) not in _THROWING or thrown is None or caught is None or kind(thrown) != kind(caught):
        return False
    return _code(diagram, caught) in ("", _code(diagram, thrown))


def _code(diagram: Diagram, definition: _Element) -> str:
    """The code of an error or escalation; empty where any is meant."""
    type_ = definition_type(definition)
    declared = diagram.by_id.get(definition.get(f"{type_}Ref", ""))
    return declared.get(f"{type_}Code", "") if declared is not None else ""
