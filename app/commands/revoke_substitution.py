"""End a standing in before its time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.errors import SubstitutionNotFound
from app.permissions import Actor, Ground, Operation
from app.storage import streams, substitutions, tokens
from app.storage.streams import NewEntry
from app.storage.substitutions import Substitution


def revoke_substitution(session: Session, substitution_id: UUID, actor: Actor, *, now: datetime) -> Substitution:
    """Let the deputy act in the principal's name no more from this moment. Twice is once.

    What the deputy has claimed in that name stays the principal's to go on with.

    Raises:
        SubstitutionNotFound: also where the actor may not know of it.
        Unauthenticated; Forbidden: the deputy has no say in it.
    """
    actor = tokens.renew(session, actor, now=now)
    there = substitutions.get(session, substitution_id)
    is_side = actor.username in {there.principal, there.deputy}
    if not permissions.is_allowed(Operation.READ_SUBSTITUTION, actor, {Ground.OWNER} if is_side else ()):
        raise SubstitutionNotFound
    is_principal = actor.username == there.principal
    permissions.require(Operation.REVOKE_SUBSTITUTION, actor, {Ground.OWNER} if is_principal else ())
    if substitutions.revoke(session, substitution_id, actor.username, now):
        told = {"substitution_id": str(there.id), "deputy": there.deputy, "letter": there.letter}
        entry = NewEntry("substitution_revoked", there.principal, told)
        streams.append(session, "administration", [entry], actor=actor, now=now)
    return substitutions.get(session, substitution_id)
