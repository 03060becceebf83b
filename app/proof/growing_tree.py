"""A Merkle tree whose leaves change and grow, so that the roots of all checkpoints cost little more than the last."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from app.proof import merkle
from app.proof.checkpoints import Head

_SIZE = 32


class GrowingTree:
    """The heads of all streams, in the order of their names.

    Each level of the tree lies in one run of bytes. A level pairs the nodes below it from left to right, and takes a
    last one without a partner as it is: that is the tree of RFC 9162.
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._sequences: list[int] = []
        self._levels: list[bytearray] = [bytearray()]
        self.event_count = 0

    @property
    def stream_count(self) -> int:
        """How many streams there are."""
        return len(self._names)

    @property
    def root(self) -> bytes:
        """The root over the heads as they are now."""
        return bytes(self._levels[-1]) if self._names else merkle.EMPTY

    def put(self, heads: Iterable[Head]) -> None:
        """Change the heads of streams, or add them."""
        changed: set[int] = set()
        # From here on everything has moved.
        moved = len(self._names)
        for head in heads:
            place = bisect_left(self._names, head.stream)
            leaf = merkle.leaf_hash(head.leaf)
            if place < len(self._names) and self._names[place] == head.stream:
                self.event_count -= self._sequences[place]
                self._sequences[place] = head.sequence
                self._levels[0][place * _SIZE : (place + 1) * _SIZE] = leaf
                changed.add(place)
            else:
                self._names.insert(place, head.stream)
                self._sequences.insert(place, head.sequence)
                self._levels[0][place * _SIZE : place * _SIZE] = leaf
                moved = min(moved, place)
            self.event_count += head.sequence
        self._rebuild({place for place in changed if place < moved}, moved)

    def _rebuild(self, changed: set[int], moved: int) -> None:
        level = 0
        while len(self._levels[level]) > _SIZE:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
                moved = 0
            below, above = self._levels[level], self._levels[level + 1]
            moved //= 2
            changed = {place // 2 for place in changed if place // 2 < moved}
            for place in changed:
                above[place * _SIZE : (place + 1) * _SIZE] = _above(below, place)
            count = (len(below) // _SIZE + 1) // 2
            above[moved * _SIZE :] = b"".join(_above(below, place) for place in range(moved, count))
            level += 1
        del self._levels[level + 1 :]


def _above(below: bytearray, place: int) -> bytes:
    left = bytes(below[2 * place * _SIZE : (2 * place + 1) * _SIZE])
    right = bytes(below[(2 * place + 1) * _SIZE : (2 * place + 2) * _SIZE])
    return merkle.node_hash(left, right) if right else left
