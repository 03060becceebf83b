"""Sheets are drawn in a process that can be killed: a designer's diagram decides how long that takes.

Why, and why so: docs/decisions/0012-sop-sheet.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from app.engine.isolation import BrokenOff, Isolation
from app.engine.sop_sheet import SopSheet, read_sheet
from app.errors import SopSheetTooLarge

T = TypeVar("T")

#: arrows between rows; a signed sheet has some tens, and nobody can follow more than these
MAX_CONNECTORS = 2_000
#: drawings that are kept, each of at most some megabytes with its diagram
KEPT = 8

# Not the process that checks: whoever reads sheets would keep designers waiting.
drawer = Isolation(seconds=10.0, memory=1024 * 1024 * 1024)


def drawn(key: str, xml: bytes, render: Callable[[SopSheet], T]) -> T:
    """What `render`, a function of a module, makes of the sheet of a process; the last results are kept.

    Raises:
        SopSheetTooLarge: it cannot be drawn within the limits. Busy: too many are being drawn.
        Whatever `read_sheet` and `render` raise.
    """
    result: T = _drawn(key, xml, render)
    return result


def as_it_is(sheet: SopSheet) -> SopSheet:
    """The sheet itself, to be rendered by whoever asked."""
    return sheet


@lru_cache(maxsize=KEPT)
def _drawn(key: str, xml: bytes, render: Callable[[SopSheet], Any]) -> Any:
    try:
        return drawer.run(_draw, key, xml, render)
    except BrokenOff as error:
        raise SopSheetTooLarge(f"The drawing was broken off: it {error.why}.") from error


def _draw(key: str, xml: bytes, render: Callable[[SopSheet], Any]) -> Any:
    sheet = read_sheet(key, xml)
    if len(sheet.connectors) > MAX_CONNECTORS:
        reason = f"The sheet has {len(sheet.connectors):,} arrows; at most {MAX_CONNECTORS:,} are drawn."
        raise SopSheetTooLarge(reason)
    return render(sheet)
