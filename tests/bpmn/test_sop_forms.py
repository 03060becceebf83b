"""The SOP's forms ask for the records that it demands, explain themselves, and refuse what they do not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

FORMS = {
    path.stem: json.loads(path.read_bytes())
    for path in sorted((Path(__file__).parents[2] / "bpmn" / "penjenjangan-kinerja" / "forms").glob("*.json"))
}
PARALLEL = ("distribusi-bidang", "unggah-esr", "unggah-situs-bappeda")

Schema = dict[str, Any]


def validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    # The linear-time engine knows no lookaround and no backreference: a pattern that needs them fails here.
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, ignore_unknown_formats=False, pattern_options=jsonschema_rs.RegexOptions()
    )


def filled_in(form: str, **changes: Any) -> dict[str, Any]:
    """A form filled in with the first example of each property, then changed; None takes a property out."""
    values = {name: schema["examples"][0] for name, schema in FORMS[form]["properties"].items()} | changes
    return {name: value for name, value in values.items() if value is not None}


def asked(form: str) -> set[str]:
    """The properties that a form asks for, and does not only show."""
    return {name for name, schema in FORMS[form]["properties"].items() if not schema.get("readOnly")}


def described(schema: Schema) -> Iterator[Schema]:
    """Every property of a schema, and the items of its lists, at any depth."""
    parts = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    for part in parts:
        yield part
        yield from described(part)


def test_there_is_one_form_for_each_user_task() -> None:
    assert sorted(FORMS) == sorted(
        [
            "perintah-penyusunan",
            "pembentukan-tim",
            "rapat-koordinasi",
            "penyusunan-konsep",
            "pemeriksaan-konsep",
            "penetapan",
            *PARALLEL,
        ]
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_a_closed_object_in_json_schema_2020_12(form: str) -> None:
    schema = FORMS[form]
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]
    for part in (schema, *described(schema)):
        assert part["type"] != "object" or part["additionalProperties"] is False


@pytest.mark.parametrize("form", FORMS)
def test_every_property_explains_itself_is_bounded_and_shows_valid_examples(form: str) -> None:
    for schema in described(FORMS[form]):
        assert schema["title"]
        assert schema["description"]
        assert schema["examples"]
        assert all(validator(schema).is_valid(example) for example in schema["examples"])
        assert schema["type"] != "string" or schema.keys() & {"maxLength", "format", "enum", "pattern"}
        assert schema["type"] != "array" or schema["maxItems"]


@pytest.mark.parametrize("form", FORMS)
def test_the_first_examples_together_fill_in_the_form(form: str) -> None:
    assert validator(FORMS[form]).is_valid(filled_in(form))


@pytest.mark.parametrize("form", FORMS)
def test_an_undeclared_property_is_refused(form: str) -> None:
    assert not validator(FORMS[form]).is_valid(filled_in(form, sisipan="x"))
    assert not validator(FORMS[form]).is_valid(filled_in(form, lane_owners={"Tim": ["orang_lain"]}))


@pytest.mark.parametrize(
    ("form", "name"), [(form, name) for form, schema in FORMS.items() for name in schema["required"]]
)
def test_a_required_property_cannot_be_left_out(form: str, name: str) -> None:
    assert not validator(FORMS[form]).is_valid(filled_in(form, **{name: None}))


@pytest.mark.parametrize("form", FORMS)
def test_property_names_can_be_used_in_expressions(form: str) -> None:
    for name in FORMS[form]["properties"]:
        assert name.isidentifier()
        assert name.islower()
        assert not name.startswith("_")
        assert name != "lane_owners"


def test_no_two_forms_set_the_same_variable() -> None:
    for one, other in combinations(FORMS, 2):
        assert not asked(one) & asked(other)


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (
            "pemeriksaan-konsep",
            {"judul_konsep", "ringkasan_konsep", "tautan_konsep", "hash_konsep", "tanggapan_catatan"},
        ),
        ("penetapan", {"judul_konsep", "ringkasan_konsep", "tautan_konsep", "hash_konsep"}),
    ],
)
def test_whoever_approves_the_draft_is_shown_it_as_it_was_written(form: str, names: set[str]) -> None:
    shown = FORMS[form]["properties"].keys() - asked(form)
    assert shown == names
    assert shown <= asked("penyusunan-konsep")
    for name in shown:
        written = FORMS["penyusunan-konsep"]["properties"][name]
        assert FORMS[form]["properties"][name]["examples"] == written["examples"]
        assert validator(FORMS[form]["properties"][name]).is_valid(written["examples"][0])


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_complete_without_what_it_only_shows(form: str) -> None:
    values = {name: value for name, value in filled_in(form).items() if name in asked(form)}
    assert validator(FORMS[form]).is_valid(values)


@pytest.mark.parametrize(("form", "prefix"), list(zip(PARALLEL, ("distribusi_", "esr_", "situs_"), strict=True)))
def test_the_variables_of_parallel_tasks_bear_the_prefix_of_their_task(form: str, prefix: str) -> None:
    assert all(name.startswith(prefix) for name in FORMS[form]["properties"])


@pytest.mark.parametrize("catatan", [None, "", "  \n\t "])
def test_a_draft_cannot_be_sent_back_without_saying_why(catatan: str | None) -> None:
    form = validator(FORMS["pemeriksaan-konsep"])
    assert not form.is_valid(filled_in("pemeriksaan-konsep", keputusan="tidak", catatan=catatan))
    assert form.is_valid(filled_in("pemeriksaan-konsep", keputusan="tidak", catatan="Belum terukur."))


def test_a_draft_sent_back_needs_no_paraf_and_an_approved_one_does() -> None:
    form = validator(FORMS["pemeriksaan-konsep"])
    assert form.is_valid(filled_in("pemeriksaan-konsep", keputusan="tidak", paraf_pemeriksaan=None))
    assert form.is_valid(filled_in("pemeriksaan-konsep", keputusan="ya", catatan=None))
    assert not form.is_valid(filled_in("pemeriksaan-konsep", keputusan="ya", paraf_pemeriksaan=None))


@pytest.mark.parametrize("keputusan", ["Ya", "setuju", True, ""])
def test_a_decision_is_ya_or_tidak_and_nothing_else(keputusan: object) -> None:
    assert not validator(FORMS["pemeriksaan-konsep"]).is_valid(filled_in("pemeriksaan-konsep", keputusan=keputusan))


@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("perintah-penyusunan", "tanggal_surat", "06-01-2025"),
        ("perintah-penyusunan", "tahun", "2025"),
        ("perintah-penyusunan", "perihal", "   "),
        ("pembentukan-tim", "anggota_tim", []),
        ("pembentukan-tim", "anggota_tim", ["anggota1", "anggota1"]),
        ("penyusunan-konsep", "tautan_konsep", "javascript:alert(1)"),
        ("penyusunan-konsep", "hash_konsep", "9191020CE65F"),
        ("unggah-esr", "esr_waktu", "2025-02-24 03:00"),
    ],
)
def test_values_of_the_wrong_shape_are_refused(form: str, name: str, value: object) -> None:
    assert not validator(FORMS[form]).is_valid(filled_in(form, **{name: value}))
