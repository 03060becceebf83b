"""Whether the history of an instance is proven, and by which keys."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.api import problems
from app.api.dependencies import Read, shown
from app.api.published_keys import published_keys
from app.api.route import asks, authenticated_router
from app.api.verification_schemas import InstanceVerification, JsonWebKey, JsonWebKeySet, ProvenBy, WhatIsWrong
from app.errors import AuditKeyNotFound
from app.permissions import Operation
from app.queries import verify_instance
from app.storage import access

router = authenticated_router("/history", "history")
#: below no prefix, and for everybody (RFC 8615)
well_known = APIRouter(prefix="/.well-known", tags=["history"])


class JwkSet(Response):
    """Public keys (RFC 7517, section 8.5.2)."""

    media_type = "application/jwk-set+json"


@router.get(
    "/process-instances/{instance_id}/verification",
    responses=problems.declared(404),
    response_model=InstanceVerification,
    openapi_extra=asks(Operation.READ_HISTORY),
)
def verify_process_instance(instance_id: UUID, reading: Read, request: Request) -> Response:
    """Prove the history of one instance by its hashes and the latest checkpoint, or say what is wrong with it."""
    keys = published_keys(request)

    def question(session: Session) -> verify_instance.InstanceVerification:
        instance = access.read_instance(session, instance_id, reading.actor, Operation.READ_HISTORY)
        return verify_instance.verify_instance(session, instance.id, keys)

    found = reading.ask(question)
    reading.record(instance_id)
    return shown(_shown(found))


@well_known.get(
    "/jenjang-audit-key",
    response_model=JsonWebKeySet,
    response_class=JwkSet,
    responses={status: problems.declared(404)[status] for status in (404, 503)},
)
def show_audit_keys(request: Request) -> Response:
    """The public key of every signature under a checkpoint, as a JWK Set; older ones stay in it."""
    keys = published_keys(request)
    if not keys:
        raise AuditKeyNotFound
    body = JsonWebKeySet(keys=[JsonWebKey(**key.jwk) for key in keys.values()])
    return JwkSet(body.model_dump_json())


def _shown(found: verify_instance.InstanceVerification) -> InstanceVerification:
    stream, checkpoint = found.stream, found.checkpoint
    covered = min(stream.covered, stream.event_count)
    return InstanceVerification(
        process_instance_id=stream.name,
        verified=not found.findings,
        events=stream.event_count,
        first_hash=None if stream.first_hash is None else stream.first_hash.hex(),
        last_hash=None if stream.last_hash is None else stream.last_hash.hex(),
        redacted=list(stream.redacted),
        checkpoint=None
        if checkpoint is None
        else ProvenBy(
            number=checkpoint.number, created_at=checkpoint.created_at, key_id=checkpoint.key_id, sequence=covered
        ),
        events_since_checkpoint=stream.event_count - covered,
        findings=[WhatIsWrong(sequence=each.sequence, code=each.code, reason=each.reason) for each in found.findings],
    )
