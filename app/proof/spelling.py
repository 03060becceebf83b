"""How a database spells ids and moments, and how they are sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

#: spellings that are remembered, so that millions of events do not fill the memory
_REMEMBERED = 8192


class Sealed(dict[str | None, str | None]):
    """What is sealed, by how it is kept. Events repeat themselves: what was asked for lately is remembered."""

    def __init__(self, spell: Callable[[str | None], str | None]) -> None:
        super().__init__()
        self._spell = spell

    def __missing__(self, kept: str | None) -> str | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        sealed = self[kept] = self._spell(kept)
        return sealed


@dataclass(frozen=True, slots=True)
class Spelling:
    """Of one database."""

    ids: Sealed
    moments: Sealed
    #: whether payloads written today are kept in the very text that is sealed
    payloads_as_sealed: bool
