"""Forms: what they accept, what they answer officials, and which schemas are not trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.forms import EMPTY_FORM, FormInvalid, compile_form
from app.errors import FieldError, FormRefused

REVIEW = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "keputusan": {"enum": ["ya", "tidak"]},
        "catatan": {"type": "string"},
        "tanggal": {"type": "string", "format": "date"},
        "tahun": {"type": "integer", "minimum": 2000},
        "anggota": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/nama"}},
    },
    "required": ["keputusan"],
    "if": {"properties": {"keputusan": {"const": "tidak"}}, "required": ["keputusan"]},
    "then": {"required": ["catatan"], "properties": {"catatan": {"minLength": 1, "pattern": "\\S"}}},
    "$defs": {"nama": {"type": "string", "minLength": 3}},
}


def refused(schema: dict[str, Any], **values: Any) -> set[tuple[str, str, str]]:
    with pytest.raises(FormRefused) as caught:
        compile_form(json.dumps(schema).encode()).accept(values)
    errors: tuple[FieldError, ...] = caught.value.errors
    return {(error.pointer, error.code, error.reason) for error in errors}


def invalid(schema: Any) -> str:
    content = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
    with pytest.raises(FormInvalid) as caught:
        compile_form(content)
    return caught.value.reason


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_values_that_fit_are_accepted() -> None:
    form = compile_form(json.dumps(REVIEW).encode())
    form.accept({"keputusan": "ya", "tanggal": "2026-07-04", "tahun": 2026, "anggota": ["budi"]})
    assert form.schema == REVIEW
    assert form.property_names == {"keputusan", "catatan", "tanggal", "tahun", "anggota"}


def test_every_violation_is_named_with_its_pointer_in_the_words_of_officials() -> None:
    assert refused(REVIEW, keputusan="mungkin", tanggal="besok", tahun="2026", anggota=["si"], lain=1) == {
        ("/variables/keputusan", "enum", "harus salah satu dari: ya, tidak"),
        ("/variables/tanggal", "format", "harus berupa tanggal, misalnya 2026-07-04"),
        ("/variables/tahun", "type", "harus berupa bilangan bulat"),
        ("/variables/anggota/0", "min_length", "paling sedikit 3 karakter"),
        ("/variables/lain", "undeclared", "tidak dikenal dalam formulir ini"),
    }


def test_a_missing_value_is_named_by_its_own_pointer() -> None:
    assert refused(REVIEW) == {("/variables/keputusan", "required", "wajib diisi")}
    assert refused(REVIEW, keputusan="tidak") == {("/variables/catatan", "required", "wajib diisi")}


def test_pointers_are_escaped() -> None:
    nested = of(isi={"type": "object", "additionalProperties": False, "properties": {}})
    assert {pointer for pointer, _, _ in refused(nested, isi={"a/b~c": 1})} == {"/variables/isi/a~1b~0c"}


def test_the_empty_form_accepts_nothing_but_nothing() -> None:
    EMPTY_FORM.accept({})
    with pytest.raises(FormRefused) as caught:
        EMPTY_FORM.accept({"a": 1})
    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/variables/a", "undeclared")]


def test_undeclared_values_are_refused_even_if_the_schema_does_not_say_so() -> None:
    assert {code for _, code, _ in refused(of(a={}), b=1)} == {"undeclared"}


def test_a_declared_value_that_is_wrong_is_not_called_undeclared() -> None:
    elsewhere = {"type": "object", "allOf": [of(a={"type": "integer"})]}
    assert refused(elsewhere, a="x") == {("/variables/a", "type", "harus berupa bilangan bulat")}


def test_values_nested_without_end_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    assert {code for _, code, _ in refused(of(a={"type": "string"}), a=deep)} == {"too_deep"}


EXAMINATION = {
    "type": "object",
    "properties": {
        "keputusan": {"enum": ["ya", "tidak"]},
        "judul": {"type": "string", "readOnly": True},
        "anggota": {"type": "array", "readOnly": True},
    },
    "required": ["keputusan"],
}


def test_read_only_properties_are_shown_and_not_written() -> None:
    form = compile_form(json.dumps(EXAMINATION).encode())
    assert form.read_only == {"judul", "anggota"}
    assert form.writable_names == {"keputusan"}
    shown = {"judul": "Konsep", "anggota": ["siti"]}
    assert form.writable({"keputusan": "ya"}, shown) == {"keputusan": "ya"}
    assert form.writable({"keputusan": "ya", **shown}, shown) == {"keputusan": "ya"}
    assert form.writable({"keputusan": "ya"}, {}) == {"keputusan": "ya"}
    form.accept({"keputusan": "ya", **shown})


@pytest.mark.parametrize("shown", [{}, {"judul": "Konsep", "anggota": [1]}])
def test_a_read_only_value_other_than_the_one_shown_is_refused(shown: dict[str, Any]) -> None:
    form = compile_form(json.dumps(EXAMINATION).encode())
    with pytest.raises(FormRefused) as caught:
        form.writable({"keputusan": "ya", "judul": "Lain", "anggota": [True]}, shown)
    reason = "hanya ditampilkan, tidak dapat diubah di sini"
    assert caught.value.errors == (
        FieldError("/variables/anggota", "read_only", reason),
        FieldError("/variables/judul", "read_only", reason),
    )


@pytest.mark.parametrize(
    "schema",
    [
        of(a={"readOnly": True}),
        of(a={"$ref": "#/$defs/tampil"}),
        of(a={"allOf": [{"$ref": "#/$defs/tampil"}]}),
        {"type": "object", "allOf": [of(a={"readOnly": True}), of(a={"readOnly": False})]},
        {"type": "object", "$ref": "#/$defs/bagian"},
    ],
)
def test_read_only_is_found_wherever_it_applies_to_the_property(schema: dict[str, Any]) -> None:
    definitions = {"tampil": {"readOnly": True}, "bagian": of(a={"readOnly": True})}
    form = compile_form(json.dumps(schema | {"$defs": definitions}).encode())
    assert form.read_only == {"a"}


def test_read_only_inside_a_property_says_nothing_of_the_property() -> None:
    inside = {"type": "object", "properties": {"b": {"readOnly": True}}}
    form = compile_form(json.dumps(of(a=inside, c={"items": {"readOnly": True}}, d={"readOnly": False})).encode())
    assert form.read_only == set()


@pytest.mark.parametrize(
    "demand",
    [
        {"required": ["judul"]},
        {"dependentRequired": {"keputusan": ["judul"]}},
        {"if": of(keputusan={"const": "ya"}), "then": {"required": ["judul"]}},
    ],
)
def test_a_form_cannot_require_what_it_only_shows(demand: dict[str, Any]) -> None:
    reason = invalid(EXAMINATION | demand)
    assert reason == '"judul" is readOnly, so it is shown and not asked: take it out of "required".'


@pytest.mark.parametrize("reference", ["http://contoh.go.id/a.json", "lain.json", "file:///etc/passwd", "//a#/b", ""])
def test_a_reference_out_of_the_form_is_refused(reference: str) -> None:
    assert 'begin with "#"' in invalid(of(a={"$ref": reference}))


@pytest.mark.parametrize("keyword", ["$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$vocabulary"])
def test_keywords_that_move_references_are_refused(keyword: str) -> None:
    assert keyword in invalid(of(a={keyword: "#a"}))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "$ref": "#"},
        {"type": "object", "allOf": [{"$ref": "#"}]},
        of(a={"$ref": "#/properties/a"}),
        of(a={"items": {"$ref": "#/$defs/a"}}) | {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        of(a={"$ref": "#/$defs/a"}) | {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}},
    ],
)
def test_recursion_is_refused_in_place_or_not(schema: dict[str, Any]) -> None:
    assert "recursive" in invalid(schema)


def test_a_form_that_explodes_when_references_are_followed_is_refused() -> None:
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)} | {"d30": {}}
    assert "parts" in invalid(of(a={"$ref": "#/$defs/d0"}) | {"$defs": doubling})


def test_a_long_chain_of_references_is_refused() -> None:
    chain = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(200)} | {"d200": {}}
    assert "deeper" in invalid(of(a={"$ref": "#/$defs/d0"}) | {"$defs": chain})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[1",
        b'{"type": "object", "maximum": NaN}',
        b'{"type": "object", "maximum": 1e999}',
        b'{"type": "object", "maximum": ' + b"1" * 5000 + b"}",
        b'{"type": "object", "title": "a", "title": "b"}',
        b'{"type": "object", "title": "\\ud800"}',
        b"[" * 60_000,
    ],
)
def test_what_programs_disagree_about_is_not_json(content: bytes) -> None:
    assert "not readable JSON" in invalid(content)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ([], '"type": "object"'),
        ({"type": "array"}, '"type": "object"'),
        ({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}, "2020-12"),
        (of(a={"type": "teks"}), "/properties/a/type"),
        (of(a={"pattern": "(?=a)"}), "linear time"),
        (of(a={"pattern": "(a{1000}){1000}"}), "linear time"),
        (of(a={"format": "nik"}), "format"),
        (of(lane_owners={}), "only the diagram"),
        (of(_a={}), "_a"),
        (of(**{"class": {}}), "class"),
        (of(**{"a b": {}}), "a b"),
        (of(a={}) | {"required": ["b"]}, '"b"'),
        (of(a={}) | {"additionalProperties": True}, "additionalProperties"),
        (of(a={}) | {"anyOf": [{"unevaluatedProperties": {}}]}, "unevaluatedProperties"),
        (of(a={}) | {"patternProperties": {"^x": {}}}, "patternProperties"),
        (of(a={"$ref": "#/$defs/b"}), "#/$defs/b"),
        (of(a={"$ref": "#/examples/0"}) | {"examples": [{"required": 3}]}, "examples"),
    ],
)
def test_a_form_that_cannot_be_used_says_why(schema: Any, reason: str) -> None:
    assert reason in invalid(schema)


def test_a_form_may_not_be_larger_than_64_kib() -> None:
    assert "64 KiB" in invalid(b" " * (64 * 1024 + 1))


def test_a_pattern_that_backtracks_elsewhere_answers_at_once() -> None:
    assert refused(of(a={"pattern": "^(a+)+$"}), a="a" * 50_000 + "b") == {
        ("/variables/a", "pattern", "tidak sesuai pola ^(a+)+$")
    }


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_KEYWORDS = st.sampled_from(
    ["properties", "allOf", "$ref", "$defs", "if", "then", "required", "type", "pattern", "items"]
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYWORDS, _JSON, max_size=5))
def test_any_json_is_a_form_or_says_why_it_is_none(schema: dict[str, Any]) -> None:
    try:
        form = compile_form(json.dumps({"type": "object"} | schema).encode())
    except FormInvalid:
        return
    assert all(name.isidentifier() for name in form.property_names)
