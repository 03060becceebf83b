"""Canonical JSON (RFC 8785): the same bytes for the same value, whoever writes them."""

from __future__ import annotations

from typing import Any

import orjson
import rfc8785

#: beyond them, other readers of JSON lose digits
_SAFE_INTEGERS = range(-(2**53) + 1, 2**53)


def dumps(value: Any) -> bytes:
    """The value in its one canonical form.

    Raises:
        rfc8785.CanonicalizationError: it has none
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if _is_plain(value) else rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    """Whether orjson writes the very same, seventy times as fast.

    It does but for numbers with a fraction or an exponent, and for names that UTF-8 sorts otherwise than UTF-16.
    """
    match value:
        case None | bool() | str():
            return True
        case int():
            return value in _SAFE_INTEGERS
        case list():
            return all(map(_is_plain, value))
        case dict():
            return all(isinstance(name, str) and name.isascii() and _is_plain(item) for name, item in value.items())
    return False
