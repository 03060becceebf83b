"""Which rounds an instance has come to, by page: 1, 2, 3 … without gaps, so their number is all there is to know."""

from __future__ import annotations

import base64
import binascii

import orjson

from app.errors import FieldError, ParameterRefused
from app.storage.keyset import Page, Slice

_ASCENDING, _DESCENDING = "round", "-round"


def round_numbers(count: int, page: Page) -> Slice[int]:
    """A page of the numbers from 1 to the count. The cursor holds the number after which it goes on.

    Raises:
        ParameterRefused: an unknown sort field, or a cursor that this list did not give.
    """
    sort = page.sort or _ASCENDING
    if sort not in (_ASCENDING, _DESCENDING):
        raise ParameterRefused(errors=[FieldError("sort", "unknown_sort_field", "Sort by round, or by -round.")])
    after = None if page.cursor is None else _decode(page.cursor, sort)
    if sort == _ASCENDING:
        numbers = range(1 if after is None else after + 1, count + 1)
    else:
        numbers = range(count if after is None else min(after - 1, count), 0, -1)
    items = list(numbers[: page.limit])
    more = len(numbers) > page.limit
    return Slice(items, _encode(sort, items[-1]) if more else None, count if page.include_total else None)


def _encode(sort: str, number: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort, number])).decode().rstrip("=")


def _decode(cursor: str, sort: str) -> int:
    refused = ParameterRefused(
        errors=[FieldError("cursor", "invalid_cursor", "Take `next_cursor` of the page before, with the same `sort`.")]
    )
    try:
        match orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))):
            case [str(given), int(number)] if given == sort and number >= 1 and not isinstance(number, bool):
                return number
    except (binascii.Error, ValueError) as error:
        raise refused from error
    raise refused
