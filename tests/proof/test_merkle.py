"""Merkle trees, against the recursive definition of RFC 9162."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.proof import merkle

some_leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=80)


def root_by_the_book(leaves: Sequence[bytes]) -> bytes:
    """MTH of section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = root_by_the_book(leaves[:split]), root_by_the_book(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def path_by_the_book(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """PATH of section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_by_the_book(leaves[:split], index), root_by_the_book(leaves[split:])]
    return [*path_by_the_book(leaves[split:], index - split), root_by_the_book(leaves[:split])]


@pytest.mark.parametrize("size", range(70))
def test_the_root_of_every_small_tree_is_the_standards(size: int) -> None:
    leaves = [bytes([number]) for number in range(size)]
    assert merkle.root(leaves) == root_by_the_book(leaves)
    for index, leaf in enumerate(leaves):
        way_up = merkle.path(iter(leaves), index)
        assert [other for _, other in way_up] == path_by_the_book(leaves, index)
        assert merkle.is_under(leaf, way_up, merkle.root(leaves))


@given(some_leaves, st.data())
def test_a_path_proves_its_own_leaf_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.binary(max_size=8).filter(lambda leaf: leaf != leaves[index]))
    way_up = merkle.path(leaves, index)
    root = merkle.root(leaves)
    assert root == root_by_the_book(leaves)
    assert merkle.is_under(leaves[index], way_up, root)
    assert not merkle.is_under(other, way_up, root)
    assert not merkle.is_under(leaves[index], [*way_up, ("left", root)], root)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_path_from_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.path([b"a", b"b", b"c"], index)


def test_a_tree_of_many_leaves_needs_the_memory_of_few() -> None:
    tracemalloc.start()
    merkle.path((b"%d" % number for number in range(100_000)), 77_777)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000
