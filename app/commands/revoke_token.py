"""Revoke a bearer token."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.errors import TokenNotFound
from app.permissions import Actor, Ground, Operation
from app.storage import streams, token_register, tokens
from app.storage.streams import NewEntry
from app.storage.token_register import Token


def revoke_token(session: Session, token_id: UUID, actor: Actor, *, now: datetime) -> Token:
    """Make a token useless from this moment, and every token that it made. Twice is once.

    Raises:
        TokenNotFound: also where the actor may not know of it; Unauthenticated, ScopeMissing, Forbidden
    """
    actor = tokens.renew(session, actor, now=now)
    token = token_register.get(session, token_id)
    if token.username == actor.username:
        permissions.require(Operation.REVOKE_TOKEN, actor, {Ground.OWNER})
    elif permissions.is_allowed(Operation.READ_ANY_TOKEN, actor):
        permissions.require(Operation.REVOKE_ANY_TOKEN, actor)
    else:
        raise TokenNotFound
    revoked = token_register.revoke(session, token_id, now)
    told = [NewEntry("token_revoked", token.username, {"token_id": str(each)}) for each in revoked]
    streams.append(session, "administration", told, actor=actor, now=now)
    return token_register.get(session, token_id)
