"""The flat table: every event a row, and nothing in it that a spreadsheet reckons."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.documents.flat_csv import neutralised
from tests.exports.conftest import FORMULA, ODD, UNIT, Office

FORMULA_SIGNS = ("=", "+", "-", "@")


def rows_of(table: bytes) -> list[dict[str, str]]:
    assert table.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""), strict=True))


@pytest.fixture(scope="session")
def rows(office: Office) -> list[dict[str, str]]:
    return rows_of(office.export("csv"))


def test_every_event_is_a_row_in_its_order(rows: list[dict[str, str]], office: Office) -> None:
    happened = office.everything()
    for row, event in zip(rows, happened, strict=True):
        for name in ("process_instance_id", "type", "actor", "hash"):
            assert row[name] == event[name]
        for name in ("element_name", "decision", "on_behalf_of", "user_task_id", "request_id"):
            assert row[name] == (event[name] or "")
        for name in ("sequence", "round", "version", "duration_seconds", "waiting_seconds"):
            assert row[name] == ("" if event[name] is None else str(event[name]))
        assert row["late"] == {None: "", True: "true", False: "false"}[event["late"]]


def test_a_table_without_events_has_the_names_of_its_columns(office: Office, rows: list[dict[str, str]]) -> None:
    table = office.export("csv", actor="nobody").decode("utf-8-sig")
    assert table == ",".join(rows[0]) + "\r\n"


def test_a_cell_tells_what_was_written_and_never_begins_as_a_formula(
    rows: list[dict[str, str]], office: Office
) -> None:
    keys = {row["process_instance_id"]: row["business_key"] for row in rows}
    assert keys == {
        office.rejected: "2025",
        office.plain: "2025",
        office.running: ODD,
        office.cancelled: f"'{FORMULA}",
    }
    notes = {row["note"] for row in rows}
    assert {ODD, f"'{FORMULA}", f"'\ufeff {FORMULA}", "'＝1+1", "'+1"} <= notes
    assert {row["group"] for row in rows if row["actor"] == "ketua"} == {UNIT}
    for cell in (cell for row in rows for cell in row.values()):
        assert not looks_like_a_formula(cell)


def looks_like_a_formula(cell: str) -> bool:
    seen = "".join(sign for sign in cell if not sign.isspace() and unicodedata.category(sign) not in {"Cc", "Cf"})
    return unicodedata.normalize("NFKC", seen).startswith(FORMULA_SIGNS) or cell[:1] in {"\t", "\r", "\n"}


@given(st.text() | st.builds("".join, st.lists(st.sampled_from([*"=+-@＝﹢－＠ \t\r\n\u200b\ufeff\u00a0'a1"]))))
@example("=1")
@example("\u00a0\ufeff＝1")
@example("\t")
def test_a_text_is_whole_and_never_looks_like_a_formula(text: str) -> None:
    cell = neutralised(text)
    assert not looks_like_a_formula(cell)
    assert cell == text or (cell == f"'{text}" and looks_like_a_formula(text))
