"""The SOP sheet as a PDF/A-2b, tagged, A4 in landscape. The same sheet gives the same bytes.

typst draws; the words of a diagram reach it as data alone, never as markup: see `app.documents.typesetting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from app.documents.arrows import route
from app.documents.identity import date_of, read_identity
from app.documents.marks import mark_texts, shortened
from app.documents.pages import (
    PAGE_HEIGHT,
    PENTAGON,
    STRIP_HEIGHT,
    TITLE_HEIGHT,
    TOTAL_HEIGHT,
    UPRIGHT_NAMES,
    Drafting,
    Page,
    columns_for,
    paginate,
)
from app.documents.typesetting import Words, archivable, breakable, queried
from app.engine.checks.sop_sheet import MAX_LANES
from app.engine.sop_sheet import SopSheet
from app.errors import SopSheetTooWide

#: characters of one text that are set, as no page has room for more in a column; of the title at the foot of a page
MAX_TEXT, MAX_FOOTER = 6_000, 100
#: points of one field of the identity block
MAX_POINTS = 200

_CELLS = ("description", "kelengkapan", "waktu_text", "output", "keterangan")
_CUT = " … (selengkapnya dalam diagram)"
#: PDF/A asks for a date, which must not be that of the day on which it is drawn
_NO_DATE = date(1970, 1, 1)
#: millimetres: above and below the words of a cell; the least of a row; the two rows of the table's header
_PADDING = 3.0
_MIN_ROW = 16.0
#: a row with the name of an exit below its mark
_MIN_ROW_NAMED_BELOW = 20.0
_FIRST_HEADER = 6.0
_SECOND_HEADER = (7.0, 30.0)
#: letters without a space that a column, and the identity block, have room for
_COLUMN, _BLOCK = 19, 60

_TEMPLATE, _INPUT = "sop_sheet.typ", "sheet"


def render_pdf(sheet: SopSheet) -> bytes:
    """The sheet, paginated. What no font has a glyph for is drawn as an empty square.

    Raises:
        SopSheetTooWide: it has more columns of actors than fit
        SopSheetTooLarge: more arrows go from page to page than fit
    """
    if len(sheet.lanes) > MAX_LANES:
        raise SopSheetTooWide(f"The sheet has {len(sheet.lanes)} columns of actors; a page has room for {MAX_LANES}.")
    return archivable(_TEMPLATE, _INPUT, _drawn(sheet, _words(sheet)))


def _words(sheet: SopSheet) -> Words:
    """All that the template needs but the pages."""
    columns = columns_for(len(sheet.lanes))
    identity = asdict(read_identity(sheet))
    for section in identity["sections"]:
        section["points"] = section["points"][:MAX_POINTS]
    return {
        "identity": _settable(identity, _BLOCK),
        "footer": [shortened(identity[name], MAX_FOOTER) for name in ("title", "number")],
        "date": dict(zip(("year", "month", "day"), (date_of(sheet.identity) or _NO_DATE).timetuple(), strict=False)),
        "lanes": [_settable(lane) for lane in sheet.lanes],
        "upright": len(sheet.lanes) > UPRIGHT_NAMES,
        "header": [_FIRST_HEADER, _SECOND_HEADER[1]],
        "columns": asdict(columns) | {"mark": columns.mark},
        "total": sheet.total_text,
        "rows": [
            {name: _settable(getattr(row, name) or "") for name in _CELLS}
            | {"number": row.number, "lane": sheet.lanes.index(row.lane), "mark": row.mark}
            | {"mark_height": columns.mark_height(row.mark), "caption": row.caption or "", "alt": alt}
            for row, alt in zip(sheet.rows, mark_texts(sheet), strict=True)
        ],
    }


def _settable(value: Any, longest: int = _COLUMN) -> Any:
    """The same with texts that end, and without any that is too long to be broken."""
    match value:
        case str():
            text = value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + _CUT
            return breakable(text, longest)
        case dict():
            return {key: _settable(each, longest) for key, each in value.items()}
        case list() | tuple():
            return [_settable(each, longest) for each in value]
    return value


def _drawn(sheet: SopSheet, words: Words) -> Words:
    """The words with the pages on which they come to stand."""
    columns = columns_for(len(sheet.lanes))
    measured = queried(_TEMPLATE, _INPUT, words)
    if not words["upright"]:
        least, most = _SECOND_HEADER
        words["header"][1] = min(most, max(least, *measured["lanes"]) + 2)
    room = PAGE_HEIGHT - sum(words["header"])
    routes = route(sheet)
    named_below = {arrow.source for arrow in routes if arrow.label and arrow.port == "bottom"}
    heights = [
        _fitted(row, high, _MIN_ROW_NAMED_BELOW if index in named_below else _MIN_ROW, room)
        for index, (row, high) in enumerate(zip(words["rows"], measured["rows"], strict=True))
    ]
    pages = paginate(heights, routes, room - TITLE_HEIGHT, room)
    drafting = Drafting(sheet, columns, heights, pages)
    for arrow in routes:
        drafting.draw(arrow)
    sizes = {"pentagon": PENTAGON, "total_height": TOTAL_HEIGHT, "title_height": TITLE_HEIGHT}
    return words | sizes | {"pages": [_page(page, words["rows"], heights) for page in pages]}


def _fitted(row: Words, high: Sequence[float], least: float, room: float) -> float:
    """The height of a row; words that are higher than any page are cut."""
    highest = room - TITLE_HEIGHT - 2 * STRIP_HEIGHT
    for name, height in zip(_CELLS, high, strict=True):
        if height + _PADDING > highest:
            keep = int(len(row[name]) * (highest - _PADDING) / height) - 2 * len(_CUT)
            row[name] = row[name][:keep] + _CUT
    return min(highest, max(least, max(high) + _PADDING))


def _page(page: Page, rows: Sequence[Words], heights: Sequence[float]) -> Words:
    return asdict(page) | {"rows": [rows[index] | {"height": heights[index]} for index in page.rows]}
