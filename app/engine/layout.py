"""Where and how a diagram draws its elements (BPMN DI), as texts that compare equal whichever tool wrote the file."""

from __future__ import annotations

from collections.abc import Mapping

from lxml.etree import QName, _Element

from app.engine.checks.elements import attributes

_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
#: attributes that name other parts of the file
_REFERENCES = frozenset({"id", "bpmnElement", "sourceElement", "targetElement"})


def read_layout(root: _Element) -> Mapping[str, str]:
    """By the id of each element that is drawn: its bounds or way points, those of its label, and its colours."""
    layout: dict[str, str] = {}
    for drawn in root.iter(f"{{{_DI}}}BPMNShape", f"{{{_DI}}}BPMNEdge"):
        element_id = drawn.get("bpmnElement", "")
        # a sub-process can be drawn twice: open on a plane of its own, closed on that of its process
        layout[element_id] = " ".join(filter(None, (layout.get(element_id), _written(drawn))))
    return layout


def _written(drawn: _Element) -> str:
    said = [
        f"{QName(name).localname}={_number(value)}"
        for name, value in sorted(attributes(drawn))
        if name not in _REFERENCES
    ]
    for child in drawn.iterchildren("{*}*"):
        if inside := _written(child):
            said.append(f"{QName(child).localname}({inside})")
    return " ".join(said)


def _number(text: str) -> str:
    """A number in one way of writing it, anything else as it is."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text
