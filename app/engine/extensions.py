"""Putting back the extensions that a modeler dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

from app.engine.checks.approvals import APPROVAL, FOUR_EYES
from app.engine.checks.elements import attributes, bpmn, children, extensions, kind
from app.engine.checks.kept_extensions import PROPERTIES, Loss, find_losses
from app.engine.checks.vocabulary import SPIFF, USER_TASKS
from app.engine.user_task_elements import read_element_ids

_SHAPE = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape"
_PLANE = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNPlane"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
#: what BPMN 2.0.2 wants to stand in a process before its lanes
_BEFORE_LANES = ("documentation", "extensionElements", "auditing", "monitoring", "property")


@dataclass(frozen=True, slots=True)
class Restored:
    """An extension, or a lane, that was put back."""

    element_id: str
    #: a property's name, `postScript`, `lane` …
    name: str
    value: str


def restore(xml: bytes, previous: Mapping[str, bytes]) -> tuple[bytes, tuple[Restored, ...]]:
    """The diagram with what its elements lost against the versions before; the very bytes where that is nothing.

    Everything else stays as it is, comments included; a mended file is in UTF-8. What a property says only of user
    tasks is not put on anything else.

    Args:
        xml: a diagram that can be read
        previous: the diagram of the newest version of each process, by key
    """
    tree = etree.fromstring(xml, _parser()).getroottree()
    restored = []
    for process in tree.getroot().iter(bpmn("process")):
        if (old := previous.get(process.get("id", ""))) is not None:
            ids = {each.get("id") for each in process.iter()}
            for loss in list(find_losses(old, process)):
                if _fits(loss, ids):
                    _put_back(loss)
                    restored.append(Restored(loss.element.get("id", ""), loss.name, _value_now(loss)))
    if not restored:
        return xml, ()
    return _DECLARATION + etree.tostring(tree, encoding="UTF-8", xml_declaration=False), tuple(restored)


def _parser() -> etree.XMLParser:
    """As hardened as the one that reads what is run, but one that keeps comments."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _fits(loss: Loss, ids: AbstractSet[str | None]) -> bool:
    if loss.name not in (FOUR_EYES, APPROVAL):
        return True
    are_there = loss.name == APPROVAL or ids >= set(read_element_ids(_value_now(loss)))
    return are_there and kind(loss.element) in USER_TASKS


def _value_now(loss: Loss) -> str:
    """What is put back: as it was, but with the new ids of tasks that were pasted."""
    if loss.name != FOUR_EYES:
        return loss.value
    return ", ".join(loss.pasted.get(each, each) for each in read_element_ids(loss.value))


def _put_back(loss: Loss) -> None:
    source = loss.source
    if kind(source) == "lane":
        _into_lane(loss.element, source)
        return
    holder = parts = _extension_elements(loss.element)
    if (above := source.getparent()) is not None and above.tag == PROPERTIES:
        found = next(extensions(loss.element, "properties"), None)
        holder = etree.SubElement(parts, PROPERTIES, nsmap={"spiffworkflow": SPIFF}) if found is None else found
    copied = deepcopy(source)
    if loss.name == FOUR_EYES:
        copied.set("value", _value_now(loss))
    holder.append(copied)
    etree.indent(parts, level=_depth(parts))


def _extension_elements(element: _Element) -> _Element:
    found = next(children(element, "extensionElements"), None)
    return _insert(element, "extensionElements", behind=("documentation",)) if found is None else found


def _into_lane(element: _Element, lost: _Element) -> None:
    """Into the lane of the same id, else of the same name, else a copy of the lost one."""
    process = next(element.iterancestors(bpmn("process")))
    lanes = list(process.iter(bpmn("lane")))
    named = [each for name in ("id", "name") for each in lanes if lost.get(name) and each.get(name) == lost.get(name)]
    lane = named[0] if named else _copy_of_lane(process, lost)
    etree.SubElement(lane, bpmn("flowNodeRef")).text = element.get("id")
    etree.indent(lane, level=_depth(lane))


def _copy_of_lane(process: _Element, lost: _Element) -> _Element:
    """A lane like the lost one, without members, drawn where that was: what is not drawn, modelers do not show."""
    found = next(children(process, "laneSet"), None)
    lane_set = _insert(process, "laneSet", behind=_BEFORE_LANES) if found is None else found
    lane = etree.SubElement(lane_set, lost.tag, dict(attributes(lost)))
    etree.indent(lane_set, level=_depth(lane_set))
    plane, shape = next(process.getroottree().iter(_PLANE), None), _shape_of(lost, lost)
    if plane is not None and shape is not None and _shape_of(lane, process) is None:
        plane.append(deepcopy(shape))
    return lane


def _shape_of(element: _Element, within: _Element) -> _Element | None:
    shapes = within.getroottree().iter(_SHAPE)
    return next((shape for shape in shapes if shape.get("bpmnElement") == element.get("id")), None)


def _insert(parent: _Element, name: str, *, behind: Collection[str]) -> _Element:
    """A new part of an element, behind those that must come first."""
    position = max((parent.index(child) + 1 for child in children(parent, *behind)), default=0)
    made = etree.Element(bpmn(name))
    if parent.text is None:
        parent.text, made.tail = f"\n{'  ' * (_depth(parent) + 1)}", f"\n{'  ' * _depth(parent)}"
    else:
        made.tail = parent.text
    parent.insert(position, made)
    return made


def _depth(element: _Element) -> int:
    return sum(1 for _ in element.iterancestors())
