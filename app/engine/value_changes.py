"""What two sets of values differ in, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.engine.merging import same
from app.errors import json_pointer

Kind = Literal["added", "removed", "changed"]
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that came, went or changed."""

    #: its name; of what lies inside a field a JSON Pointer (RFC 6901), such as `/paraf_konsep/jabatan`
    field: str
    kind: Kind
    #: None where there was, or is, none; or null
    old: Any
    new: Any


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """What leads from the old values to the new ones: made one after the other, the changes give the new values.

    Objects are compared name by name, in the order of the alphabet; lists place by place, what they are longer by in
    the order in which it can be added, or taken away from the end.
    """
    return tuple(_of_objects(old, new, ()))


def _of_objects(old: Mapping[str, Any], new: Mapping[str, Any], steps: Steps) -> Iterator[FieldChange]:
    for name in sorted({*old, *new}):
        inside = (*steps, name)
        if name not in new:
            yield FieldChange(_field(inside), "removed", old[name], None)
        elif name not in old:
            yield FieldChange(_field(inside), "added", None, new[name])
        else:
            yield from _of_values(old[name], new[name], inside)


def _of_lists(old: list[Any], new: list[Any], steps: Steps) -> Iterator[FieldChange]:
    common = min(len(old), len(new))
    for place in range(common):
        yield from _of_values(old[place], new[place], (*steps, place))
    for place in range(common, len(new)):
        yield FieldChange(_field((*steps, place)), "added", None, new[place])
    for place in reversed(range(common, len(old))):
        yield FieldChange(_field((*steps, place)), "removed", old[place], None)


def _of_values(old: Any, new: Any, steps: Steps) -> Iterator[FieldChange]:
    match old, new:
        case dict(), dict():
            yield from _of_objects(old, new, steps)
        case list(), list():
            yield from _of_lists(old, new, steps)
        case _ if not same(old, new):
            yield FieldChange(_field(steps), "changed", old, new)


def _field(steps: Steps) -> str:
    # The names of a form's fields can be used in expressions: none of them looks like a pointer.
    return str(steps[0]) if len(steps) == 1 else json_pointer(steps)
