"""Processes made of blocks, for tests that need many different ones: drawn, and changed as designers change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from app.engine.definitions import Definition
from tests.engine.runtime.diagrams import drawn, flow


@dataclass(frozen=True)
class Block:
    """`task`: a user task. `sequence`, `parallel`, `inclusive`, `choice`: of blocks. `loop`: a block that is repeated.

    A choice and a loop decide by what the user task in front of their gateway answers (`pilih`). An inclusive block
    takes all of its branches.
    """

    kind: str
    #: what the task is called, whatever its id becomes
    label: str
    id: str = ""
    blocks: tuple[Block, ...] = ()

    def walk(self) -> Iterator[Block]:
        """The block and those inside it."""
        yield self
        for block in self.blocks:
            yield from block.walk()

    def changed(self, label: str, change: Callable[[Block], Block]) -> Block:
        """The same process with one block changed."""
        inside = tuple(block.changed(label, change) for block in self.blocks)
        block = replace(self, blocks=inside)
        return change(block) if self.label == label else block


@dataclass
class _Drawing:
    parts: list[str] = field(default_factory=list)

    def flow(self, source: str, target: str, condition: str | None = None) -> None:
        self.parts.append(flow(source, target, condition))

    def task(self, id_: str, label: str) -> str:
        self.parts.append(f'<bpmn:userTask id="{id_}" name="{label}"/>')
        return id_

    def gateway(self, kind: str, id_: str, default: str = "") -> str:
        chosen = f' default="{default}"' if default else ""
        self.parts.append(f'<bpmn:{kind}Gateway id="{id_}" name="{id_}"{chosen}/>')
        return id_

    def block(self, block: Block) -> tuple[str, str]:
        """Draw a block; gives the ids of its first and its last element."""
        return getattr(self, f"_{block.kind}")(block)  # type: ignore[no-any-return]

    def _task(self, block: Block) -> tuple[str, str]:
        task = self.task(block.id, block.label)
        return task, task

    def _sequence(self, block: Block) -> tuple[str, str]:
        ends = [self.block(inside) for inside in block.blocks]
        for (_, before), (behind, _) in pairwise(ends):
            self.flow(before, behind)
        return ends[0][0], ends[-1][1]

    def _parallel(self, block: Block) -> tuple[str, str]:
        split, join = self.gateway("parallel", f"{block.id}_bagi"), self.gateway("parallel", f"{block.id}_temu")
        for first, last in map(self.block, block.blocks):
            self.flow(split, first)
            self.flow(last, join)
        return split, join

    def _inclusive(self, block: Block) -> tuple[str, str]:
        split, join = self.gateway("inclusive", f"{block.id}_bagi"), self.gateway("inclusive", f"{block.id}_temu")
        for first, last in map(self.block, block.blocks):
            self.flow(split, first, "True")
            self.flow(last, join)
        return split, join

    def _choice(self, block: Block) -> tuple[str, str]:
        asked, split = self.task(f"{block.id}_tanya", block.label), f"{block.id}_pilih"
        (yes, yes_end), (no, no_end) = map(self.block, block.blocks)
        self.gateway("exclusive", split, default=f"{split}_{no}")
        join = self.gateway("exclusive", f"{block.id}_lanjut")
        self.flow(asked, split)
        self.flow(split, yes, "pilih == True")
        self.flow(split, no)
        self.flow(yes_end, join)
        self.flow(no_end, join)
        return asked, join

    def _loop(self, block: Block) -> tuple[str, str]:
        start, split = self.gateway("exclusive", f"{block.id}_mulai"), f"{block.id}_ulang"
        first, last = self.block(block.blocks[0])
        asked, end = self.task(f"{block.id}_nilai", block.label), self.gateway("exclusive", f"{block.id}_usai")
        self.gateway("exclusive", split, default=f"{split}_{end}")
        self.flow(start, first)
        self.flow(last, asked)
        self.flow(asked, split)
        self.flow(split, start, "pilih == True")
        self.flow(split, end)
        return start, end


def shapes(process: Block) -> str:
    """The elements and flows of the process, with a start and an end."""
    drawing = _Drawing(['<bpmn:startEvent id="mulai"/>', '<bpmn:endEvent id="selesai"/>'])
    first, last = drawing.block(process)
    drawing.flow("mulai", first)
    drawing.flow(last, "selesai")
    return "".join(drawing.parts)


def draw(process: Block) -> Definition:
    """The process, parsed."""
    return drawn(shapes(process))


def task(label: str) -> Block:
    """A user task."""
    return Block("task", label, label)
