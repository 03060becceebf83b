"""What makes a stream of events provable: each event's hash covers it, its payload's digest and the hash before it.

SHA-256 over canonical JSON (RFC 8785). The payload enters by a digest of its own, salted, so that a payload can one
day be removed by law without breaking the proof of the rest.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.storage import canonical_json

_SALT_BYTES = 16
#: sealed with each event, so that what is sealed can grow without doubt about how an old event was
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """Where a stream ends."""

    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """The columns by which an event is proven."""

    payload_salt: bytes
    hash: bytes


def seal(told: Mapping[str, Any], payload: Mapping[str, Any], previous_hash: bytes) -> Seal:
    """Seal an event; `told` is what it says besides its payload, in JSON's own types."""
    salt = secrets.token_bytes(_SALT_BYTES)
    sealed = {
        **told,
        "format": _FORMAT,
        "payload_sha256": hashlib.sha256(salt + canonical_json.dumps(dict(payload))).hexdigest(),
        "previous_hash": previous_hash.hex(),
    }
    return Seal(salt, hashlib.sha256(canonical_json.dumps(sealed)).digest())


def as_sealed(moment: datetime) -> str:
    """A moment in the one way in which it is sealed."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
