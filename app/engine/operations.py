"""What expressions may do with values: every operation here is bounded in time and memory, and explains its refusal."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from app.engine.strict_json import is_portable

#: beyond it a JSON number loses digits in other languages
MAX_INTEGER = 2**53 - 1
MAX_TEXT = 100_000
#: values inside one value, itself included
MAX_PARTS = 10_000
MAX_NESTING = 32


class ExpressionError(Exception):
    """An expression cannot be compiled or evaluated; `reason` says why in plain words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class VariableMissing(ExpressionError):
    """An expression reads a variable that has no value yet."""


def bounded(value: Any) -> Any:
    """Give the value back if it is a JSON value of sensible size.

    Scripts in a loop can double a list each round; shared parts are cheap in memory but not when written out, so
    they are counted as often as they occur.
    """
    parts = 1
    level = [value]
    for _ in range(MAX_NESTING):
        inside: list[Any] = []
        for item in level:
            inside.extend(_parts(item))
            if parts + len(inside) > MAX_PARTS:
                raise ExpressionError("the value has too many parts")
        if not inside:
            return value
        parts += len(inside)
        level = inside
    raise ExpressionError("the value is nested too deeply")


def _parts(value: Any) -> list[Any]:
    """The values directly inside a JSON value."""
    match value:
        case None | bool():
            return []
        case str() if len(value) <= MAX_TEXT and is_portable(value):
            return []
        case int() | float() if abs(value) <= MAX_INTEGER:
            return []
        case list():
            return value
        case dict() if all(isinstance(key, str) and is_portable(key) for key in value):
            return list(value.values())
        case str() if len(value) > MAX_TEXT:
            raise ExpressionError("the text is too long")
        case str():
            raise ExpressionError("the text has a character that cannot be stored: NUL, or half of a surrogate pair")
        case int() | float():
            raise ExpressionError("the number is too large")
    raise ExpressionError("only text, numbers, true, false, lists and keyed values can be kept")


def kind(value: Any) -> str:
    """What a reader calls a value of this type."""
    names = {
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "keyed values",
    }
    return names.get(type(value), "an empty value")


def is_number(value: Any) -> bool:
    """Whether one can calculate with it: true and false are no numbers here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _arithmetic(sign: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def checked(left: Any, right: Any) -> Any:
        if not (is_number(left) and is_number(right)):
            raise ExpressionError(f"{sign} works on numbers, not on {kind(left)} and {kind(right)}")
        try:
            return _number(compute(left, right))
        except ZeroDivisionError:
            raise ExpressionError("division by zero") from None

    return checked


def _number(value: Any) -> Any:
    if abs(value) > MAX_INTEGER or not math.isfinite(value):
        raise ExpressionError("the number is too large")
    return value


def _add(left: Any, right: Any) -> Any:
    match left, right:
        case (str(), str()) | (list(), list()):
            if len(left) + len(right) > (MAX_TEXT if isinstance(left, str) else MAX_PARTS):
                raise ExpressionError("the result of + is too long")
            return left + right
    return _plus(left, right)


_plus = _arithmetic("+", operator.add)

BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": _add,
    "Sub": _arithmetic("-", operator.sub),
    "Mult": _arithmetic("*", operator.mul),
    "Div": _arithmetic("/", operator.truediv),
    "FloorDiv": _arithmetic("//", operator.floordiv),
    "Mod": _arithmetic("%", operator.mod),
}


def negated(value: Any) -> Any:
    """-value"""
    if not is_number(value):
        raise ExpressionError(f"- works on numbers, not on {kind(value)}")
    return -value


def _order(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def checked(left: Any, right: Any) -> bool:
        comparable = (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))
        if not comparable:
            raise ExpressionError(f"{kind(left)} and {kind(right)} cannot be compared with {sign}")
        return compare(left, right)

    return checked


def _contains(item: Any, container: Any) -> bool:
    match container:
        case str() if isinstance(item, str):
            return item in container
        case list():
            return item in container
        case dict() if isinstance(item, str):
            return item in container
    raise ExpressionError(f"{kind(item)} cannot be looked for in {kind(container)}")


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": _order("<", operator.lt),
    "LtE": _order("<=", operator.le),
    "Gt": _order(">", operator.gt),
    "GtE": _order(">=", operator.ge),
    "In": _contains,
    "NotIn": lambda item, container: not _contains(item, container),
    "Is": operator.is_,
    "IsNot": operator.is_not,
}


def subscripted(container: Any, key: Any) -> Any:
    """container[key]"""
    match container:
        case dict() if isinstance(key, str):
            if key in container:
                return container[key]
            raise ExpressionError(f"there is no {key!r} in it")
        case list() | str() if isinstance(key, int) and not isinstance(key, bool):
            if -len(container) <= key < len(container):
                return container[key]
            raise ExpressionError(f"it has no item {key}")
    raise ExpressionError(f"{kind(container)} cannot be subscripted with {kind(key)}")


def _length(value: Any) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise ExpressionError(f"{kind(value)} has no length")


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, list) and all(is_number(item) for item in value):
        return value
    raise ExpressionError("a list of numbers is needed here")


def _least(value: Any) -> Any:
    return min(_numbers(value), default=None)


def _greatest(value: Any) -> Any:
    return max(_numbers(value), default=None)


def _sum(value: Any) -> Any:
    return _number(sum(_numbers(value)))


def _absolute(value: Any) -> Any:
    return negated(value) if _order("<", operator.lt)(value, 0) else value


def _rounded(value: Any) -> Any:
    return round(_plus(value, 0))


def _text(value: Any) -> str:
    if isinstance(value, str) or is_number(value):
        return str(value)
    raise ExpressionError(f"{kind(value)} cannot be turned into text")


def _integer(value: Any) -> int:
    try:
        if is_number(value) or (isinstance(value, str) and len(value) <= 20):
            return int(_number(int(value)))
    except ValueError:
        pass
    raise ExpressionError("this cannot be turned into a whole number")


def _lower(value: Any) -> str:
    if isinstance(value, str):
        return value.lower()
    raise ExpressionError(f"lower works on text, not on {kind(value)}")


#: name → a function of one value
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "abs": _absolute,
    "int": _integer,
    "len": _length,
    "lower": _lower,
    "max": _greatest,
    "min": _least,
    "round": _rounded,
    "str": _text,
    "sum": _sum,
}
