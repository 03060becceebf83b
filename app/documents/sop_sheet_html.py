"""The SOP sheet as one HTML file that needs nothing else, for the screen and for paper."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.documents.arrows import Level, Point, Port, Route, route
from app.documents.identity import read_identity
from app.documents.marks import MAX_LABEL, mark_texts, shortened
from app.engine.sop_sheet import SopSheet

#: per cent of a row's height
_HEIGHTS = {Level.ENTRY: 6.0, Level.CENTER: 50.0, Level.EXIT: 94.0}

_templates = Environment(
    loader=PackageLoader("app.documents"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Page(NamedTuple):
    """A page, and what a browser must allow it."""

    html: str
    content_security_policy: str


class Line(NamedTuple):
    """A stretch of an arrow within one row; per cent of the breadth of all actors' columns, and of the row's height."""

    x1: float
    y1: float
    x2: float
    y2: float


class Exit(NamedTuple):
    """The name of a way out of a mark."""

    port: Port
    label: str


@dataclass(frozen=True, slots=True)
class RowDrawing:
    """What is drawn in one row; x in per cent."""

    x: float
    lines: tuple[Line, ...]
    exits: tuple[Exit, ...]
    is_entered: bool


def render_html(sheet: SopSheet) -> Page:
    """The sheet as a page without scripts, whose style its policy names by hash."""
    style = _templates.get_template("sop_sheet.css").render(lanes=len(sheet.lanes))
    html = _templates.get_template("sop_sheet.html").render(
        sheet=sheet,
        identity=read_identity(sheet),
        drawings=list(_drawings(sheet)),
        mark_texts=mark_texts(sheet),
        style=style,
    )
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Page(html, f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")


def _drawings(sheet: SopSheet) -> Iterator[RowDrawing]:
    routes = route(sheet)
    lines: list[list[Line]] = [[] for _ in sheet.rows]
    for each in routes:
        for index, line in _lines(each, len(sheet.lanes)):
            lines[index].append(line)
    for index, row in enumerate(sheet.rows):
        yield RowDrawing(
            x=_percent(sheet.lanes.index(row.lane) + 0.5, len(sheet.lanes)),
            lines=tuple(dict.fromkeys(lines[index])),
            exits=tuple(
                Exit(each.port, shortened(each.label, MAX_LABEL))
                for each in routes
                if each.source == index and each.label
            ),
            is_entered=any(each.target == index for each in routes),
        )


def _lines(arrow: Route, lanes: int) -> Iterator[tuple[int, Line]]:
    """The stretches of an arrow, each with the index of the row in which it lies."""
    for start, end in zip(arrow.points, arrow.points[1:], strict=False):
        upper, lower = sorted((start, end), key=lambda point: (point.row, point.level))
        for row in range(upper.row, lower.row + 1):
            top = _HEIGHTS[upper.level] if row == upper.row else 0.0
            bottom = _HEIGHTS[lower.level] if row == lower.row else 100.0
            yield row, Line(_x(upper, lanes), top, _x(lower, lanes), bottom)


def _x(point: Point, lanes: int) -> float:
    return _percent(point.x, lanes)


def _percent(columns: float, lanes: int) -> float:
    return round(100 * columns / lanes, 3)
