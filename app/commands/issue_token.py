"""Issue a bearer token."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import permissions
from app.errors import FieldError, Forbidden, Refused
from app.permissions import ALL_SCOPES, Actor, Ground, Operation, Scope
from app.storage import people, person_fields, streams, token_register, tokens
from app.storage.streams import NewEntry
from app.storage.tokens import Issued

_MAX_NAME = 100


class TokenRefused(Refused):
    """Such a token is not issued"""

    code = "token_refused"


@dataclass(frozen=True, slots=True)
class WantedToken:
    """What somebody asks for."""

    #: what its owner calls it
    name: str = ""
    #: None: as many as may be
    scopes: Collection[Scope] | None = None
    #: None: as late as may be
    expires_at: datetime | None = None


def issue_token(
    session: Session, username: str, actor: Actor, wanted: WantedToken | None = None, *, now: datetime
) -> Issued:
    """Make a token for an active user; only its hash is kept, so this is the one time it can be read.

    The actor's own token bounds it: one that leaked, and is narrow or runs out, cannot make itself a better one.

    Raises:
        Unauthenticated, UserNotFound, ScopeMissing, TokenRefused
        InvalidToken: the actor's own was revoked, or ran out, while the request waited.
        Forbidden: for somebody else, or asked for by a token of an outside provider, whose bounds are not known.
    """
    actor = tokens.renew(session, actor, now=now)
    is_operator = actor.username == person_fields.OPERATOR
    permissions.require(
        Operation.ISSUE_TOKEN, actor, {Ground.OWNER} if username == actor.username or is_operator else ()
    )
    person = people.get_by_username(session, username)
    wanted, latest = wanted or WantedToken(), None if is_operator else _expiry_of_own(session, actor, now)
    errors = list(_refusals(wanted, actor, latest, now))
    if errors:
        raise TokenRefused(" ".join(error.reason for error in errors), errors=errors)
    scopes = sorted(set(actor.scopes if wanted.scopes is None else wanted.scopes))
    expires_at = wanted.expires_at or latest
    issued = tokens.issue(
        session,
        person.id,
        now=now,
        name=wanted.name,
        scopes=scopes,
        expires_at=expires_at,
        created_by=actor.username,
        parent_id=actor.token_id,
    )
    told = {"token_id": str(issued.id), "scopes": scopes, "expires_at": expires_at and expires_at.isoformat()}
    streams.append(session, "administration", [NewEntry("token_issued", username, told)], actor=actor, now=now)
    return issued


def _expiry_of_own(session: Session, actor: Actor, now: datetime) -> datetime | None:
    if actor.token_id is None:
        raise Forbidden("Ask with a token of Jenjang; an administrator makes the first one (`jenjang token new`).")
    return token_register.hold(session, actor.token_id, now).expires_at


def _refusals(wanted: WantedToken, actor: Actor, latest: datetime | None, now: datetime) -> Iterator[FieldError]:
    if len(wanted.name) > _MAX_NAME or not wanted.name.isprintable():
        yield FieldError("/name", "name_refused", f"A token's name has at most {_MAX_NAME} characters on one line.")
    if wanted.scopes is not None and not (set(wanted.scopes) <= actor.scopes & ALL_SCOPES):
        own = ", ".join(sorted(actor.scopes))
        yield FieldError("/scopes", "scope_beyond_own", f"The token that asks has only: {own}.")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        yield FieldError("/expires_at", "in_the_past", "It would be useless from the start.")
    if latest is not None and wanted.expires_at is not None and wanted.expires_at > latest:
        yield FieldError("/expires_at", "later_than_own", f"The token that asks expires at {latest.isoformat()}.")
