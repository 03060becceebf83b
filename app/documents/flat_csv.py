"""Events as one table (RFC 4180): for spreadsheets, and for tools that read nothing else.

UTF-8 with a byte order mark, without which Excel takes it for another encoding. What a program might take for a
formula gets an apostrophe before it. Values of forms are left out: they are no cells; JSON Lines has them all.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator

from app.documents.logged_event import LoggedEvent, moment

COLUMNS = (
    "process_instance_id",
    "business_key",
    "process_definition_key",
    "version",
    "sequence",
    "occurred_at",
    "type",
    "element_id",
    "element_name",
    "round",
    "user_task_id",
    "role",
    "actor",
    "group",
    "on_behalf_of",
    "basis",
    "decision",
    "note",
    "waiting_seconds",
    "duration_seconds",
    "late",
    "channel",
    "request_id",
    "hash",
)
#: what spreadsheets take for the beginning of a formula
_FORMULA = frozenset("=+-@")
_BREAKS = frozenset("\t\r\n")
_MARK = "\ufeff"


def write_csv(events: Iterable[LoggedEvent]) -> Iterator[bytes]:
    """A line of column names, and one of each event."""
    yield (_MARK + _line(COLUMNS)).encode()
    for event in events:
        yield _line(_cells(event)).encode()


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cells(event: LoggedEvent) -> Iterator[str]:
    for name in COLUMNS:
        value = getattr(event, name)
        match value:
            case None:
                yield ""
            case str():
                yield neutralised(value)
            case bytes():
                yield value.hex()
            case bool():
                yield "true" if value else "false"
            case _:
                yield moment(value) if name == "occurred_at" else str(value)


def neutralised(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet might reckon instead of showing it.

    Also where something that is not seen, or a wide form of the sign (U+FF1D), comes first.
    """
    if text[:1].isascii() and text[:1].isalnum():
        return text
    if text[:1] in _BREAKS:
        return f"'{text}"
    first = next((sign for sign in text if not _is_unseen(sign)), "")
    return f"'{text}" if unicodedata.normalize("NFKC", first)[:1] in _FORMULA else text


def _is_unseen(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) in {"Cc", "Cf"}
