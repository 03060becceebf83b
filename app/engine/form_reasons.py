"""Why a submitted value was refused, in the words officials read (Bahasa Indonesia)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from jsonschema_rs import ValidationError

from app.errors import FieldError, json_pointer

_TYPES = {
    "string": "teks",
    "integer": "bilangan bulat",
    "number": "angka",
    "boolean": "true atau false",
    "array": "daftar",
    "object": "kelompok isian",
    "null": "kosong (null)",
}
_FORMATS = {
    "date": "tanggal, misalnya 2026-07-04",
    "date-time": "waktu lengkap, misalnya 2026-07-04T08:00:00+07:00",
    "time": "jam, misalnya 08:00:00+07:00",
    "duration": "lama waktu ISO 8601, misalnya P3D",
    "email": "alamat surel",
    "uri": "tautan lengkap, misalnya https://contoh.go.id/berkas",
    "uuid": "UUID",
}
_TEMPLATES: dict[str, str] = {
    "minimum": "paling kecil {}",
    "maximum": "paling besar {}",
    "exclusiveMinimum": "harus lebih besar dari {}",
    "exclusiveMaximum": "harus lebih kecil dari {}",
    "multipleOf": "harus kelipatan {}",
    "maxLength": "paling banyak {} karakter",
    "maxItems": "paling banyak {} isi",
    "minProperties": "paling sedikit {} isian",
    "maxProperties": "paling banyak {} isian",
    "pattern": "tidak sesuai pola {}",
    "uniqueItems": "isinya tidak boleh ada yang sama",
    "contains": "belum memuat isi yang diwajibkan",
    "falseSchema": "tidak boleh diisi",
    "propertyNames": "memuat nama isian yang tidak diperbolehkan",
}
_UNDECLARED = ("additionalProperties", "unevaluatedProperties")
_NOT_MET = "tidak memenuhi syarat formulir ini"


def field_errors(error: ValidationError) -> Iterator[FieldError]:
    """Yield what is to be said of one violation: the pointer under `/variables`, a code, a reason."""
    path = list(error.instance_path)
    keyword = error.kind.name
    value = error.kind.value
    if keyword in _UNDECLARED:
        for name in value:
            yield FieldError(_pointer([*path, name]), "undeclared", "tidak dikenal dalam formulir ini")
    elif keyword in ("required", "dependentRequired"):
        yield FieldError(_pointer([*path, value]), "required", "wajib diisi")
    else:
        yield FieldError(_pointer(path), _code(keyword), _reason(keyword, value))


def _pointer(path: list[str | int]) -> str:
    return json_pointer(["variables", *path])


def _code(keyword: str) -> str:
    """`minLength` → `min_length`: codes are snake_case like everything in the interface."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in keyword)


def _reason(keyword: str, value: Any) -> str:
    if keyword in _SPOKEN:
        return _SPOKEN[keyword](value)
    return _TEMPLATES.get(keyword, _NOT_MET).format(value)


def _listed(values: list[Any]) -> str:
    return ", ".join(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values)


def _at_least(value: Any, unit: str) -> str:
    return "tidak boleh kosong" if value == 1 else f"paling sedikit {value} {unit}"


_SPOKEN: dict[str, Callable[[Any], str]] = {
    "type": lambda names: "harus berupa " + " atau ".join(_TYPES[name] for name in names),
    "enum": lambda options: "harus salah satu dari: " + _listed(options),
    "const": lambda only: "harus bernilai: " + _listed([only]),
    "format": lambda name: "harus berupa " + _FORMATS.get(name, f"isian berbentuk {name}"),
    "minLength": lambda least: _at_least(least, "karakter"),
    "minItems": lambda least: _at_least(least, "isi"),
}
