"""Merkle trees over any number of leaves (RFC 9162, section 2.1), read once and kept nowhere.

A path proves that one leaf stands under a root, by the hashes beside the way up: a logarithm's worth of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

#: on which side of the way up a hash of a path stands
Side = Literal["left", "right"]
#: from the leaf up to the root
Path = Sequence[tuple[Side, bytes]]

#: the root over nothing
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf, which no inner node can have."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(slots=True)
class _Subtree:
    """A whole subtree, of which nothing is kept but its root, and the way up from the leaf that is asked for."""

    size: int
    hash: bytes
    path: list[tuple[Side, bytes]] | None

    def beside(self, right: _Subtree) -> _Subtree:
        """This one and the one to its right under one node."""
        path: list[tuple[Side, bytes]] | None = None
        if self.path is not None:
            path = [*self.path, ("right", right.hash)]
        elif right.path is not None:
            path = [*right.path, ("left", self.hash)]
        return _Subtree(self.size + right.size, node_hash(self.hash, right.hash), path)


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over the leaves in their order."""
    tree = _grow(leaves, None)
    return EMPTY if tree is None else tree.hash


def path(leaves: Iterable[bytes], index: int) -> Path:
    """The way up from one leaf. Args: `index` of the leaf, from 0.

    Raises:
        IndexError: there is no such leaf.
    """
    tree = _grow(leaves, index)
    if tree is None or tree.path is None:
        raise IndexError(index)
    return tree.path


def is_under(leaf: bytes, way_up: Path, root: bytes) -> bool:
    """Whether the path leads from the leaf to the root."""
    reached = leaf_hash(leaf)
    for side, other in way_up:
        reached = node_hash(other, reached) if side == "left" else node_hash(reached, other)
    return reached == root


def _grow(leaves: Iterable[bytes], index: int | None) -> _Subtree | None:
    """The tree over the leaves. Of it only the roots of full subtrees are kept, whose sizes fall from left to right:
    the standard splits at the largest power of two, so these are the subtrees that it has on its right edge."""
    edge: list[_Subtree] = []
    for position, leaf in enumerate(leaves):
        edge.append(_Subtree(1, leaf_hash(leaf), [] if position == index else None))
        while len(edge) > 1 and edge[-2].size == edge[-1].size:
            right = edge.pop()
            edge.append(edge.pop().beside(right))
    while len(edge) > 1:
        right = edge.pop()
        edge.append(edge.pop().beside(right))
    return edge[0] if edge else None
