"""The tree of a running process holds what has happened and what happens now, never the ways that it may yet take.

Each process here has thousands to billions of such ways: whatever follows them all would not come back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.engine import clock
from app.engine.codec import decode
from app.engine.definitions import Definition
from tests.engine.checks.drawing import drawing, report
from tests.engine.runtime.diagrams import NOW, Play
from tests.engine.runtime.processes import Block, draw, shapes, task


def split(kind: str, name: str, width: int, depth: int = 1) -> Block:
    """A block that splits into as many branches, each of them again to this depth."""
    if depth == 0:
        return task(name)
    branches = tuple(split(kind, f"{name}_{number}", width, depth - 1) for number in range(width))
    return Block(kind, name, name, branches)


def row(kind: str, length: int, width: int, depth: int = 1) -> Block:
    """Blocks one behind another."""
    blocks = (split(kind, f"b{number}", width, depth) for number in range(length))
    return Block("sequence", "baris", "baris", tuple(blocks))


def loops(length: int, width: int) -> Block:
    """Loops one behind another, each around a parallel block."""
    blocks = row("parallel", length, width).blocks
    return Block("sequence", "baris", "baris", tuple(Block("loop", f"u{b.id}", f"u{b.id}", (b,)) for b in blocks))


PROCESSES = {
    "thirty parallel blocks": row("parallel", 30, 3),
    "twelve wide parallel blocks": row("parallel", 12, 5),
    "nested parallel blocks": row("parallel", 3, 2, depth=4),
    "twelve inclusive blocks": row("inclusive", 12, 4),
    "nested inclusive blocks": row("inclusive", 3, 2, depth=3),
    "parallel blocks in loops": loops(12, 3),
}
processes = pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)


def tree_size(definition: Definition, state: bytes) -> int:
    """How many tasks are in the tree."""
    with clock.at(NOW):
        return sum(1 for _ in decode(definition, state).all_tasks())


def sizes_on_the_way(process: Block) -> Iterator[tuple[int, int]]:
    """After each step to the end: tasks in the tree, and open user tasks. Each loop is gone through twice."""
    play, seen = Play(draw(process)), set[str]()
    while play.step.status == "active":
        yield tree_size(play.definition, play.step.state), len(play.open)
        first = play.open[0]
        play.complete(first, pilih=first not in seen)
        seen.add(first)


@processes
def test_a_process_of_many_blocks_is_nothing_to_object_to(process: Block) -> None:
    assert report(drawing(shapes(process))).problems == ()


@processes
def test_the_tree_is_as_large_as_what_is_open_at_one_time_and_not_as_the_ways_ahead(process: Block) -> None:
    sizes, widths = zip(*sizes_on_the_way(process), strict=True)
    # of each branch its token, the task that this came from and the split where it began; and the root
    assert max(sizes) <= 3 * max(widths) + 1
