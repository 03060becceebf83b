"""Rows on pages: as many as fit, the total with the last, and a pair of pentagons wherever an arrow crosses."""

from __future__ import annotations

from itertools import pairwise

import pytest

from app.documents.arrows import route
from app.documents.pages import PAGE_WIDTH, PENTAGON, STRIP_HEIGHT, TOTAL_HEIGHT, Drafting, Page, columns_for, paginate
from app.engine.sop_sheet import SopSheet
from app.errors import SopSheetTooLarge
from tests.documents.sheets import sheet


def drawn(paper: SopSheet, height: float, first_room: float, room: float) -> list[Page]:
    heights = [height] * len(paper.rows)
    routes = route(paper)
    pages = paginate(heights, routes, first_room, room)
    drafting = Drafting(paper, columns_for(len(paper.lanes)), heights, pages)
    for arrow in routes:
        drafting.draw(arrow)
    return pages


def test_rows_that_do_not_fit_stand_on_the_next_page() -> None:
    pages = drawn(sheet([0] * 5, []), 20, 60, 60)
    assert [list(page.rows) for page in pages] == [[0, 1, 2], [3, 4]]


def test_the_total_is_never_alone_on_a_page() -> None:
    assert [len(page.rows) for page in drawn(sheet([0] * 3, []), 20, 60, 60)] == [2, 1]
    assert [len(page.rows) for page in drawn(sheet([0] * 3, []), 20, 60 + TOTAL_HEIGHT, 60)] == [3]


def test_a_page_makes_room_for_pentagons_only_where_an_arrow_crosses() -> None:
    first, second = drawn(sheet([0, 0, 0, 0], [(1, 2), (2, 3), (3, 4)]), 20, 60, 60)
    assert (first.upper_strip, first.lower_strip, second.upper_strip) == (0, STRIP_HEIGHT, STRIP_HEIGHT)
    first, second = drawn(sheet([0, 0, 0, 0], [(1, 2), (3, 4)]), 25, 50, 60)
    assert (first.lower_strip, second.upper_strip) == (0, 0)


def test_an_arrow_goes_on_from_the_pentagon_of_the_same_letter() -> None:
    first, second, third = drawn(sheet([0, 1, 0], [(1, 2), (2, 3)]), 20, 40, 40)
    assert [letter for *_, letter in first.pentagons] == ["A"]
    assert [letter for *_, letter in second.pentagons] == ["A", "B"]
    assert [letter for *_, letter in third.pentagons] == ["B"]


def test_a_loop_over_pages_leads_up_into_the_pentagon() -> None:
    first, second = drawn(sheet([0, 1, 1], [(1, 2), (2, 3), (3, 1)]), 20, 60 - 1, 60)
    assert [down for *_, down in first.heads].count(False) == 0
    assert [down for *_, down in second.heads].count(False) == 1


def test_pentagons_stand_side_by_side() -> None:
    [first, *_] = drawn(sheet([0, 0, 0, 0, 0], [(1, 5), (2, 4), (1, 3)]), 20, 50, 80)
    places = sorted(x for x, *_ in first.pentagons)
    assert all(right - left >= PENTAGON for left, right in pairwise(places))


def branches(number: int) -> SopSheet:
    """As many tasks at once, from one row and to one row: all go to the last row, each from a row of its own."""
    inner = range(2, number + 2)
    return sheet([0] * (number + 2), [(1, row) for row in inner] + [(row, number + 2) for row in inner])


def test_every_pentagon_stands_on_the_page() -> None:
    places = [x for page in drawn(branches(20), 20, 140, 140) for x, *_ in page.pentagons]
    assert len(set(places)) > 20
    assert all(PENTAGON / 2 < x <= PAGE_WIDTH - PENTAGON / 2 for x in places)


def test_more_arrows_than_a_page_has_room_for_are_refused_rather_than_drawn_beside_it() -> None:
    with pytest.raises(SopSheetTooLarge):
        drawn(branches(60), 20, 140, 140)
