"""What a designer changed: two versions of a process compared, element by element, by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.engine.description import Aspect, ElementFacts, Fact, describe
from app.engine.form_differences import compare_forms

#: every kind of difference, with what it means; part of the interface
KINDS: Mapping[str, str] = {
    "element_added": "An element is new.",
    "element_removed": "An element is gone.",
    "element_renamed": "An element has another name.",
    "flow_added": "A flow is new; `new` says from where to where.",
    "flow_removed": "A flow is gone; `old` says from where to where.",
    "flow_renamed": "A flow has another label.",
    "flow_rerouted": "A flow, or association, begins (`source`) or ends (`target`) at another element.",
    "lane_added": "A lane is new.",
    "lane_removed": "A lane is gone.",
    "lane_renamed": "A lane, and so its role, has another name.",
    "type_changed": "An element is of another type.",
    "moved_to_lane": "An element lies in another lane.",
    "moved_to_container": "An element lies in another sub-process, process or outer lane.",
    "attachment_changed": "A boundary event hangs on another activity.",
    "condition_changed": "A flow is taken on another condition.",
    "default_flow_changed": "Another flow is the default.",
    "decision_order_changed": "An exclusive gateway tries the conditions of its flows in another order.",
    "event_changed": "An event waits for, or causes, something else.",
    "loop_changed": "An activity repeats otherwise.",
    "script_changed": "A script does something else.",
    "property_changed": "A property of an element, or of the process's identity block, has another value.",
    "instructions_changed": "A task is explained otherwise to whoever does it.",
    "documentation_changed": "An element is documented otherwise.",
    "extension_changed": "An extension of any other kind is another.",
    "setting_changed": "Something else that BPMN says of an element is another.",
    "layout_changed": "An element is only drawn otherwise.",
    "form_added": "A form is new.",
    "form_removed": "A form is no longer used.",
    "form_changed": "A form is another; its fields follow one by one.",
    "form_field_added": "A field of a form is new; `property` is its JSON Pointer.",
    "form_field_removed": "A field of a form is gone.",
    "form_field_changed": "A field of a form is another; `old` and `new` hold the keywords that differ.",
}

_FORM = Aspect("property_changed", "formJsonSchemaFilename")
#: the kind that matters only to the eye
LAYOUT = "layout_changed"
_SOURCE, _TARGET = Aspect("flow_rerouted", "source"), Aspect("flow_rerouted", "target")
_FLOWS = frozenset({"sequenceFlow", "messageFlow"})


@dataclass(frozen=True, slots=True)
class Files:
    """A diagram with the forms that it uses."""

    xml: bytes
    #: content by file name
    forms: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a newer version says otherwise."""

    #: one of `KINDS`
    kind: str
    #: None for a form
    element_id: str | None
    #: BPMN's local name, in the newer version where it is in both; None for a form
    element_type: str | None
    #: of the element, or the file name of the form
    name: str | None
    #: which of the properties, scripts, settings or fields; None where there is only one such thing
    property: str | None
    #: None where there was nothing
    old: str | None
    new: str | None
    #: in the newer diagram, from 1; None for what is gone, and for forms
    line: int | None
    #: ids of the elements whose form it is, or was; of forms alone
    used_by: tuple[str, ...] = ()


def compare(key: str, old: Files | None, new: Files) -> tuple[Difference, ...]:
    """All that differs: elements in the newer diagram's order, those that are gone in the older's, then forms by name.

    Args:
        key: the process that is compared, together with those that it calls
        old: None where there was no version before: everything is new

    Raises:
        DefinitionUnreadable
    """
    before = describe(old.xml, key) if old is not None else {}
    after = describe(new.xml, key)
    return (
        *_of_elements(before, after),
        *(_gone(element) for element in before.values() if element.id not in after),
        *_of_forms(old.forms if old is not None else {}, new.forms, [*before.values(), *after.values()]),
    )


def is_layout_only(differences: Sequence[Difference]) -> bool:
    """Whether there are differences, and all of them are in the drawing."""
    return bool(differences) and all(difference.kind == LAYOUT for difference in differences)


def _of_elements(old: Mapping[str, ElementFacts], new: Mapping[str, ElementFacts]) -> Iterator[Difference]:
    tried, now_tried = _tried(old), _tried(new)
    for element in new.values():
        yield from _of_element(old.get(element.id), element)
        yield from _of_order(element, tried.get(element.id, ()), now_tried.get(element.id, ()))


def _of_element(old: ElementFacts | None, new: ElementFacts) -> Iterator[Difference]:
    if old is None:
        yield Difference(f"{_noun(new)}_added", new.id, new.type, new.name, None, None, _ends(new), new.line)
        return
    for aspect in {**new.facts, **old.facts}:
        before, after = old.facts.get(aspect), new.facts.get(aspect)
        if not _is_same(before, after):
            kind = f"{_noun(new)}_renamed" if aspect.kind == "renamed" else aspect.kind
            texts = (None if before is None else before.text, None if after is None else after.text)
            yield Difference(kind, new.id, new.type, new.name, aspect.property, *texts, new.line)


def _tried(elements: Mapping[str, ElementFacts]) -> Mapping[str, Sequence[str]]:
    """The flows with a condition that leave each exclusive gateway: it takes the first in the file that fits."""
    tried: dict[str, list[str]] = {each.id: [] for each in elements.values() if each.type == "exclusiveGateway"}
    for flow in elements.values():
        source = flow.facts.get(_SOURCE)
        if source is not None and source.text in tried and Aspect("condition_changed") in flow.facts:
            tried[source.text].append(flow.id)
    return tried


def _of_order(gateway: ElementFacts, tried: Sequence[str], now_tried: Sequence[str]) -> Iterator[Difference]:
    """A change in the order of the flows that were there before and still are."""
    old, new = [flow for flow in tried if flow in now_tried], [flow for flow in now_tried if flow in tried]
    if old != new:
        texts = ", ".join(old), ", ".join(new)
        yield Difference("decision_order_changed", gateway.id, gateway.type, gateway.name, None, *texts, gateway.line)


def _gone(old: ElementFacts) -> Difference:
    return Difference(f"{_noun(old)}_removed", old.id, old.type, old.name, None, _ends(old), None, None)


def _is_same(old: Fact | None, new: Fact | None) -> bool:
    if old is None or new is None:
        return old is new
    return old.text == new.text or (old.identity is not None and old.identity == new.identity)


def _noun(element: ElementFacts) -> str:
    if element.type in _FLOWS:
        return "flow"
    return "lane" if element.type == "lane" else "element"


def _ends(element: ElementFacts) -> str | None:
    """From where to where a flow leads; None for anything else."""
    if element.type not in _FLOWS:
        return None
    ends = (element.facts.get(end) for end in (_SOURCE, _TARGET))
    return " → ".join("" if end is None else end.text for end in ends)


def _of_forms(
    old: Mapping[str, bytes], new: Mapping[str, bytes], elements: Sequence[ElementFacts]
) -> Iterator[Difference]:
    users: dict[str, set[str]] = {}
    for element in elements:
        if (form := element.facts.get(_FORM)) is not None:
            users.setdefault(form.text, set()).add(element.id)
    for name in sorted({*old, *new}):
        for kind, pointer, before, after in _of_form(old.get(name), new.get(name)):
            used_by = tuple(sorted(users.get(name, ())))
            yield Difference(kind, None, None, name, pointer, before, after, None, used_by)


def _of_form(old: bytes | None, new: bytes | None) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    if old is None or new is None:
        yield "form_added" if old is None else "form_removed", None, None, None
        return
    fields = {field.pointer: field for field in compare_forms(old, new)}
    whole = fields.pop("", None)
    if whole is not None or fields:
        yield "form_changed", None, *((None, None) if whole is None else (whole.old, whole.new))
    for pointer, before, after in fields.values():
        change = "added" if before is None else "removed" if after is None else "changed"
        yield f"form_field_{change}", pointer, before, after
