"""Extensions: what the version before said of an element in ways that modelers do not know is still said.

bpmn.io keeps extensions by value, but drops them when an element is pasted or its type is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from lxml.etree import QName, _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn, children, kind
from app.engine.checks.vocabulary import FLOW_NODES, MODEL, SPIFF, TASKS
from app.engine.definitions import read_xml
from app.errors import Problem

PROPERTIES = f"{{{SPIFF}}}properties"
#: letters of a lost value that are told, and of all that an element lost
_MAX_VALUE, _MAX_LOST = 80, 1_000

#: what is compared: elements by id
_Elements = Mapping[str, _Element]


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """Something that the version before said of an element."""

    #: the element as it stands in the new diagram
    element: _Element
    #: what said it in the old one: an extension, one of the properties, or the lane
    source: _Element
    #: the new ids of old elements that were pasted
    pasted: Mapping[str, str]

    @property
    def name(self) -> str:
        """What is lost: a property's name, `postScript`, `lane` …"""
        tag = QName(self.source).localname
        return self.source.get("name", "") if tag == "property" else tag

    @property
    def value(self) -> str:
        """What it said."""
        if kind(self.source) == "lane":
            return str(self.source.get("name") or self.source.get("id", ""))
        return str(self.source.get("value") or "".join(map(str, self.source.itertext())).strip())


def check_extensions_kept(diagram: Diagram) -> Iterator[Problem]:
    """Warn: an element has lost what the newest version says of it. A designer may have meant it."""
    for process in diagram.processes:
        if (xml := diagram.previous.get(process.get("id", ""))) is not None:
            for element, losses in groupby(find_losses(xml, process), key=lambda loss: loss.element):
                lost = ", ".join(f'{loss.name} "{" ".join(loss.value.split())[:_MAX_VALUE]}"' for loss in losses)
                yield diagram.problem("extension_lost", element, lost=lost[:_MAX_LOST])


def find_losses(previous: bytes, process: _Element) -> Iterator[Loss]:
    """What a process has lost against the version before, element by element in its own order.

    Args:
        previous: the diagram of the version before
        process: in the new diagram
    """
    before = next((p for p in read_xml(previous).iter(bpmn("process")) if p.get("id") == process.get("id")), None)
    if before is None:
        return
    old_lanes, new_lanes = _lanes(before), _lanes(process)
    counterparts = list(_counterparts(before, process))
    pasted = {old.get("id", ""): new.get("id", "") for new, old in counterparts if new.get("id") != old.get("id")}
    for new, old in counterparts:
        kept = extensions_of(new)
        yield from (Loss(new, source, pasted) for name, source in extensions_of(old).items() if name not in kept)
        lane = old_lanes.get(old.get("id", ""))
        within = (new, *new.iterancestors())
        if lane is not None and not any(each.get("id") in new_lanes for each in within):
            yield Loss(new, lane, pasted)


def extensions_of(element: _Element) -> Mapping[tuple[str, str], _Element]:
    """The extensions of an element: each property by name, and whatever else says something by tag and number."""
    found: dict[tuple[str, str], _Element] = {}
    seen: Counter[str] = Counter()
    for holder in children(element, "extensionElements"):
        for extension in holder.iterchildren("{*}*"):
            if extension.tag == PROPERTIES:
                entries = extension.iterchildren(f"{{{SPIFF}}}property")
                found |= {("property", entry.get("name", "")): entry for entry in entries}
            elif len(extension) or extension.attrib or (extension.text or "").strip():
                tag = str(extension.tag)
                seen[tag] += 1
                found[tag, str(seen[tag])] = extension
    return found


def _by_id(process: _Element) -> _Elements:
    return {identifier: each for each in process.iter(f"{{{MODEL}}}*") if (identifier := each.get("id"))}


def _lanes(process: _Element) -> _Elements:
    """The lane of each flow node that lies in one."""
    return {
        (reference.text or "").strip(): lane
        for lane in process.iter(bpmn("lane"))
        for reference in children(lane, "flowNodeRef")
    }


def _counterparts(before: _Element, process: _Element) -> Iterator[tuple[_Element, _Element]]:
    """Each new element with the old one that it is: of the same id, else what it seems to be a paste of."""
    old, new = _by_id(before), _by_id(process)
    pasted = dict(_pasted(_Places(before), _Places(process)))
    for identifier, element in new.items():
        if (counterpart := old.get(identifier, pasted.get(identifier))) is not None:
            yield element, counterpart


class _Places:
    """Where the elements of a process stand, in words that a paste does not change."""

    def __init__(self, process: _Element) -> None:
        self.elements = _by_id(process)
        self._lanes = {each: lane.get("name") or lane.get("id") for each, lane in _lanes(process).items()}
        self._neighbours: dict[str, set[str]] = {}
        for flow in process.iter(bpmn("sequenceFlow")):
            source, target = flow.get("sourceRef", ""), flow.get("targetRef", "")
            self._neighbours.setdefault(source, set()).add(self._word_for(target))
            self._neighbours.setdefault(target, set()).add(self._word_for(source))

    def _word_for(self, identifier: str) -> str:
        element = self.elements.get(identifier)
        return identifier if element is None else element.get("name") or identifier

    def lane(self, identifier: str) -> str | None:
        """The lane's name; None where it lies in none."""
        return self._lanes.get(identifier)

    def neighbours(self, identifier: str) -> set[str]:
        """The names, else the ids, of the elements at the other ends of its flows."""
        return self._neighbours.get(identifier, set())


def _pasted(old: _Places, new: _Places) -> Iterator[tuple[str, _Element]]:
    """A paste has a new id and no extensions, the name of what was cut, and best also its kind and its neighbours.

    Whatever has neither its lane nor a neighbour of it is another element that happens to have its name.
    """
    appeared = {i: each for i, each in new.elements.items() if i not in old.elements and not extensions_of(each)}
    for identifier, cut in old.elements.items():
        if identifier in new.elements or kind(cut) not in FLOW_NODES or not extensions_of(cut):
            continue
        lane, neighbours = old.lane(identifier), old.neighbours(identifier)
        likeness = {
            each: (kind(element) == kind(cut), len(new.neighbours(each) & neighbours))
            for each, element in appeared.items()
            if _is_alike(cut, element)
            and (new.neighbours(each) & neighbours or (lane is not None and new.lane(each) == lane))
        }
        if likeness:
            best = max(likeness, key=likeness.__getitem__)
            del appeared[best]
            yield best, cut


def _is_alike(cut: _Element, element: _Element) -> bool:
    are_tasks = kind(cut) in TASKS and kind(element) in TASKS
    has_its_name = bool(cut.get("name")) and element.get("name") == cut.get("name")
    return has_its_name and (are_tasks or kind(element) == kind(cut))
