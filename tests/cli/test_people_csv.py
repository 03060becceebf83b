"""People as CSV: what is written reads the same, and no spreadsheet runs or rounds it."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.cli import people_csv
from app.commands.import_people import PersonRow
from app.errors import Refused

HEADER = "username,name,email,nip,position,unit,roles,active"


printable = st.characters(exclude_categories=["C", "Z"], include_characters=" =+-@'\";,")
text = st.text(printable, min_size=1, max_size=20).map(str.strip).filter(bool)
digits = st.text("0123456789", min_size=18, max_size=18)
people = st.builds(
    PersonRow,
    username=text,
    name=text,
    email=st.none() | text,
    nip=st.none() | digits,
    position=st.none() | text,
    unit=st.none() | text,
    roles=st.frozensets(text, max_size=4),
    active=st.booleans(),
)
RATNA = PersonRow("ratna", "=1+1", "@x", "198001012005011001", "'-", None, frozenset({"a;b", '"c"'}), active=True)


@given(rows=st.lists(people, max_size=5))
@example(rows=[RATNA])
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_reads_the_same(rows: list[PersonRow]) -> None:
    written = people_csv.write(rows)
    for content in (written.encode(), written.encode("utf-8-sig")):
        sheet = people_csv.read(content)
        assert (list(sheet.rows.values()), sheet.errors) == (rows, [])
    cells = [cell for line in list(csv.reader(io.StringIO(written)))[1:] for cell in line]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert not any(cell.isdigit() and len(cell) > 15 for cell in cells)


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{HEADER}\n{text}".encode()))
@settings(max_examples=200, deadline=None)
def test_whatever_is_read_is_read_or_refused(content: bytes) -> None:
    with suppress(Refused):
        people_csv.read(content)


def test_a_file_is_read_up_to_its_bounds_and_no_further() -> None:
    full = f"{HEADER}\n" + "".join(f"u{number},Nama,,,,,,ya\n" for number in range(people_csv.MAX_PEOPLE))
    assert len(people_csv.read(full.encode()).rows) == people_csv.MAX_PEOPLE
    with pytest.raises(Refused, match="more than 2,000 people"):
        people_csv.read(f'{full}u,Nama,,,,,,ya\n"'.encode())
    with pytest.raises(Refused, match="larger than 2 MiB"):
        people_csv.read(HEADER.encode() + b"\n" * people_csv.MAX_BYTES)


def test_columns_come_in_any_order_with_semicolons_as_in_an_indonesian_spreadsheet() -> None:
    sheet = people_csv.read(b'active;username;name;email;nip;unit;position;roles\r\nTRUE;ratna;Ratna;;;;;"Tim;auditor"')
    assert sheet.rows[2] == PersonRow("ratna", "Ratna", None, None, None, None, frozenset({"Tim", "auditor"}), True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Line 1 must name these columns"),
        (b"username,name\nratna,Ratna", "Line 1 must name these columns"),
        (f"{HEADER}\nratna,Ratn\xe9,,,,,,ya".encode("latin-1"), "Line 2 is not UTF-8"),
        (f'{HEADER}\n"ratna,Ratna,,,,,,ya'.encode(), "Line 2 cannot be read"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_line(content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        people_csv.read(content)
