"""What a database counts by, in either database's words: percentiles, and months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Float, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

#: in whose months statistics are told (WIB): an office's month begins at its own midnight
TIME_ZONE = "Asia/Jakarta"
#: WIB has known no summer time since 1950, and no other offset since 1964
_HOURS_AHEAD = 7


class percentile_cont(FunctionElement[float]):  # noqa: N801 - reads as the SQL function it stands for
    """The value below which such a share of the rows lies, between two rows in proportion: `(share, column)`."""

    type = Float()
    inherit_cache = True


@compiles(percentile_cont, "postgresql")
def _percentile_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    share, column = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"percentile_cont({share}) WITHIN GROUP (ORDER BY {column})"


@compiles(percentile_cont, "sqlite")
def _percentile_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    share, column = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"percentile_cont({share}, {column})"


class PercentileCont:
    """The same for SQLite, which has none: an aggregate as its driver wants one."""

    def __init__(self) -> None:
        self._share = 0.0
        self._values: list[float] = []

    def step(self, share: float, value: float | None) -> None:
        """Take in a row; NULL counts for nothing."""
        self._share = share
        if value is not None:
            self._values.append(value)

    def finalize(self) -> float | None:
        """The percentile of all rows; NULL of none."""
        return interpolated(sorted(self._values), self._share) if self._values else None


def interpolated(ordered: Sequence[float], share: float) -> float:
    """The value at a share of the way through ordered values (`percentile_cont` of SQL:2003)."""
    place = share * (len(ordered) - 1)
    before = ordered[int(place)]
    after = ordered[min(int(place) + 1, len(ordered) - 1)]
    return before + (after - before) * (place - int(place))


class month_of(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it stands for
    """The calendar month of an instant, as `2026-07`, where the offices are."""

    type = String()
    inherit_cache = True


@compiles(month_of, "postgresql")
def _month_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    (column,) = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"to_char({column} AT TIME ZONE '{TIME_ZONE}', 'YYYY-MM')"


@compiles(month_of, "sqlite")
def _month_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    (column,) = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"strftime('%Y-%m', {column}, '+{_HOURS_AHEAD} hours')"
