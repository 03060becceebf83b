"""A tree that grows and changes has at every moment the root of a tree made anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.proof import merkle
from app.proof.checkpoints import Head
from app.proof.growing_tree import GrowingTree

heads = st.builds(
    Head,
    stream=st.integers(0, 60).map(lambda number: f"{number:02}"),
    sequence=st.integers(0, 1000),
    hash=st.binary(min_size=32, max_size=32),
)


@given(st.lists(st.lists(heads, max_size=20), max_size=6))
def test_its_root_and_counts_are_those_of_a_tree_made_anew(changes: list[list[Head]]) -> None:
    tree, current = GrowingTree(), dict[str, Head]()
    assert tree.root == merkle.root([])
    for changed in changes:
        tree.put(changed)
        current |= {head.stream: head for head in changed}
        assert tree.root == merkle.root(current[stream].leaf for stream in sorted(current))
        assert tree.stream_count == len(current)
        assert tree.event_count == sum(head.sequence for head in current.values())
