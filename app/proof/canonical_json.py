"""Canonical JSON (RFC 8785): the same bytes for the same value, whoever writes them."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import rfc8785

#: beyond it, other readers of JSON lose digits
_SAFE_INTEGER = 2**53 - 1
_LEAVES = frozenset({str, bool, type(None)})
#: bytes of UTF-8 that begin no character of four bytes
_SHORT = bytes(range(0xF0))
#: How such numbers end, in what orjson writes. In a text they may be found as well, which costs only time.
_FRACTION = re.compile(rb"\.[0-9]+(?:[],}]|\Z)")
_EXPONENT = re.compile(rb"e[-+]?[0-9]+(?:[],}]|\Z)")


def dumps(value: Any) -> bytes:
    """The value in its one canonical form.

    Raises:
        rfc8785.CanonicalizationError, TypeError: it has none
    """
    if _is_plain((value,)):
        written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        if _has_short_characters(written):
            return written
    return rfc8785.dumps(value)


def of_text(text: str | bytes) -> tuple[Any, bytes]:
    """A value from its JSON as a database keeps it, and its canonical form.

    Raises:
        ValueError, TypeError: it is no JSON, or has no canonical form
    """
    value = orjson.loads(text)
    try:
        written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)
    except TypeError:
        # A large number with a fraction of zero: PostgreSQL keeps it as an integer, digit by digit.
        return value, dumps(json.loads(text, parse_int=_number))
    # What was read from JSON is no NaN, and every number with a fraction or an exponent shows it where it ends.
    if _FRACTION.search(written) or _EXPONENT.search(written) or not _has_short_characters(written):
        return value, rfc8785.dumps(value)
    return value, written


def _number(digits: str) -> int | float:
    number = int(digits)
    return number if abs(number) <= _SAFE_INTEGER else float(digits)


def _has_short_characters(written: bytes) -> bool:
    return written.isascii() or not written.translate(None, _SHORT)


def _is_plain(values: Any) -> bool:
    """Whether orjson writes the very same, seventy times as fast.

    It does but for numbers with a fraction or an exponent, and for names that UTF-8 sorts otherwise than UTF-16: which
    is only so beside characters of four bytes.
    """
    for value in values:
        kind = type(value)
        if kind in _LEAVES:
            continue
        if kind is dict:
            if not _is_plain(value.values()):
                return False
        elif kind is list:
            if not _is_plain(value):
                return False
        elif kind is not int or not -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
            return False
    return True
