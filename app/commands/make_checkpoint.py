"""Make a checkpoint: state where all streams end, and sign it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from app.errors import Conflict
from app.proof import merkle
from app.proof.audit_keys import PrivateKey
from app.proof.checkpoints import Checkpoint, Head, sign
from app.storage import checkpoints
from app.storage.database import Database

_HEAD = struct.Struct(">36sI32s")


@dataclass(slots=True)
class _Heads:
    """The heads of all streams while they pass: what they come to, and those that the checkpoint before has not."""

    stream_count: int = 0
    event_count: int = 0
    _changed: bytearray = field(default_factory=bytearray)

    def leaves(self, current: Iterator[Head], before: Iterator[Head]) -> Iterator[bytes]:
        """The leaves of the tree. Raises: Conflict: a stream is gone."""
        known = next(before, None)
        for head in current:
            if known is not None and known.stream < head.stream:
                break
            if known != head:
                # Packed, as at the first checkpoint they are all there are.
                self._changed += _HEAD.pack(head.stream.encode(), head.sequence, head.hash)
            if known is not None and known.stream == head.stream:
                known = next(before, None)
            self.stream_count += 1
            self.event_count += head.sequence
            yield head.leaf
        if known is not None:
            raise Conflict(f"The stream {known.stream} of the checkpoint before is gone: run `jenjang audit verify`.")

    def changed(self) -> Iterator[Head]:
        """Those to be written down."""
        for stream, sequence, hash_ in _HEAD.iter_unpack(self._changed):
            yield Head(stream.rstrip(b"\0").decode(), sequence, hash_)


def make_checkpoint(database: Database, key: PrivateKey, *, now: datetime) -> Checkpoint:
    """State where all streams end at this moment, behind the checkpoint before, and sign it.

    Nobody waits meanwhile: the streams are read in a snapshot, and what is written has a transaction of its own.
    Also where nothing happened since the one before: that, too, is worth a proof.

    Raises:
        Conflict: somebody else makes one at the same time, or a stream is gone. Unavailable
    """
    heads = _Heads()
    with database.reading() as session:
        before = checkpoints.latest(session)
        known = iter(()) if before is None else checkpoints.heads_at(session, before.number)
        root = merkle.root(heads.leaves(checkpoints.current_heads(session), known))
    moment = now if before is None else max(now, before.created_at)
    made = sign(key, before, root=root, stream_count=heads.stream_count, event_count=heads.event_count, now=moment)
    with database.transaction() as session:
        checkpoints.add(session, made, heads.changed())
    return made
