"""Forms: JSON Schema 2020-12, compiled once, asked for every submitted value.

A form comes from a designer and is not trusted: no retrieval, no recursion, bounded size, linear-time patterns.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from app.engine.form_reasons import field_errors
from app.engine.strict_json import JsonInvalid, read_json
from app.errors import FieldError, FormRefused

#: bytes of one form file
MAX_BYTES = 64 * 1024
#: levels of objects and lists inside one form file, and of subschemas once references are followed
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


@dataclass(frozen=True, eq=False, slots=True)
class Form:
    """A compiled form; shared by threads, never changed."""

    #: the JSON Schema as the designer wrote it
    schema: Schema
    #: every property that a value may be given for
    property_names: frozenset[str]
    _validator: jsonschema_rs.Draft202012Validator = field(repr=False)

    def accept(self, values: Mapping[str, Any]) -> None:
        """Do nothing if the values fit.

        Raises:
            FormRefused: with a FieldError for every violation; pointers begin with `/variables`
        """
        try:
            violations = list(self._validator.iter_errors(dict(values)))
        except ValueError as too_deep:
            error = FieldError("/variables", "too_deep", "isian bertingkat terlalu dalam")
            raise FormRefused(errors=[error]) from too_deep
        errors = dict.fromkeys(error for violation in violations for error in field_errors(violation))
        if errors:
            raise FormRefused(errors=_without_echoes(errors))


def _without_echoes(errors: Iterable[FieldError]) -> list[FieldError]:
    """Drop `undeclared` for declared properties: a failed subschema no longer counts as having declared them."""
    errors = list(errors)
    blamed = {error.pointer for error in errors if error.code != "undeclared"}
    return [
        error
        for error in errors
        if error.code != "undeclared" or not any(f"{other}/".startswith(f"{error.pointer}/") for other in blamed)
    ]


def compile_form(content: bytes) -> Form:
    """Compile a form file.

    Raises:
        FormInvalid: with the reason, and where in the file
    """
    if len(content) > MAX_BYTES:
        raise FormInvalid(f"The form is larger than {MAX_BYTES // 1024} KiB.")
    try:
        schema = read_json(content, max_depth=MAX_DEPTH)
    except JsonInvalid as invalid:
        raise FormInvalid(f"The form is not readable JSON: {invalid}.") from invalid
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise FormInvalid('A form describes an object: its root must say "type": "object".')
    _refuse_unsafe_keywords(schema)
    _refuse_too_many(_walk(schema, schema, _subschemas))
    names = _property_names(schema)
    return Form(schema, names, _compile(schema))


def _refuse_unsafe_keywords(schema: Schema) -> None:
    if schema.get("$schema", _DIALECT).rstrip("#") != _DIALECT:
        raise FormInvalid(f'The form must be JSON Schema 2020-12: "$schema": "{_DIALECT}".')
    for name in _keys(schema):
        if name.startswith("$") and name not in _DOLLAR_KEYWORDS:
            raise FormInvalid(f"{name} is not allowed in a form.")


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _refuse_too_many(schemas: Iterator[Schema]) -> None:
    for count, _ in enumerate(schemas, start=1):
        if count > MAX_SUBSCHEMAS:
            raise FormInvalid(f"The form has more than {MAX_SUBSCHEMAS} parts once its references are written out.")


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
            raise FormInvalid(f"The reference {reference} leads back to itself; a form may not be recursive.")
        yield from _walk(document, _resolve(document, reference), children, (*trail, reference), depth + 1)


def _resolve(document: Schema, reference: Any) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise FormInvalid(f'A "$ref" must stay inside the form and begin with "#": {reference!s:.100}.')
    target: Any = document
    for step in unquote(reference[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
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


def _each(schema: Schema, *keywords: str) -> Iterator[Any]:
    for name in keywords:
        value = schema.get(name, ())
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _property_names(root: Schema) -> frozenset[str]:
    names: set[str] = set()
    required: set[str] = set()
    for schema in _walk(root, root, _in_place):
        _refuse_open_object(schema)
        names.update(_names(schema, "properties"))
        required.update(_names(schema, "required"))
    for name in sorted(names):
        _refuse_unusable_name(name)
    if missing := sorted(required - names):
        raise FormInvalid(f'The form requires "{missing[0]}" but has no such property.')
    return frozenset(names)


def _names(schema: Schema, keyword_: str) -> list[str]:
    return [name for name in schema.get(keyword_, ()) if isinstance(name, str)]


def _refuse_open_object(schema: Schema) -> None:
    for name in ("additionalProperties", "unevaluatedProperties"):
        if schema.get(name, False) is not False:
            raise FormInvalid(
                f'Only declared properties are accepted: "{name}" may only be false at the root of a form.'
            )
    if "patternProperties" in schema:
        raise FormInvalid('Only declared properties are accepted: no "patternProperties" at the root of a form.')


def _refuse_unusable_name(name: str) -> None:
    if name in RESERVED_NAMES:
        raise FormInvalid(f'"{name}" cannot be asked in a form: only the diagram sets it.')
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise FormInvalid(
            f'"{name:.100}" cannot be the name of a property: use at most 64 letters, digits and _, '
            "a letter first, and no word of the expression language."
        )


def _compile(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(
            {**schema, "unevaluatedProperties": False},
            validate_formats=True,
            ignore_unknown_formats=False,
            pattern_options=jsonschema_rs.RegexOptions(),
            offline=True,
        )
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise FormInvalid(_compile_reason(error)) from error


def _compile_reason(error: Exception) -> str:
    if not isinstance(error, jsonschema_rs.ValidationError):
        return "The form cannot be compiled."
    place = "/" + "/".join(str(step) for step in error.instance_path)
    match list(error.instance_path)[-1:]:
        case ["pattern"]:
            return f"{place} is not a pattern that can be matched in linear time (no look-around, no back-references)."
        case ["format"]:
            return f"{place} names a format that JSON Schema 2020-12 does not know."
        case _:
            return f"{place} is not valid JSON Schema 2020-12."


EMPTY_FORM = compile_form(b'{"type": "object", "properties": {}, "additionalProperties": false}')
