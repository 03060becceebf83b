"""What is proven of a history, as clients get it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class ProvenBy(BaseModel):
    """The signed checkpoint that an instance's events stand under."""

    number: int = Field(ge=1)
    created_at: datetime
    key_id: str = Field(description="RFC 7638 thumbprint of the public key.")
    sequence: int = Field(ge=0, description="The last event of the instance that it covers.")


class WhatIsWrong(BaseModel):
    """One thing that is not as it was written."""

    sequence: int | None = Field(description="Of the event; null where none is meant alone.")
    code: str
    reason: str


class InstanceVerification(BaseModel):
    """What is proven of the history of a process instance."""

    process_instance_id: str
    verified: bool = Field(description="Whether nothing is wrong.")
    events: int = Field(ge=0)
    first_hash: str | None
    last_hash: str | None
    redacted: list[int] = Field(
        description="Events whose payload or state was removed by law, and is proven by digest."
    )
    checkpoint: ProvenBy | None = Field(description="Null where no checkpoint was made since it began.")
    events_since_checkpoint: int = Field(ge=0, description="Only chained; nobody signed for them yet.")
    findings: list[WhatIsWrong]


class JsonWebKey(BaseModel):
    """A public key (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    alg: str
    use: str


class JsonWebKeySet(BaseModel):
    """Every key that checkpoints were ever signed with (RFC 7517)."""

    keys: list[JsonWebKey]
