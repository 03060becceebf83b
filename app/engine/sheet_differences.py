"""How the SOP sheets of two versions differ, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from app.engine.sop_sheet import Row, SopSheet

_COLUMNS = ("description", "lane", "mark", "kelengkapan", "waktu", "output", "keterangan")


@dataclass(frozen=True, slots=True)
class SheetDifference:
    """A row that came or went, or one column of a row that changed."""

    #: in the new sheet; of a row that went, in the old one
    number: int
    change: Literal["added", "removed", "changed"]
    #: None for a row that came or went, of which `old` or `new` is the uraian
    column: str | None
    old: str | None
    new: str | None


def compare_sheets(old: SopSheet | None, new: SopSheet) -> tuple[SheetDifference, ...]:
    """The rows that differ, by their numbers in the new sheet, and then those that went.

    A row is known again by the elements that it stands for. That another row has come before it and it is numbered
    anew is no difference.
    """
    before = old.rows if old is not None else ()
    known_again = _matches(before, new.rows)
    gone = [row for row in before if row.number not in known_again.values()]
    return (
        *(found for row in new.rows for found in _of_row(old, new, row, known_again)),
        *(SheetDifference(row.number, "removed", None, row.description, None) for row in gone),
    )


def _matches(old: tuple[Row, ...], new: tuple[Row, ...]) -> Mapping[int, int]:
    """By the number of each new row that of the old one which it was: the first that shares an element."""
    row_of = {element: row.number for row in reversed(old) for element in row.elements}
    found: dict[int, int] = {}
    for row in new:
        shared = [row_of[element] for element in row.elements if element in row_of]
        if (free := next((number for number in shared if number not in found.values()), None)) is not None:
            found[row.number] = free
    return found


def _of_row(old: SopSheet | None, new: SopSheet, row: Row, known_again: Mapping[int, int]) -> Iterator[SheetDifference]:
    if old is None or (number := known_again.get(row.number)) is None:
        yield SheetDifference(row.number, "added", None, None, row.description)
        return
    before = next(each for each in old.rows if each.number == number)
    for column in _COLUMNS:
        texts = _cell(before, column), _cell(row, column)
        if texts[0] != texts[1]:
            yield SheetDifference(row.number, "changed", column, *texts)
    exits, as_numbered_now = _exits(old, number), {was: now for now, was in known_again.items()}
    if {(as_numbered_now.get(target), label) for target, label in exits} != set(_exits(new, row.number)):
        yield SheetDifference(row.number, "changed", "exits", _told(exits), _told(_exits(new, row.number)))


def _cell(row: Row, column: str) -> str | None:
    value = row.waktu_text if column == "waktu" else getattr(row, column)
    return None if value is None else str(value)


def _exits(sheet: SopSheet, number: int) -> list[tuple[int, str | None]]:
    return [(each.target, each.label) for each in sheet.connectors if each.source == number]


def _told(exits: list[tuple[int, str | None]]) -> str | None:
    """Such as "Ya → 6, Tidak → 4"."""
    return ", ".join(f"{label} → {target}" if label else f"→ {target}" for target, label in exits) or None
