"""Forms: JSON Schema 2020-12, compiled once, asked for every submitted value.

A form comes from a designer and is not trusted: no retrieval, no recursion, bounded size, linear-time patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import jsonschema_rs

from app.engine.form_reasons import field_errors
from app.engine.form_schema import FormInvalid, Schema, check_dialect, check_size, property_names, read_only_names
from app.engine.merging import same
from app.engine.strict_json import JsonInvalid, read_json
from app.errors import FieldError, FormRefused, json_pointer

__all__ = ["EMPTY_FORM", "Form", "FormInvalid", "compile_form"]

#: bytes of one form file
MAX_BYTES = 64 * 1024
#: levels of objects and lists inside one form file
MAX_JSON_DEPTH = 64


#: violations that are looked at; a body can have as many as it has letters
MAX_VIOLATIONS = 1_000
#: errors that are told
MAX_ERRORS = 100


@dataclass(frozen=True, eq=False, slots=True)
class Form:
    """A compiled form; shared by threads, never changed."""

    #: the JSON Schema as the designer wrote it
    schema: Schema
    #: every property that a value may be given for
    property_names: frozenset[str]
    #: those of them that are shown and not asked: `"readOnly": true` at the root
    read_only: frozenset[str]
    _validator: jsonschema_rs.Draft202012Validator = field(repr=False)

    @property
    def writable_names(self) -> frozenset[str]:
        """Every process variable that filling in the form sets."""
        return self.property_names - self.read_only

    def writable(self, submitted: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
        """The submitted values without the read-only ones, which clients may send back as they were shown.

        Raises:
            FormRefused: with a FieldError for each read-only value that is not the one shown
        """
        sent_back = self.read_only & submitted.keys()
        if changed := [name for name in sent_back if name not in shown or not same(submitted[name], shown[name])]:
            reason = "hanya ditampilkan, tidak dapat diubah di sini"
            pointers = (json_pointer(["variables", name]) for name in sorted(changed))
            raise FormRefused(errors=[FieldError(pointer, "read_only", reason) for pointer in pointers])
        return {name: value for name, value in submitted.items() if name not in self.read_only}

    def accept(self, values: Mapping[str, Any]) -> None:
        """Do nothing if the values fit.

        Raises:
            FormRefused: with a FieldError for every violation, the first hundred where there are more; pointers
                begin with `/variables`
        """
        try:
            violations = list(islice(self._validator.iter_errors(dict(values)), MAX_VIOLATIONS))
        except ValueError as too_deep:
            error = FieldError("/variables", "too_deep", "isian bertingkat terlalu dalam")
            raise FormRefused(errors=[error]) from too_deep
        errors = dict.fromkeys(error for violation in violations for error in field_errors(violation))
        if errors:
            raise FormRefused(errors=_without_echoes(errors)[:MAX_ERRORS])


def compile_form(content: bytes) -> Form:
    """Compile a form file of at most `MAX_BYTES`.

    Raises:
        FormInvalid: with the reason, and where in the file
    """
    if len(content) > MAX_BYTES:
        raise FormInvalid(f"The form is larger than {MAX_BYTES // 1024} KiB.")
    try:
        schema = read_json(content, max_depth=MAX_JSON_DEPTH)
    except JsonInvalid as invalid:
        raise FormInvalid(f"The form is not readable JSON: {invalid}.") from invalid
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise FormInvalid('A form describes an object: its root must say "type": "object".')
    check_dialect(schema)
    try:
        jsonschema_rs.meta.validate(schema)
        check_size(schema)
        return Form(schema, property_names(schema), read_only_names(schema), _validator(schema))
    except jsonschema_rs.ValidationError as error:
        raise FormInvalid(_reason(error)) from error
    except ValueError as error:
        raise FormInvalid("The form is nested too deeply to be compiled.") from error


def _validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {**schema, "unevaluatedProperties": False},
        validate_formats=True,
        # A misspelt format would assert nothing, and nobody would notice.
        ignore_unknown_formats=False,
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )


def _reason(error: jsonschema_rs.ValidationError) -> str:
    place = "/" + "/".join(str(step) for step in error.instance_path)
    match error.instance_path[-2:]:
        case [_, "pattern"] | ["patternProperties", _]:
            return f"{place} is not a pattern that can be matched in linear time (no look-around, no back-references)."
        case [_, "format"]:
            return f"{place} names a format that JSON Schema 2020-12 does not know."
        case _:
            return f"{place} is not valid JSON Schema 2020-12."


def _without_echoes(errors: Iterable[FieldError]) -> list[FieldError]:
    """Drop `undeclared` for declared properties: a failed subschema no longer counts as having declared them."""
    blamed: set[str] = set()
    for error in errors:
        pointer = "" if error.code == "undeclared" else error.pointer
        while pointer and pointer not in blamed:
            blamed.add(pointer)
            pointer = pointer.rpartition("/")[0]
    return [error for error in errors if error.code != "undeclared" or error.pointer not in blamed]


EMPTY_FORM = compile_form(b'{"type": "object", "properties": {}, "additionalProperties": false}')
