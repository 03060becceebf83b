"""The SOP sheet as a PDF/A-2b, tagged, A4 in landscape. The same sheet gives the same bytes.

typst draws; the words of a diagram reach it as data alone, never as markup. Its fonts are those inside the library
(Libertinus Serif, and DejaVu Sans Mono for what that lacks), so that no machine's own fonts can change the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import typst

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
#: letters without a space that a column, and the identity block, have room for; and how many stay together beyond
_COLUMN, _BLOCK, _PIECE = 19, 60, 9
_SOFT_HYPHEN, _ZERO_WIDTH_SPACE = "\u00ad", "\u200b"
#: what may lack a glyph: all but blocks that the fonts have whole, such as Latin, Cyrillic, Hebrew, Arabic and arrows
_UNSURE = re.compile(
    "[^\n -~\u00a0-\u0377\u03a3-\u0484\u05d0-\u05ea\u0621-\u063a\u0640-\u0655\u1e00-\u1f15\u2000-\u2040"
    "\u20a0-\u20bf\u2190-\u23ff\u2460-\u25ff]"
)
_NO_GLYPH = "could not be displayed"

Words = dict[str, Any]


def render_pdf(sheet: SopSheet) -> bytes:
    """The sheet, paginated. What no font has a glyph for is drawn as an empty square.

    Raises:
        SopSheetTooWide: it has more columns of actors than fit
        SopSheetTooLarge: more arrows go from page to page than fit
    """
    if len(sheet.lanes) > MAX_LANES:
        raise SopSheetTooWide(f"The sheet has {len(sheet.lanes)} columns of actors; a page has room for {MAX_LANES}.")
    return _compiled(_drawn(sheet, _words(sheet)))


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
            return re.sub(rf"\S{{{longest + 1},}}", lambda word: _broken(word[0]), text)
        case dict():
            return {key: _settable(each, longest) for key, each in value.items()}
        case list() | tuple():
            return [_settable(each, longest) for each in value]
    return value


def _broken(word: str) -> str:
    """A long word with the places where it may be broken: with a hyphen where it is a word indeed, else without."""
    is_word = word.strip(".,;:()\"'").isalpha()
    pieces = (word[place : place + _PIECE] for place in range(0, len(word), _PIECE))
    return (_SOFT_HYPHEN if is_word else _ZERO_WIDTH_SPACE).join(pieces)


def _drawn(sheet: SopSheet, words: Words) -> Words:
    """The words with the pages on which they come to stand."""
    columns = columns_for(len(sheet.lanes))
    measured = _measured(words)
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


@cache
def _template() -> bytes:
    return files("app.documents").joinpath("templates", "sop_sheet.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def _measured(words: Words) -> Words:
    """Heights in millimetres: of the cells of each row, and of the lanes' names."""
    inputs = {"sheet": json.dumps(words)}
    found: Words = json.loads(
        typst.query(_template(), "<measured>", "value", one=True, font_paths=_fonts(), sys_inputs=inputs)
    )
    return found


def _compiled(sheet: Words) -> bytes:
    text = json.dumps(sheet, ensure_ascii=False)
    try:
        return _archivable(text)
    except typst.TypstError as error:
        if _NO_GLYPH not in str(error):
            raise
        return _archivable(_UNSURE.sub("□", text))


def _archivable(sheet: str) -> bytes:
    inputs = {"sheet": sheet}
    return typst.compile(_template(), font_paths=_fonts(), sys_inputs=inputs, pdf_standards="a-2b")
