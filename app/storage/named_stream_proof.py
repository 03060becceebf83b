"""The streams `administration` and `access`, against where they should end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.proof import sealed_text
from app.proof.chain import Chain
from app.proof.sealed_text import SealedEntry
from app.proof.spelling import Spelling
from app.storage.instance_proof import UNREADABLE
from app.storage.proof_rows import StreamRow

NAMES = ("access", "administration")


@dataclass(slots=True)
class NamedStreamProof:
    """What the entries of one of them come to."""

    chain: Chain
    spelling: Spelling
    redacted: list[int] = field(default_factory=list)
    #: by id the last event about a version of a process: its type, and its payload
    versions_told: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    first_hash: bytes | None = None
    _last: SealedEntry | None = None

    def take(self, entry: SealedEntry) -> None:
        """Go on to the next entry."""
        computed = payload = None
        try:
            payload, _, computed = sealed_text.entry(entry, self.spelling)
        except UNREADABLE as error:
            self.chain.report(entry.sequence, "event_unreadable", f"It cannot be read: {error}.")
        self.chain.follow(entry.sequence, entry.previous_hash, entry.hash, computed)
        self.first_hash, self._last = self.first_hash or entry.hash, entry
        if payload is None and entry.payload_sha256 is not None:
            self.redacted.append(entry.sequence)
        elif entry.subject is not None and entry.type.startswith("process_definition_"):
            self.versions_told[entry.subject] = (entry.type, payload or {})

    def end(self, row: StreamRow | None) -> None:
        """Compare where the stream ends with where it should."""
        self.chain.end()
        if row is None:
            self.chain.report(None, "stream_missing", "The row that says where it ends is gone.")
            return
        last = self._last
        ends = (0, None, bytes(32)) if last is None else (last.sequence, last.occurred_at, last.hash)
        if (row.last_sequence, row.last_event_at, row.last_hash) != ends:
            self.chain.report(None, "stream_end_differs", "It does not end where its row says that it does.")
