"""The seals of events made again from what a database keeps, as text: as `app.proof.seal` does, much faster.

Verifying goes over millions of events, so nothing becomes an object that is only written out again.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from orjson import OPT_SORT_KEYS as SORTED
from orjson import dumps, loads

from app.proof import canonical_json
from app.proof.seal import EVENT_FORMAT
from app.proof.spelling import Spelling


class SealedEvent(NamedTuple):
    """The columns of an event of an instance, as they are kept."""

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


#: what an event says, None where it was removed by law; the digest of the state that goes with it, in hexadecimal; and
#: its hash made again
Resealed = tuple[Any, str | None, bytes]

#: by the rule of the seal: what of the columns is sealed as it is kept, and which ids
_TOLD = ("actor", "basis", "element_id", "element_name", "format", "on_behalf_of", "round", "sequence", "type")
_SEALED = {
    1: (_TOLD, ("user_task_id",)),
    2: ((*_TOLD, "request_id", "version"), ("user_task_id", "channel", "process_definition_id")),
}


def event(kept: SealedEvent, stream: str, spelling: Spelling) -> Resealed:
    """Make the seal of an event of an instance again. Args: `stream` the id of the instance, as it is sealed.

    Raises:
        ValueError: it cannot be read, is sealed by no rule that is known, or something was removed otherwise than a
            removal is noted. TypeError: a column holds what it cannot.
    """
    if kept.format != EVENT_FORMAT or kept.payload_sha256 is not None or kept.state_sha256 is not None:
        return _event_with_care(kept, stream, spelling)
    # The way that nearly every event goes. What does come to its hash is what was sealed, however it was written.
    payload = loads(kept.payload)
    written = kept.payload.encode() if spelling.payloads_as_sealed else dumps(payload, option=SORTED)
    state = None if kept.state_after is None else sha256(kept.state_after).hexdigest()
    told = _told(kept, stream, spelling, sha256(kept.payload_salt + written).hexdigest(), state)
    if sha256(dumps(told)).digest() == kept.hash:
        return payload, state, kept.hash
    # It was altered, or is one of those that need care: orjson writes some numbers and the order of some names
    # otherwise than RFC 8785, and what was kept long ago is in no order.
    return _event_with_care(kept, stream, spelling)


def entry(kept: SealedEntry, spelling: Spelling) -> Resealed:
    """Make the seal of an entry of `administration` or `access` again.

    Raises:
        ValueError, TypeError: as of an event.
    """
    if kept.payload_sha256 is None:
        payload = loads(kept.payload)
        written = dumps(payload, option=SORTED)
        computed = _entry_hash(kept, spelling, sha256(kept.payload_salt + written).hexdigest())
        if computed == kept.hash:
            return payload, None, computed
    payload, digest = _payload_with_care(kept)
    return payload, None, _entry_hash(kept, spelling, digest)


def _told(kept: SealedEvent, stream: str, spelling: Spelling, payload_sha256: str, state: str | None) -> dict[str, Any]:
    """What is sealed of an event by the rule of today, named in the order of RFC 8785, so that nothing is sorted."""
    # Each column by its place at once, which is felt where there are millions of them.
    (_, sequence, occurred_at, type_, element_id, element_name, round_, user_task_id, actor, on_behalf_of, basis,
     channel, request_id, definition_id, version, *_, previous_hash) = kept  # fmt: skip
    ids = spelling.ids
    return {
        "actor": actor,
        "basis": basis,
        "channel": ids[channel],
        "element_id": element_id,
        "element_name": element_name,
        "format": EVENT_FORMAT,
        "occurred_at": spelling.moments[occurred_at],
        "on_behalf_of": on_behalf_of,
        "payload_sha256": payload_sha256,
        "previous_hash": previous_hash.hex(),
        "process_definition_id": ids[definition_id],
        "process_instance_id": stream,
        "request_id": request_id,
        "round": round_,
        "sequence": sequence,
        "state_sha256": state,
        "type": type_,
        "user_task_id": ids[user_task_id],
        "version": version,
    }


def _event_with_care(kept: SealedEvent, stream: str, spelling: Spelling) -> Resealed:
    if kept.format not in _SEALED:
        raise ValueError(f"it is sealed by a rule {kept.format} that is not known")
    payload, digest = _payload_with_care(kept)
    state = _state_sha256(kept)
    as_kept, ids = _SEALED[kept.format]
    told = {name: getattr(kept, name) for name in as_kept}
    told |= {name: spelling.ids[getattr(kept, name)] for name in ids}
    told |= {
        "occurred_at": spelling.moments[kept.occurred_at],
        "payload_sha256": digest,
        "previous_hash": kept.previous_hash.hex(),
        "process_instance_id": stream,
        "state_sha256": state,
    }
    return payload, state, sha256(dumps(told, option=SORTED)).digest()


def _payload_with_care(kept: SealedEvent | SealedEntry) -> tuple[Any, str]:
    """The payload, None where it was removed by law; and its digest."""
    payload, canonical = canonical_json.of_text(kept.payload)
    if kept.payload_sha256 is None:
        if type(payload) is not dict:
            raise ValueError("its payload is no object")
        return payload, sha256(kept.payload_salt + canonical).hexdigest()
    if canonical != b"{}" or kept.payload_salt:
        raise ValueError("it has a payload and the digest of a removed one")
    return None, kept.payload_sha256.hex()


def _state_sha256(kept: SealedEvent) -> str | None:
    if kept.state_after is None:
        return None if kept.state_sha256 is None else kept.state_sha256.hex()
    if kept.state_sha256 is not None:
        raise ValueError("it has a state and the digest of a removed one")
    return sha256(kept.state_after).hexdigest()


def _entry_hash(kept: SealedEntry, spelling: Spelling, payload_sha256: str) -> bytes:
    told = {
        "actor": kept.actor,
        "channel": spelling.ids[kept.channel],
        "format": 1,
        "occurred_at": spelling.moments[kept.occurred_at],
        "payload_sha256": payload_sha256,
        "previous_hash": kept.previous_hash.hex(),
        "process_instance_id": spelling.ids[kept.process_instance_id],
        "request_id": kept.request_id,
        "sequence": kept.sequence,
        "stream": kept.stream,
        "subject": kept.subject,
        "type": kept.type,
    }
    return sha256(dumps(told)).digest()
