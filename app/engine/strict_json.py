"""JSON as other programs will also read it (I-JSON, RFC 7493): no NaN, no repeated names, no lone surrogates, no
number that a double cannot hold exactly; bounded depth."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

from app.errors import json_pointer

#: integers beyond this are not the same number in every program
MAX_SAFE_INTEGER = 2**53 - 1


class JsonInvalid(Exception):
    """The text is not JSON, or JSON that readers disagree about; the message says why in plain words."""

    def __init__(self, reason: str, pointer: str = "") -> None:
        #: JSON Pointer (RFC 6901) of the value; empty where the whole document is meant
        self.pointer = pointer
        super().__init__(reason)


def read_json(content: bytes, *, max_depth: int) -> Any:
    """Read one JSON document of at most `max_depth` levels of objects and lists.

    Raises:
        JsonInvalid
    """
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise JsonInvalid(f"line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise JsonInvalid("it is not UTF-8 text") from error
    except RecursionError as error:
        raise JsonInvalid("it is nested too deeply") from error
    except ValueError as error:
        raise JsonInvalid("it has a number with too many digits") from error
    _check(value, max_depth, "")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        repeated, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise JsonInvalid(f'"{repeated:.100}" stands twice in one object')
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise JsonInvalid(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise JsonInvalid("it has a number that is too large")
    return number


def _check(value: Any, levels_left: int, pointer: str) -> None:
    match value:
        case str() if not is_portable(value):
            raise JsonInvalid("it has a text with NUL or half of a surrogate pair", pointer)
        case int() | float() if abs(value) > MAX_SAFE_INTEGER:
            raise JsonInvalid("it is a number that not every program can read exactly; write it as text", pointer)
        case dict() | list() if levels_left == 0:
            raise JsonInvalid("it is nested too deeply", pointer)
        case dict():
            for name, member in value.items():
                _check(name, levels_left, pointer)
                _check(member, levels_left - 1, pointer + json_pointer([name]))
        case list():
            for index, item in enumerate(value):
                _check(item, levels_left - 1, f"{pointer}/{index}")


def is_portable(text: str) -> bool:
    """Whether a text can be stored and written by all: PostgreSQL takes no NUL, UTF-8 no half of a surrogate pair."""
    return text.isprintable() or not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)
