"""Questions to one element of a diagram's XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from lxml.etree import QName, _Element

from app.engine.checks.vocabulary import MODEL, NAMES, SPIFF

#: of one element; BPMN knows a dozen
_MAX_ATTRIBUTES = 100
_PREFIX = f"{{{MODEL}"


def kind(element: _Element) -> str:
    """The local name of a BPMN element; empty for anything of another namespace."""
    prefix, _, local_name = str(element.tag).rpartition("}")
    return local_name if prefix == _PREFIX else ""


def bpmn(local_name: str) -> str:
    """The full tag of a BPMN element."""
    return f"{{{MODEL}}}{local_name}"


def spoken(element: _Element) -> str:
    """How a designer knows the element: its kind, and its name or id."""
    noun = NAMES.get(kind(element), kind(element) or QName(element).localname)
    label = element.get("name") or element.get("id")
    return f'{noun} "{" ".join(label.split())[:80]}"' if label else noun


def nearest_id(element: _Element) -> str | None:
    """The element's own id, else that of its nearest ancestor that has one."""
    within: _Element | None = element
    while within is not None:
        if identifier := within.get("id"):
            return str(identifier)
        within = within.getparent()
    return None


def line_of(element: _Element) -> int:
    """The line in the file on which the element begins, from 1."""
    line = element.sourceline
    return line if isinstance(line, int) and line > 0 else 1


def attributes(element: _Element) -> Iterator[tuple[str, str]]:
    """The first attributes of an element, by name in Clark's notation.

    Not all: to look one up takes the longer the more there are, and a stranger's file may have a hundred thousand.
    """
    for name in islice(element.attrib, _MAX_ATTRIBUTES):
        yield str(name), str(element.attrib[name])


def children(element: _Element, *kinds: str) -> Iterator[_Element]:
    """The BPMN children of these kinds, in document order."""
    return (child for child in element if kind(child) in kinds)


def has(element: _Element, *kinds: str) -> bool:
    """Whether the element has a BPMN child of these kinds; one without children of its own is false, to lxml."""
    return next(children(element, *kinds), None) is not None


def extensions(element: _Element, *names: str) -> Iterator[_Element]:
    """The children of these names that the element's `extensionElements` hold in our namespace."""
    for holder in children(element, "extensionElements"):
        yield from holder.iterchildren(*(f"{{{SPIFF}}}{name}" for name in names))


def properties(element: _Element) -> Mapping[str, str]:
    """The designer's properties of an element, by name."""
    return {
        prop.get("name", ""): prop.get("value", "")
        for holder in extensions(element, "properties")
        for prop in holder.iterchildren(f"{{{SPIFF}}}property")
    }


def form_name(node: _Element) -> str | None:
    """File name of the form that a node asks for."""
    return properties(node).get("formJsonSchemaFilename") or None
