"""All that is kept of each stream, brought together: several sequences of rows, each in the order of the streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Generic, TypeVar

T = TypeVar("T")

#: rows begin with the name of their stream
_name = itemgetter(0)


class Sorted(Generic[T]):
    """Rows in the order of their streams, given out stream by stream. Rows of streams that are passed over are lost."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._groups = groupby(rows, key=_name)
        self._group: tuple[str, Iterator[T]] | None = next(self._groups, None)

    @property
    def name(self) -> str | None:
        """Of the stream whose rows come next; None at the end."""
        return None if self._group is None else self._group[0]

    def of(self, name: str) -> Iterator[T]:
        """The rows of a stream, where it is the one that comes next. To be read before the next is asked for."""
        if self._group is None or self._group[0] != name:
            return
        yield from self._group[1]
        self._group = next(self._groups, None)


def names(*parts: Sorted[Any]) -> Iterator[str]:
    """The name of each stream of which any part has rows; whoever asks reads them all before the next."""
    while upcoming := [part.name for part in parts if part.name is not None]:
        yield min(upcoming)
