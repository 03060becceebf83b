"""Checkpoints: signed statements about where all streams end, each chained to the one before.

What is signed is canonical JSON (RFC 8785), so that anybody can make the very bytes again from the fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from app.proof import canonical_json, merkle
from app.proof.audit_keys import PrivateKey, PublicKey
from app.proof.seal import as_sealed

FORMAT = 1
TYPE = "jenjang.checkpoint"
#: what the first one is chained to
NOTHING_BEFORE = bytes(32)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream ends: the number and the hash of its last event."""

    #: `administration`, `access`, or the id of a process instance
    stream: str
    sequence: int
    hash: bytes

    @property
    def leaf(self) -> bytes:
        """As a leaf of the Merkle tree."""
        return canonical_json.dumps({"hash": self.hash.hex(), "sequence": self.sequence, "stream": self.stream})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is stated, and by whom."""

    #: 1, 2, 3 … without gaps
    number: int
    created_at: datetime
    #: of the Merkle tree over the heads of all streams, in the order of the bytes of their names
    root: bytes
    stream_count: int
    #: of all streams together
    event_count: int
    #: SHA-256 of the statement before
    previous_hash: bytes
    #: RFC 7638 thumbprint of the public key
    key_id: str
    #: Ed25519, over the statement
    signature: bytes

    @property
    def hash(self) -> bytes:
        """What the next one is chained to."""
        return hashlib.sha256(statement(self)).digest()


def statement(checkpoint: Checkpoint) -> bytes:
    """The very bytes that are signed."""
    return canonical_json.dumps(_stated(checkpoint))


def line(checkpoint: Checkpoint) -> bytes:
    """As the file outside the database keeps it: what is stated, and the signature."""
    return canonical_json.dumps(_stated(checkpoint) | {"signature": checkpoint.signature.hex()})


def read_line(text: bytes) -> Checkpoint:
    """A checkpoint from a line of the file.

    Raises:
        ValueError: the line is not as `line` writes it.
    """
    try:
        told: dict[str, Any] = orjson.loads(text)
        read = Checkpoint(
            number=told["number"],
            created_at=datetime.fromisoformat(told["created_at"]),
            root=bytes.fromhex(told["root"]),
            stream_count=told["stream_count"],
            event_count=told["event_count"],
            previous_hash=bytes.fromhex(told["previous_hash"]),
            key_id=told["key_id"],
            signature=bytes.fromhex(told["signature"]),
        )
        if line(read) == text.strip():
            return read
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("this is no checkpoint") from error
    raise ValueError("this is no checkpoint")


def sign(
    key: PrivateKey, before: Checkpoint | None, *, root: bytes, stream_count: int, event_count: int, now: datetime
) -> Checkpoint:
    """State where all streams end, behind the checkpoint before."""
    unsigned = Checkpoint(
        number=1 if before is None else before.number + 1,
        created_at=now,
        root=root,
        stream_count=stream_count,
        event_count=event_count,
        previous_hash=NOTHING_BEFORE if before is None else before.hash,
        key_id=key.public.key_id,
        signature=b"",
    )
    return replace(unsigned, signature=key.sign(statement(unsigned)))


def is_signed_by(checkpoint: Checkpoint, key: PublicKey) -> bool:
    """Whether this key made the checkpoint's signature."""
    return key.key_id == checkpoint.key_id and key.has_signed(checkpoint.signature, statement(checkpoint))


def inclusion(heads: Iterable[Head], index: int) -> merkle.Path:
    """How the head at an index, from 0, is proven to stand under the checkpoint's root. Args: `heads` all, in order."""
    return merkle.path((head.leaf for head in heads), index)


def _stated(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "type": TYPE,
        "format": FORMAT,
        "number": checkpoint.number,
        "created_at": as_sealed(checkpoint.created_at),
        "root": checkpoint.root.hex(),
        "stream_count": checkpoint.stream_count,
        "event_count": checkpoint.event_count,
        "previous_hash": checkpoint.previous_hash.hex(),
        "key_id": checkpoint.key_id,
    }
