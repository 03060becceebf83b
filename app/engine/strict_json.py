"""JSON as other programs will also read it: no NaN, no repeated names, no lone surrogates, bounded depth."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


class JsonInvalid(Exception):
    """The text is not JSON, or JSON that readers disagree about; the message says why in plain words."""


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
    _check_text_and_depth(value, max_depth)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise JsonInvalid(f'"{repeated:.100}" stands twice in one object')
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise JsonInvalid(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise JsonInvalid("it has a number that is too large")
    return number


def _check_text_and_depth(value: Any, levels_left: int) -> None:
    match value:
        case str() if not value.isprintable():
            _check_text(value)
        case dict() | list():
            if levels_left == 0:
                raise JsonInvalid("it is nested too deeply")
            inner = [*value, *value.values()] if isinstance(value, dict) else value
            for item in inner:
                _check_text_and_depth(item, levels_left - 1)


def _check_text(text: str) -> None:
    """PostgreSQL cannot store NUL, and no UTF-8 writer can write a lone surrogate."""
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise JsonInvalid("it has a text with NUL or half of a surrogate pair")
