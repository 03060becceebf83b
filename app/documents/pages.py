"""Which rows of a flow table stand on which page, and what is drawn there. Lengths are in millimetres.

An arrow that crosses from one page to another ends there in an off-page connector, the pentagon, and goes on from one
with the same letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise, product
from string import ascii_uppercase

from app.documents.arrows import Level, Point, Port, Route
from app.documents.marks import MAX_LABEL, shortened
from app.engine.sop_rows import Mark
from app.engine.sop_sheet import SopSheet
from app.errors import SopSheetTooLarge

#: of an A4 page in landscape within its margins
PAGE_WIDTH, PAGE_HEIGHT = 273.0, 182.0
#: the line above or below the rows of a page in which its off-page connectors stand
STRIP_HEIGHT = 9.0
TOTAL_HEIGHT = 7.0
TITLE_HEIGHT = 10.0
#: how broad and high an off-page connector is
PENTAGON = 5.0
#: actors up to whom their names stand level in the header
UPRIGHT_NAMES = 6
#: from a row's border to the arrows that run along it
_MARGIN = 1.7
_BETWEEN_PENTAGONS = 0.5

#: x from the left border of the table, y from the upper border of the page's first row or strip
_Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Columns:
    """The breadths of the table's columns."""

    number: float
    uraian: float
    lane: float
    kelengkapan: float
    waktu: float
    output: float
    keterangan: float

    @property
    def mark(self) -> float:
        """How broad a mark is; beside it arrows have room."""
        return min(12.0, self.lane * 0.6)

    def mark_height(self, mark: Mark) -> float:
        """How high a mark is."""
        return min(9.0, self.mark * 0.9) if mark == "diamond" else min(7.0, self.mark * 0.7)

    @property
    def first_lane(self) -> float:
        """Where the first actor's column begins."""
        return self.number + self.uraian


def columns_for(lanes: int) -> Columns:
    """As broad as a page has room for: many actors leave less for words, few leave more."""
    number, waktu = 8.0, 16.0
    words = 26.0 if lanes > UPRIGHT_NAMES else 32.0
    room = PAGE_WIDTH - number - waktu - 3 * words
    lane = min(26.0, (room - (50.0 if lanes > UPRIGHT_NAMES else 58.0)) / lanes)
    return Columns(number, room - lanes * lane, lane, words, waktu, words, words)


@dataclass(frozen=True, slots=True)
class Label:
    """The name of an exit, beside its mark."""

    x: float
    y: float
    mark: Mark
    port: Port
    text: str


@dataclass(slots=True)
class Page:
    """A page of the flow table; y from the upper border of its first row or strip."""

    #: indices of its rows, from 0
    rows: range
    #: heights of the strips for off-page connectors; 0 where there is none
    upper_strip: float
    lower_strip: float
    lines: list[tuple[_Place, ...]] = field(default_factory=list)
    #: tips of arrows, and whether each points down
    heads: list[tuple[float, float, bool]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    #: middles of off-page connectors, with their letters
    pentagons: list[tuple[float, float, str]] = field(default_factory=list)


def paginate(heights: Sequence[float], routes: Sequence[Route], first_room: float, room: float) -> list[Page]:
    """Put as many rows on each page as fit, with the strips that they need; the total goes with the last row.

    Args:
        heights: of the rows, each at most `first_room` less two strips
        first_room: what the first page leaves to rows; `room`: what the others leave
    """
    crossed = {row for each in routes for row in range(min(each.source, each.target), max(each.source, each.target))}
    strip = {row: STRIP_HEIGHT if row in crossed else 0.0 for row in range(-1, len(heights))}
    pages: list[Page] = []
    start = 0
    while start < len(heights):
        left = (room if pages else first_room) - strip[start - 1]
        end = start
        while end < len(heights):
            below = TOTAL_HEIGHT if end == len(heights) - 1 else strip[end]
            if end > start and heights[end] + below > left:
                break
            left -= heights[end]
            end += 1
        pages.append(Page(range(start, end), strip[start - 1], strip[end - 1] if end < len(heights) else 0.0))
        start = end
    return pages


class Drafting:
    """Draws the arrows of a sheet on its pages."""

    def __init__(self, sheet: SopSheet, columns: Columns, heights: Sequence[float], pages: Sequence[Page]) -> None:
        self._sheet = sheet
        self._columns = columns
        self._heights = heights
        self._pages = pages
        self._page_of = {row: index for index, page in enumerate(pages) for row in page.rows}
        self._letters = ("".join(letters) for size in count(1) for letters in product(ascii_uppercase, repeat=size))
        #: place and letter of each pair of off-page connectors, by their upper page and then track and target
        self._connectors: list[dict[tuple[float, int], tuple[float, str]]] = [{} for _ in pages]

    def draw(self, arrow: Route) -> None:
        """Draw one arrow, its head and the name of its exit.

        Raises:
            SopSheetTooLarge: too many arrows go from one page to another
        """
        for start, end in pairwise(arrow.points):
            self._draw_stretch(start, end, arrow.target)
        page, (x, y) = self._page_at(arrow.points[-1]), self._at(arrow.points[-1])
        page.heads.append((x, y - self._columns.mark_height(self._sheet.rows[arrow.target].mark) / 2, True))
        if arrow.label:
            page, (x, y) = self._page_at(arrow.points[0]), self._at(arrow.points[0])
            mark = self._sheet.rows[arrow.source].mark
            page.labels.append(Label(x, y, mark, arrow.port, shortened(arrow.label, MAX_LABEL)))

    def _draw_stretch(self, start: Point, end: Point, target: int) -> None:
        first, last = self._page_of[start.row], self._page_of[end.row]
        downwards = first < last
        place = self._at(start)
        for index in range(first, last, 1 if downwards else -1):
            upper = index if downwards else index - 1
            x, letter = self._connector(upper, place[0], target)
            above = self._in_lower_strip(upper, place[0], x, letter)
            below = self._in_upper_strip(upper + 1, place[0], x, letter)
            leaving, entering = (above, below) if downwards else (below, above)
            self._pages[index].lines.append((place, *leaving))
            self._pages[index].heads.append((x, leaving[-1][1] + (-PENTAGON if downwards else PENTAGON) / 2, downwards))
            place = entering[0]
            self._pages[upper + 1 if downwards else upper].lines.append(entering)
        self._pages[last].lines.append((place, self._at(end)))

    def _in_lower_strip(self, index: int, track: float, x: float, letter: str) -> tuple[_Place, ...]:
        """From the end of a page's rows to the off-page connector below them."""
        page = self._pages[index]
        edge = page.upper_strip + sum(self._heights[row] for row in page.rows)
        return self._to_connector(page, track, edge, x, edge + page.lower_strip / 2, letter)

    def _in_upper_strip(self, index: int, track: float, x: float, letter: str) -> tuple[_Place, ...]:
        page = self._pages[index]
        return self._to_connector(page, track, page.upper_strip, x, page.upper_strip / 2, letter)

    def _to_connector(
        self, page: Page, track: float, edge: float, x: float, y: float, letter: str
    ) -> tuple[_Place, ...]:
        if (x, y, letter) not in page.pentagons:
            page.pentagons.append((x, y, letter))
        return (track, edge), (x, edge), (x, y)

    def _connector(self, upper: int, track: float, target: int) -> tuple[float, str]:
        """Where the connectors between two pages stand: on the track, or beside those that are there already."""
        made = self._connectors[upper]
        if (track, target) not in made:
            x = _free_place(track, sorted(other for other, _ in made.values()))
            if x > PAGE_WIDTH - PENTAGON / 2:
                raise SopSheetTooLarge("More arrows go from one page to the next than there is room for on paper.")
            made[track, target] = x, next(self._letters)
        return made[track, target]

    def _page_at(self, point: Point) -> Page:
        return self._pages[self._page_of[point.row]]

    def _at(self, point: Point) -> _Place:
        page = self._page_at(point)
        top = page.upper_strip + sum(self._heights[row] for row in page.rows if row < point.row)
        height = self._heights[point.row]
        levels = {Level.ENTRY: _MARGIN, Level.CENTER: height / 2, Level.EXIT: height - _MARGIN}
        return self._columns.first_lane + point.x * self._columns.lane, top + levels[point.level]


def _free_place(wanted: float, taken: Iterable[float]) -> float:
    """The first place from the wanted one to the right at which a pentagon touches none of those taken, in order."""
    place = wanted
    for other in taken:
        if abs(place - other) < PENTAGON + _BETWEEN_PENTAGONS:
            place = other + PENTAGON + _BETWEEN_PENTAGONS
    return place
