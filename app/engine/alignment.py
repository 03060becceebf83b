"""Which element of a new version is which element of the old one.

Designers rename ids without meaning to: bpmn.io gives a new one whenever a shape is deleted and drawn again. So an
element whose id is gone is looked for by its type and name, and then by its type and neighbours; where that is not
what the designer means, an explicit mapping says it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from app.engine.definitions import Definition
from app.errors import FieldError, MappingRefused, json_pointer

#: old id → new id
Mapped = Mapping[str, str]

#: what SpiffWorkflow adds to the id of an element for the tasks that it puts beside it
_BESIDE = ("", ".BoundaryEventSplit", ".BoundaryEventJoin", " [child]")


@dataclass(frozen=True, slots=True)
class Element:
    """What tells one element of a version from the others."""

    id: str
    #: with what it waits for and repeats: two elements of one type can hold each other's tokens
    type: tuple[str, ...]
    name: str
    before: frozenset[str]
    behind: frozenset[str]


def align(old: Definition, new: Definition, mapping: Mapped) -> dict[str, str]:
    """Every element of the old version that has a counterpart, with the id of that.

    By `mapping`; else by id; else the only one of the same type and name; else the only one of the same type between
    the same neighbours.

    Raises:
        MappingRefused: `mapping` names what is not there, or elements of two types, or one element twice.
    """
    olds, news = elements_of(old), elements_of(new)
    _require_sound(olds, news, mapping)
    aligned = dict(mapping)
    taken = set(mapping.values())
    aligned |= {id_: id_ for id_ in olds if id_ in news and id_ not in aligned and id_ not in taken}
    _pair_by_name(olds, news, aligned)
    while _pair_by_neighbours(olds, news, aligned):
        pass
    return aligned


def namesakes(old: Definition, new: Definition, mapping: Mapped) -> dict[str, str]:
    """Elements whose id another element seems to have taken: each with the new one that has its type and name.

    So it looks when two ids were exchanged, or one was used again. What `mapping` names is clear.
    """
    olds, news = elements_of(old), elements_of(new)
    clear = set(mapping.values())
    named = {
        (element.type, element.name): id_
        for id_, element in news.items()
        if id_ not in clear and (id_ not in olds or olds[id_].name != element.name)
    }
    found = {}
    for id_, element in olds.items():
        is_renamed = id_ in news and news[id_].name != element.name and id_ not in clear and id_ not in mapping
        if is_renamed and element.name and (element.type, element.name) in named:
            found[id_] = named[element.type, element.name]
    return found


def has_same_structure(old: Any, new: Any, names: Mapped) -> bool:
    """Whether two processes or sub-processes differ in names, lanes, conditions, forms and the like alone.

    Then whatever stands in one can stand in the other.
    """
    counterparts = {name: new.task_specs.get(names.get(name, name)) for name in old.task_specs}
    if set(counterparts.values()) != set(new.task_specs.values()):
        return False
    return all(
        _is_alike(spec, counterparts[name])
        and {names.get(each.name, each.name) for each in spec.outputs} == set(counterparts[name]._outputs)
        for name, spec in old.task_specs.items()
    )


def _is_alike(spec: Any, counterpart: Any) -> bool:
    cancels = (getattr(each, "cancel_activity", None) for each in (spec, counterpart))
    return type_of(spec) == type_of(counterpart) and len(set(cancels)) == 1


def elements_of(definition: Definition) -> dict[str, Element]:
    """The flow nodes of a version by id, those of its sub-processes and called processes included."""
    found = {}
    for process in definition.specs:
        flows = list(_flows(process))
        for spec in process.task_specs.values():
            if is_element(spec):
                before = frozenset(source for source, target in flows if target == spec.name)
                behind = frozenset(target for source, target in flows if source == spec.name)
                name = definition.element_names.get(spec.name, "")
                found[spec.name] = Element(spec.name, type_of(spec), name, before, behind)
    return found


def is_element(spec: Any) -> bool:
    """Whether it is drawn, and not one of SpiffWorkflow's own or an instance of a loop."""
    return spec.bpmn_id is not None and spec.name == spec.bpmn_id


def type_of(spec: Any) -> tuple[str, ...]:
    """An element's type, with the type of the event that it waits for and of the activity that it repeats."""
    parts = [type(spec).__name__]
    if (event := getattr(spec, "event_definition", None)) is not None:
        parts.append(type(event).__name__)
    if isinstance(spec, LoopTask):
        parts += type_of(spec._wf_spec.task_specs[spec.task_spec])
    return tuple(parts)


def main_of(spec: Any) -> Any:
    """The activity that is reached by this: SpiffWorkflow leads to one with boundary events by a task before it."""
    if not isinstance(spec, BoundaryEventSplit):
        return spec
    return next(output for output in spec.outputs if not isinstance(output, BoundaryEvent))


def spec_names(old: Any, new: Any, aligned: Mapped) -> dict[str, str]:
    """The names of SpiffWorkflow's specifications in one process or sub-process, each with that of its counterpart."""
    names = {"Start": "Start", "End": "End", old.end.name: new.end.name}
    for old_id, new_id in aligned.items():
        pairs = ((old_id + suffix, new_id + suffix) for suffix in _BESIDE)
        names |= {one: other for one, other in pairs if one in old.task_specs and other in new.task_specs}
    return names


def _flows(process: Any) -> Iterator[tuple[str, str]]:
    """From which element to which; a boundary event comes behind its activity."""
    for spec in process.task_specs.values():
        if is_element(spec):
            yield from ((spec.name, main.name) for main in map(main_of, spec.outputs) if is_element(main))
        elif isinstance(spec, BoundaryEventSplit):
            activity = main_of(spec)
            yield from ((activity.name, event.name) for event in spec.outputs if event is not activity)


def _require_sound(olds: Mapping[str, Element], news: Mapping[str, Element], mapping: Mapped) -> None:
    used = Counter(mapping.values())
    errors = []
    for old_id, new_id in mapping.items():
        if old_id not in olds:
            code, reason = "element_unknown", f'The version that the instance runs has no element "{old_id}".'
        elif new_id not in news:
            code, reason = "element_unknown", f'The target version has no element "{new_id}".'
        elif olds[old_id].type != news[new_id].type:
            code, reason = "type_differs", f"{old_id} and {new_id} are not elements of the same type."
        elif used[new_id] > 1:
            code, reason = "mapped_twice", f"More than one element is mapped to {new_id}."
        else:
            continue
        errors.append(FieldError(json_pointer(["mapping", old_id]), code, reason))
    if errors:
        raise MappingRefused(errors=errors)


def _unpaired(
    olds: Mapping[str, Element], news: Mapping[str, Element], aligned: Mapped
) -> tuple[list[Element], list[Element]]:
    taken = set(aligned.values())
    gone = [element for id_, element in olds.items() if id_ not in aligned and id_ not in news]
    return gone, [element for id_, element in news.items() if id_ not in taken and id_ not in olds]


def _pair_by_name(olds: Mapping[str, Element], news: Mapping[str, Element], aligned: dict[str, str]) -> None:
    gone, added = _unpaired(olds, news, aligned)
    one = Counter((element.type, element.name) for element in gone)
    other = {(element.type, element.name): element for element in added}
    many = Counter((element.type, element.name) for element in added)
    for element in gone:
        key = element.type, element.name
        if element.name and one[key] == many[key] == 1:
            aligned[element.id] = other[key].id


def _pair_by_neighbours(olds: Mapping[str, Element], news: Mapping[str, Element], aligned: dict[str, str]) -> bool:
    """Pair what stands between the same neighbours; whether that found any, whose neighbours may then be found."""
    gone, added = _unpaired(olds, news, aligned)
    found = False
    for element in gone:
        before, behind = (frozenset(aligned.get(id_, "") for id_ in ids) for ids in (element.before, element.behind))
        like = [e for e in added if (e.type, e.before, e.behind) == (element.type, before, behind)]
        rivals = [e for e in gone if (e.type, e.before, e.behind) == (element.type, element.before, element.behind)]
        if len(like) == len(rivals) == 1:
            aligned[element.id] = like[0].id
            found = True
    return found
