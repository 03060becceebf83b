"""People as CSV: a line each, in UTF-8, as spreadsheets read and write it.

A spreadsheet runs a cell that begins like a formula, and rounds a number of 18 digits: such cells are written with an
apostrophe before them, which is taken off again when they are read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.commands.import_people import PersonRow, Rows
from app.errors import FieldError, Refused, json_pointer

COLUMNS = ("username", "name", "email", "nip", "position", "unit", "roles", "active")
#: of one file; all of them are locked at once, and others wait meanwhile
MAX_PEOPLE = 2000
#: of one file
MAX_BYTES = 2 * 1024 * 1024
_SPLIT = "Split it, with the line of columns at the top of each part."
_FORMULA = tuple("=+-@'")
_GUARD = "'"
#: a spreadsheet's numbers are exact to so many digits
_EXACT_DIGITS = 15
_TRUTHS = {"ya": True, "true": True, "1": True, "tidak": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of people, as far as it can be read."""

    rows: Rows
    #: at `/line/column`
    errors: Sequence[FieldError]


def read(content: bytes) -> Sheet:
    """Read a file; commas or semicolons between the columns, which may come in any order.

    Raises:
        Refused: it is no such file, with the line; or a longer one than can be imported at once.
    """
    if len(content) > MAX_BYTES:
        raise Refused(f"The file is larger than {MAX_BYTES // 1024**2} MiB. {_SPLIT}")
    text = _decode(content)
    lines = _cells(text)
    _, header = next(lines, (1, []))
    if sorted(header) != sorted(COLUMNS):
        raise Refused(f"Line 1 must name these columns: {','.join(COLUMNS)}.")
    rows: dict[int, PersonRow] = {}
    errors: list[FieldError] = []
    for line, cells in lines:
        if len(rows) + len(errors) == MAX_PEOPLE:
            raise Refused(f"The file has more than {MAX_PEOPLE:,} people. {_SPLIT}")
        if len(cells) != len(header):
            errors.append(_error(line, "username", f"The line has {len(cells)} cells instead of {len(header)}."))
            continue
        values = dict(zip(header, map(_unguarded, cells), strict=True))
        if values["active"].lower() in _TRUTHS:
            rows[line] = _row(values)
        else:
            errors.append(_error(line, "active", "Write ya or tidak."))
    return Sheet(rows, errors)


def write(rows: Iterable[PersonRow]) -> str:
    """A file that reads as these people."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for row in rows:
        values = {name: getattr(row, name) or "" for name in COLUMNS}
        values |= {"roles": _joined(sorted(row.roles)), "active": "ya" if row.active else "tidak"}
        writer.writerow([_guarded(values[name]) for name in COLUMNS])
    return sheet.getvalue()


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Refused(f"Line {line} is not UTF-8. Save the file as CSV UTF-8.") from error


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that has any, with the line's number; a cell in quotes may go over several lines."""
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",", strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise Refused(f"Line {line} cannot be read: {error}.") from error


def _row(values: dict[str, str]) -> PersonRow:
    return PersonRow(
        username=values["username"],
        name=values["name"],
        email=values["email"] or None,
        nip=values["nip"] or None,
        position=values["position"] or None,
        unit=values["unit"] or None,
        roles=frozenset(_split(values["roles"])),
        active=_TRUTHS[values["active"].lower()],
    )


def _split(roles: str) -> Iterator[str]:
    for names in csv.reader(io.StringIO(roles, newline=""), delimiter=";"):
        yield from (name.strip() for name in names if name.strip())


def _joined(roles: Sequence[str]) -> str:
    """The roles, with semicolons between them; one that has a semicolon itself is put in quotes."""
    joined = io.StringIO()
    csv.writer(joined, delimiter=";", lineterminator="").writerow(roles)
    return joined.getvalue()


def _guarded(cell: str) -> str:
    is_rounded = cell.isdigit() and len(cell) > _EXACT_DIGITS
    return _GUARD + cell if cell.startswith(_FORMULA) or is_rounded else cell


def _unguarded(cell: str) -> str:
    rest = cell.removeprefix(_GUARD)
    return rest if rest.startswith(_FORMULA) or rest[:1].isdigit() else cell


def _error(line: int, column: str, reason: str) -> FieldError:
    return FieldError(json_pointer([line, column]), f"{column}_refused", reason)
