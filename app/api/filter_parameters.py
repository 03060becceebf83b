"""What lists of events and of instances are narrowed by, as clients write it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator

from app.engine.quality import DurationMalformed, standard_time
from app.errors import FieldError, ParameterRefused

_VARIABLE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,63}):(.*)", re.ASCII | re.DOTALL)
#: of an INTEGER column
MAX_INTEGER = 2**31 - 1


def _read_duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return standard_time(value)
    except DurationMalformed as error:
        raise ValueError("Write it as an ISO 8601 duration, such as P3D or PT90M.") from error


#: an ISO 8601 duration in a query, of calendar time: a week is 7 days, a month 30, a year 365
Duration = Annotated[timedelta, BeforeValidator(_read_duration)]
#: how many rounds, or which version
Count = Annotated[int | None, Query(ge=1, le=MAX_INTEGER)]
Username = Annotated[str | None, Query(max_length=64)]
#: of an element, or a process definition
Identifier = Annotated[str | None, Query(max_length=255)]
#: `name:value`, repeatable
Variables = Annotated[
    list[str] | None, Query(max_length=10, description="`name:value`, such as `tahun:2025`; repeatable.")
]


def read_variables(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Names and values.

    Raises:
        ParameterRefused
    """
    matches = [_VARIABLE.fullmatch(text) for text in texts]
    if None in matches:
        raise ParameterRefused(errors=[FieldError("variable", "malformed", "Write it as name:value.")])
    return tuple((match[1], match[2]) for match in matches if match is not None)


def read_types(types: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Types of events, each once.

    Raises:
        ParameterRefused: one that there is not
    """
    if unknown := set(types) - set(known):
        reason = f"Not {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}."
        raise ParameterRefused(errors=[FieldError("type", "unknown_type", reason)])
    return tuple(sorted(set(types)))


def seconds(duration: timedelta | None) -> int | None:
    """Whole seconds."""
    return None if duration is None else int(duration.total_seconds())
