"""What two versions of a form differ in, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from app.errors import json_pointer

Schema = Mapping[str, Any]


class FieldDifference(NamedTuple):
    """A field that came, went or changed; the whole form where the pointer is empty."""

    #: JSON Pointer (RFC 6901) from the schema's root, such as `/properties/catatan`
    pointer: str
    #: the keywords that differ, as JSON; None where there is no such field
    old: str | None
    new: str | None


def compare_forms(old: bytes, new: bytes) -> tuple[FieldDifference, ...]:
    """The fields in which two forms differ: those of the new one in its order, then those that are gone.

    Formatting and the order of names do not count.
    """
    before, after = dict(_fields(orjson.loads(old))), dict(_fields(orjson.loads(new)))
    return tuple(
        _difference(pointer, before.get(pointer), after.get(pointer))
        for pointer in [*after, *(pointer for pointer in before if pointer not in after)]
        if before.get(pointer) != after.get(pointer)
    )


def _difference(pointer: str, old: Schema | None, new: Schema | None) -> FieldDifference:
    differing = {name for name in {**(old or {}), **(new or {})} if _of(old, name) != _of(new, name)}
    return FieldDifference(pointer, _written(old, differing), _written(new, differing))


def _of(schema: Schema | None, name: str) -> tuple[Any, ...]:
    # in a tuple, as null is a value, too
    return (schema[name],) if schema is not None and name in schema else ()


def _written(schema: Schema | None, names: set[str]) -> str | None:
    if schema is None:
        return None
    return orjson.dumps({n: schema[n] for n in names & schema.keys()}, option=orjson.OPT_SORT_KEYS).decode()


def _fields(schema: Any, steps: tuple[str, ...] = (), *, is_required: bool = False) -> Iterator[tuple[str, Schema]]:
    """Each field by its pointer, without the fields inside it; those of lists' items included."""
    if not isinstance(schema, dict):
        yield json_pointer(steps), {"": schema}
        return
    inside, items = schema.get("properties"), schema.get("items")
    own = {name: value for name, value in schema.items() if name not in ("properties", "required", "items")}
    yield json_pointer(steps), own | ({"required": True} if is_required else {})
    required = schema.get("required", ())
    for name, field in (inside if isinstance(inside, dict) else {}).items():
        yield from _fields(field, (*steps, "properties", name), is_required=name in required)
    if items is not None:
        yield from _fields(items, (*steps, "items"))
