"""What a form's JSON Schema may contain: nothing that reaches out, recurses, explodes or leaves names open."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

#: levels of subschemas once references are followed
MAX_DEPTH = 64
#: subschemas of a form once every reference is written out
MAX_SUBSCHEMAS = 2_000
#: names that only the diagram sets
RESERVED_NAMES = frozenset({"lane_owners"})

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: the other `$` keywords move where a reference points, or make it depend on the value
_DOLLAR_KEYWORDS = frozenset({"$schema", "$ref", "$defs", "$comment"})

Schema = dict[str, Any]
#: from a schema to the subschemas below it
Children = Callable[[Schema], Iterable[Any]]


class FormInvalid(Exception):
    """The form is not a schema that can be used; `reason` says why in plain words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def check_dialect(schema: Schema) -> None:
    """Refuse another dialect than 2020-12, and the keywords that make references dynamic.

    Raises:
        FormInvalid
    """
    if str(schema.get("$schema", _DIALECT)).rstrip("#") != _DIALECT:
        raise FormInvalid(f'The form must be JSON Schema 2020-12: "$schema": "{_DIALECT}".')
    for name in _keys(schema):
        if name.startswith("$") and name not in _DOLLAR_KEYWORDS:
            raise FormInvalid(f"{name:.100} is not allowed in a form.")


def check_size(schema: Schema) -> None:
    """Refuse references that leave the form or recurse, and a form that grows too large when they are followed.

    Raises:
        FormInvalid
    """
    for count, _ in enumerate(_walk(schema, schema, _subschemas), start=1):
        if count > MAX_SUBSCHEMAS:
            raise FormInvalid(f"The form has more than {MAX_SUBSCHEMAS} parts once its references are written out.")


def property_names(root: Schema) -> frozenset[str]:
    """List every property that a value may be given for, however deep in `allOf`, `then`, `$ref` it is declared.

    Raises:
        FormInvalid: undeclared properties would be let through, or a name cannot be used in an expression
    """
    names: set[str] = set()
    required: set[str] = set()
    for schema in _walk(root, root, _in_place):
        _refuse_open_object(schema)
        names.update(_texts(schema, "properties"))
        required.update(_texts(schema, "required"))
    for name in sorted(names):
        _refuse_unusable_name(name)
    if missing := sorted(required - names):
        raise FormInvalid(f'The form requires "{missing[0]:.100}" but has no such property.')
    return frozenset(names)


def read_only_names(root: Schema) -> frozenset[str]:
    """List the properties that are shown and not asked: `readOnly` wherever it may apply (Validation, section 9.4).

    Of an item of a list, or of a property inside a property, `readOnly` says nothing here.

    Raises:
        FormInvalid: the form requires one of them, and would refuse whoever leaves it out, as they may
    """
    names: set[str] = set()
    required: set[str] = set()
    for schema in _walk(root, root, _in_place):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            names.update(name for name, property_ in properties.items() if _is_read_only(root, property_))
        for demanded in (schema.get("required"), *_each(schema, "dependentRequired")):
            required.update(_strings(demanded))
    if asked := sorted(required & names):
        raise FormInvalid(f'"{asked[0]:.100}" is readOnly, so it is shown and not asked: take it out of "required".')
    return frozenset(names)


def _is_read_only(root: Schema, property_: Any) -> bool:
    return any(schema.get("readOnly") is True for schema in _walk(root, property_, _in_place))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _walk(
    document: Schema, schema: Any, children: Children, trail: tuple[str, ...] = (), depth: int = 0
) -> Iterator[Schema]:
    """Yield the schema and everything below it, references followed, as often as it is reached."""
    if not isinstance(schema, dict):
        return
    if depth > MAX_DEPTH:
        raise FormInvalid(f"The form is nested deeper than {MAX_DEPTH} levels.")
    yield schema
    for child in children(schema):
        yield from _walk(document, child, children, trail, depth + 1)
    if "$ref" in schema:
        reference = schema["$ref"]
        if reference in trail:
            raise FormInvalid(f"The reference {reference!s:.100} leads back to itself; a form may not be recursive.")
        yield from _walk(document, _resolve(document, reference), children, (*trail, reference), depth + 1)


def _resolve(document: Schema, reference: Any) -> Any:
    """Follow a JSON Pointer in a fragment (RFC 6901, section 6)."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise FormInvalid(f'A "$ref" must stay inside the form and begin with "#": {reference!s:.100}.')
    target: Any = document
    for step in unquote(reference[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and len(name) < 6 and int(name) < len(target):
            target = target[int(name)]
        else:
            raise FormInvalid(f'The form has nothing at "$ref": "{reference:.100}".')
    return target


def _in_place(schema: Schema) -> Iterator[Any]:
    """The subschemas that judge the same value as their parent, so that theirs are its properties."""
    yield from (schema[name] for name in ("if", "then", "else") if name in schema)
    yield from _each(schema, "allOf", "anyOf", "oneOf", "dependentSchemas")


def _subschemas(schema: Schema) -> Iterator[Any]:
    yield from _in_place(schema)
    for name in ("not", "items", "contains", "propertyNames", "additionalProperties", "unevaluatedProperties"):
        yield schema.get(name)
    yield from _each(schema, "properties", "patternProperties", "prefixItems", "$defs")


def _each(schema: Schema, *names: str) -> Iterator[Any]:
    for name in names:
        value = schema.get(name, ())
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _texts(schema: Schema, name: str) -> list[str]:
    """The names in a keyword's value."""
    return _strings(schema.get(name))


def _strings(value: Any) -> list[str]:
    """The names in a list or object; a reference may lead to what the metaschema never saw, so expect any type."""
    return [text for text in value if isinstance(text, str)] if isinstance(value, dict | list) else []


def _refuse_open_object(schema: Schema) -> None:
    for name in ("additionalProperties", "unevaluatedProperties"):
        if schema.get(name, False) is not False:
            raise FormInvalid(f'Only declared properties are accepted: at the root "{name}" may only be false.')
    if "patternProperties" in schema:
        raise FormInvalid('Only declared properties are accepted: no "patternProperties" at the root.')


def _refuse_unusable_name(name: str) -> None:
    if name in RESERVED_NAMES:
        raise FormInvalid(f'"{name}" cannot be asked in a form: only the diagram sets it.')
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise FormInvalid(
            f'"{name:.100}" cannot be the name of a property: use at most 64 letters, digits and _, '
            "a letter first, and no word of the expression language."
        )
