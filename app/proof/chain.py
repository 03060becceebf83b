"""One stream, followed from event to event: is each where it belongs, and is it what was sealed?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.proof.findings import Finding


@dataclass(frozen=True, slots=True)
class HeadAt:
    """Where a stream ended at a checkpoint."""

    checkpoint: int
    sequence: int
    hash: bytes


@dataclass(slots=True)
class Chain:
    """Where the verification of one stream stands."""

    stream: str
    #: those that checkpoints tell of this stream, the first first
    heads: Iterator[HeadAt] = field(default_factory=lambda: iter(()))
    #: of the event that was looked at last; 0 at the beginning
    sequence: int = 0
    #: what the next event must hang on; None: whatever it says
    hash: bytes | None = None
    findings: list[Finding] = field(default_factory=list)
    _next_head: HeadAt | None = None

    def __post_init__(self) -> None:
        self._next_head = next(self.heads, None)

    def report(self, sequence: int | None, code: str, reason: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(self.stream, sequence, code, reason))

    def follow(self, sequence: int, previous_hash: bytes, hash_: bytes, computed: bytes | None) -> None:
        """Go on to the next event. Args: `computed` its hash, made again; None: that could not be done."""
        if sequence != self.sequence + 1:
            self._report_gap(sequence)
        elif previous_hash != self.hash and self.hash is not None:
            self.report(sequence, "chain_broken", "It does not hang on the event before it.")
        if computed is not None and computed != hash_:
            self.report(sequence, "event_altered", "It is not what was sealed: its hash is another.")
        self.sequence, self.hash = sequence, hash_
        if self._next_head is not None and self._next_head.sequence <= sequence:
            self._compare_heads(sequence, hash_)

    def end(self) -> None:
        """Compare what checkpoints tell of events that are not there."""
        while self._next_head is not None:
            head = self._next_head
            if head.sequence > 0:
                told = f"Checkpoint {head.checkpoint} knows event {head.sequence}, which is not there."
                self.report(head.sequence, "event_missing", told)
            self._next_head = next(self.heads, None)

    def _compare_heads(self, sequence: int, hash_: bytes) -> None:
        while self._next_head is not None and self._next_head.sequence <= sequence:
            head = self._next_head
            if head.sequence == sequence and head.hash != hash_:
                told = f"At checkpoint {head.checkpoint} it had another hash: it was replaced since."
                self.report(sequence, "event_replaced", told)
            self._next_head = next(self.heads, None)

    def _report_gap(self, sequence: int) -> None:
        first, last = self.sequence + 1, sequence - 1
        missing = f"event {first}" if first == last else f"events {first} to {last}"
        told = f"Before it, {missing} is missing." if last >= first else "Its number is out of order."
        self.report(sequence, "event_missing", told)
