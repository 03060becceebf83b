"""All that is kept of each stream, brought together: several sequences of rows, each in the order of the streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Generic, TypeVar

T = TypeVar("T")

#: rows begin with the name of their stream
_name = itemgetter(0)


class Sorted(Generic[T]):
    """Rows in the order of their streams, given out stream by stream. Rows of streams that are passed over are lost.

    Args: `spelling` the streams' names by how the rows write them, where that is otherwise.
    """

    def __init__(self, rows: Iterable[Any], spelling: Mapping[str | None, str | None] | None = None) -> None:
        self._groups = groupby(rows, key=_name)
        self._spelling = spelling
        self._upcoming: tuple[str, Iterator[T]] | None = None
        self._is_known = False

    @property
    def name(self) -> str | None:
        """Of the stream whose rows come next; None at the end."""
        if not self._is_known:
            # Passes over what was not read of the one before.
            self._upcoming, self._is_known = next(self._groups, None), True
            if self._upcoming is not None and self._spelling is not None:
                self._upcoming = self._spelling[self._upcoming[0]] or "", self._upcoming[1]
        return None if self._upcoming is None else self._upcoming[0]

    def of(self, name: str) -> Iterator[T]:
        """The rows of a stream, where it is the one that comes next. To be read before the next is asked for."""
        if self.name != name or self._upcoming is None:
            return iter(())
        self._is_known = False
        return self._upcoming[1]


def names(*parts: Sorted[Any]) -> Iterator[str]:
    """The name of each stream of which any part has rows; whoever asks reads them all before the next."""
    while upcoming := [part.name for part in parts if part.name is not None]:
        yield min(upcoming)
