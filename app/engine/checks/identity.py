"""Ids: everything that refers, reports or remembers does so by them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import kind
from app.engine.checks.vocabulary import FLOW_NODES, MODEL
from app.errors import Problem

MAX_LENGTH = 255

#: XML's NCName, which the type ID of BPMN's schema asks for
_NCNAME = re.compile(r"[^\W\d][\w.\-]*")
#: the engine gives these names to steps of its own
_RESERVED = frozenset({"Root", "Start", "End", "StartEventSplit", "StartEventJoin"})
_RESERVED_ENDINGS = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin")
_ITEMS = ("inputDataItem", "outputDataItem")
#: a sequence flow without an id is given one when the diagram is read
_NEEDS_ID = FLOW_NODES | {
    "process",
    "message",
    "signal",
    "error",
    "escalation",
    "correlationProperty",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
}


def check_ids_present(diagram: Diagram) -> Iterator[Problem]:
    """What is run, or referred to, has an id."""
    for element in diagram.judged():
        if kind(element) in _NEEDS_ID and not element.get("id"):
            yield diagram.problem("id_missing", element)


def check_ids_unique(diagram: Diagram) -> Iterator[Problem]:
    """An id means one element; the engine's index would even take an extension's for that of a task.

    Only items of multi-instance activities may be called alike: the id is the name of a variable.
    """
    by_id: dict[str, list[_Element]] = defaultdict(list)
    for element in diagram.root.iter(f"{{{MODEL}}}*"):
        if (identifier := element.get("id")) and kind(element) not in _ITEMS:
            by_id[identifier].append(element)
    for process in diagram.processes:
        for element in process.iterdescendants("{*}*"):
            if kind(element) in ("", *_ITEMS) and element.get("id") in by_id:
                by_id[element.get("id", "")].append(element)
    for identifier, elements in by_id.items():
        for repeated in elements[1:]:
            yield diagram.problem("id_repeated", repeated, id=identifier[:80])


def check_id_form(diagram: Diagram) -> Iterator[Problem]:
    """Ids stand in addresses, in the engine's queries and beside the engine's own names."""
    for element in diagram.judged():
        identifier = element.get("id")
        if not identifier or kind(element) not in _NEEDS_ID | {"sequenceFlow"}:
            continue
        if len(identifier) > MAX_LENGTH:
            yield diagram.problem("id_too_long", element, limit=MAX_LENGTH)
        elif not _NCNAME.fullmatch(identifier):
            yield diagram.problem("id_malformed", element, id=identifier)
        elif identifier in _RESERVED or identifier.endswith(_RESERVED_ENDINGS):
            yield diagram.problem("id_reserved", element, id=identifier)
