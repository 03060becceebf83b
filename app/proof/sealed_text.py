"""The seals of events made again from what a database keeps, as text: as `app.proof.seal` does, much faster.

Verifying goes over millions of events, so nothing becomes an object that is only written out again.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import orjson

from app.proof import canonical_json


class SealedEvent(NamedTuple):
    """The columns of an event of an instance: ids and times as they are sealed, JSON as it is kept."""

    stream: str
    sequence: int
    occurred_at: str
    type: str
    element_id: str | None
    element_name: str | None
    round: int | None
    user_task_id: str | None
    actor: str
    on_behalf_of: str | None
    basis: str | None
    channel: str | None
    request_id: str | None
    process_definition_id: str
    version: int
    payload: str
    payload_salt: bytes
    payload_sha256: bytes | None
    state_after: bytes | None
    state_sha256: bytes | None
    decision: str | None
    waiting_seconds: int | None
    duration_seconds: int | None
    late: bool | int | None
    format: int
    hash: bytes
    previous_hash: bytes


class SealedEntry(NamedTuple):
    """The columns of an entry of `administration` or `access`, likewise."""

    stream: str
    sequence: int
    occurred_at: str
    type: str
    actor: str
    channel: str | None
    request_id: str | None
    subject: str | None
    process_instance_id: str | None
    payload: str
    payload_salt: bytes
    payload_sha256: bytes | None
    hash: bytes
    previous_hash: bytes


def payload_of_event(kept: SealedEvent | SealedEntry) -> tuple[Any, bytes]:
    """The payload of an event, and its digest. None, and the digest that was noted, where it was removed by law.

    Raises:
        ValueError, TypeError: it cannot be read, or was removed otherwise than a removal is noted.
    """
    value, canonical = canonical_json.of_text(kept.payload)
    if kept.payload_sha256 is None:
        if type(value) is not dict:
            raise ValueError("its payload is no object")
        return value, hashlib.sha256(kept.payload_salt + canonical).digest()
    if canonical != b"{}" or kept.payload_salt:
        raise ValueError("it has a payload and the digest of a removed one")
    return None, kept.payload_sha256


def state_sha256(kept: SealedEvent) -> str | None:
    """The digest of the state that goes with an event, in hexadecimal.

    Raises:
        ValueError: there is the state and the digest of a removed one.
    """
    if kept.state_after is None:
        return None if kept.state_sha256 is None else kept.state_sha256.hex()
    if kept.state_sha256 is not None:
        raise ValueError("it has a state and the digest of a removed one")
    return hashlib.sha256(kept.state_after).hexdigest()


def event_hash(kept: SealedEvent, payload_sha256: bytes, state: str | None) -> bytes:
    """The hash of an event of an instance.

    Raises:
        ValueError: it is sealed by no rule that is known. TypeError: a column holds what it cannot.
    """
    # The names in the order that RFC 8785 asks for, so that nothing is sorted.
    if kept.format == 2:
        told = {
            "actor": kept.actor,
            "basis": kept.basis,
            "channel": kept.channel,
            "element_id": kept.element_id,
            "element_name": kept.element_name,
            "format": 2,
            "occurred_at": kept.occurred_at,
            "on_behalf_of": kept.on_behalf_of,
            "payload_sha256": payload_sha256.hex(),
            "previous_hash": kept.previous_hash.hex(),
            "process_definition_id": kept.process_definition_id,
            "process_instance_id": kept.stream,
            "request_id": kept.request_id,
            "round": kept.round,
            "sequence": kept.sequence,
            "state_sha256": state,
            "type": kept.type,
            "user_task_id": kept.user_task_id,
            "version": kept.version,
        }
    elif kept.format == 1:
        told = {
            "actor": kept.actor,
            "basis": kept.basis,
            "element_id": kept.element_id,
            "element_name": kept.element_name,
            "format": 1,
            "occurred_at": kept.occurred_at,
            "on_behalf_of": kept.on_behalf_of,
            "payload_sha256": payload_sha256.hex(),
            "previous_hash": kept.previous_hash.hex(),
            "process_instance_id": kept.stream,
            "round": kept.round,
            "sequence": kept.sequence,
            "state_sha256": state,
            "type": kept.type,
            "user_task_id": kept.user_task_id,
        }
    else:
        raise ValueError(f"it is sealed by a rule {kept.format} that is not known")
    return hashlib.sha256(orjson.dumps(told)).digest()


def entry_hash(kept: SealedEntry, payload_sha256: bytes) -> bytes:
    """The hash of an entry of `administration` or `access`.

    Raises:
        TypeError: a column holds what it cannot.
    """
    told = {
        "actor": kept.actor,
        "channel": kept.channel,
        "format": 1,
        "occurred_at": kept.occurred_at,
        "payload_sha256": payload_sha256.hex(),
        "previous_hash": kept.previous_hash.hex(),
        "process_instance_id": kept.process_instance_id,
        "request_id": kept.request_id,
        "sequence": kept.sequence,
        "stream": kept.stream,
        "subject": kept.subject,
        "type": kept.type,
    }
    return hashlib.sha256(orjson.dumps(told)).digest()
