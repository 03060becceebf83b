"""The bodies that tell of the streams `administration` and `access`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from app.api.schemas import Answer, Instant


def _hexadecimal(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


Digest = Annotated[str, BeforeValidator(_hexadecimal), Field(description="SHA-256 in hexadecimal.")]


class Entry(Answer):
    """One event of a stream that belongs to no single process instance."""

    stream: str
    sequence: int
    occurred_at: Instant
    type: str
    actor: str
    channel: UUID | None = Field(description="By which token the actor came: its id, never the token.")
    request_id: str | None
    subject: str | None = Field(description="What it is about: a username, or the id or path of a thing.")
    process_instance_id: UUID | None
    payload: Mapping[str, Any]
    hash: Digest
    previous_hash: Digest
