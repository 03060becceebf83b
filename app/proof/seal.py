"""What makes a stream of events provable: each event's hash covers it, its payload's digest and the hash before it.

SHA-256 over canonical JSON (RFC 8785). The payload enters by a digest of its own, salted, so that a payload can one
day be removed by law without breaking the proof of the rest. Written down for auditors in docs/history-events.md.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.proof import canonical_json

_SALT_BYTES = 16


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
    """Seal an event; `told` is what it says besides its payload, in JSON's own types, `format` among it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return Seal(salt, event_hash(told, payload_digest(salt, payload), previous_hash))


def payload_digest(salt: bytes, payload: Mapping[str, Any]) -> bytes:
    """SHA-256 of the salt and the payload behind it: without the salt, nobody can guess what a digest stands for."""
    return hashlib.sha256(salt + canonical_json.dumps(dict(payload))).digest()


def event_hash(told: Mapping[str, Any], payload_sha256: bytes, previous_hash: bytes) -> bytes:
    """The hash of an event, which hangs on the one before it."""
    sealed = {**told, "payload_sha256": payload_sha256.hex(), "previous_hash": previous_hash.hex()}
    return hashlib.sha256(canonical_json.dumps(sealed)).digest()


def as_sealed(moment: datetime) -> str:
    """A moment in the one way in which it is sealed."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


#: of the events of instances; 1 told neither channel, request nor version
EVENT_FORMAT = 2
#: of the entries of the streams `administration` and `access`
ENTRY_FORMAT = 1
_AS_IS = ("sequence", "type", "element_id", "element_name", "round", "actor", "on_behalf_of", "basis")
_SINCE_FORMAT_2 = ("request_id", "version")


def told_of_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an event of an instance says besides its payload, as it is sealed, from its columns."""
    told = {name: row[name] for name in _AS_IS} | {
        "format": row["format"],
        "process_instance_id": str(row["process_instance_id"]),
        "occurred_at": as_sealed(row["occurred_at"]),
        "user_task_id": _text(row["user_task_id"]),
        "state_sha256": state_digest(row["state_after"], row["state_sha256"]),
    }
    if row["format"] >= EVENT_FORMAT:
        told |= {name: row[name] for name in _SINCE_FORMAT_2}
        told |= {"channel": _text(row["channel"]), "process_definition_id": str(row["process_definition_id"])}
    return told


def told_of_entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry of `administration` or `access` says besides its payload, as it is sealed, from its columns."""
    told = {name: row[name] for name in ("stream", "sequence", "type", "actor", "request_id", "subject")}
    ids = {name: _text(row[name]) for name in ("channel", "process_instance_id")}
    return told | ids | {"format": ENTRY_FORMAT, "occurred_at": as_sealed(row["occurred_at"])}


def state_digest(state: bytes | None, digest: bytes | None) -> str | None:
    """SHA-256 of a state, in hexadecimal: of its bytes, or as it was noted when these were removed by law."""
    if state is not None:
        return hashlib.sha256(state).hexdigest()
    return None if digest is None else digest.hex()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
