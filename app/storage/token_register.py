"""Which tokens there are, without what could be used of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from app.errors import InvalidToken, TokenNotFound
from app.storage import keyset, tables

_token, _account = tables.token.c, tables.user_account.c

_SELECT: Select[Any] = select(
    *(column for column in _token if column.name not in {"user_id", "secret_hash"}), _account.username
).join_from(tables.token, tables.user_account)


@dataclass(frozen=True, slots=True)
class Token:
    """What its owner sees of a token."""

    id: UUID
    #: whose it is
    username: str
    #: what its owner calls it
    name: str
    #: how the secret begins
    prefix: str
    scopes: Sequence[str]
    #: username, or the command line's
    created_by: str
    created_at: datetime
    #: None: never
    expires_at: datetime | None
    #: to within ten minutes
    last_used_at: datetime | None
    revoked_at: datetime | None
    #: the token that asked for it; None: the command line did
    parent_id: UUID | None


def get(session: Session, token_id: UUID) -> Token:
    """One token.

    Raises:
        TokenNotFound
    """
    row = session.execute(_SELECT.where(_token.id == token_id)).mappings().one_or_none()
    if row is None:
        raise TokenNotFound
    return Token(**row)


def of(session: Session, username: str, page: keyset.Page) -> keyset.Slice[Token]:
    """A person's tokens, newest first."""
    return keyset.fetch(
        session,
        _SELECT.where(_account.username == username),
        page,
        sortable={"created_at": _token.created_at, "name": _token.name},
        default_sort="-created_at",
        identity=_token.id,
        build=lambda row: Token(**row),
    )


def hold(session: Session, token_id: UUID, now: datetime) -> Token:
    """A token that is valid, and is not revoked before the transaction ends.

    Raises:
        InvalidToken
    """
    held = select(_token.id).where(_token.id == token_id, _token.revoked_at.is_(None))
    unexpired = or_(_token.expires_at.is_(None), _token.expires_at > now)
    if session.scalar(held.where(unexpired).with_for_update(read=True)) is None:
        raise InvalidToken
    return get(session, token_id)


def revoke(session: Session, token_id: UUID, now: datetime) -> list[UUID]:
    """Make a token useless at once, and all that it made; gives those that were not revoked before."""
    family = select(_token.id).where(_token.id == token_id).cte("family", recursive=True)
    family = family.union(select(_token.id).join(family, _token.parent_id == family.c.id))
    theirs = update(tables.token).where(_token.id.in_(select(family.c.id)), _token.revoked_at.is_(None))
    revoking = theirs.values(revoked_at=now).returning(_token.id)
    revoked: list[UUID] = []
    # Again and again, because it may have waited for one of them to make another, which it has not seen then.
    while generation := session.scalars(revoking).all():
        revoked += generation
    return sorted(revoked)


def revoke_all(session: Session, user_id: UUID, now: datetime) -> None:
    """Make every token of the user useless at once."""
    theirs = update(tables.token).where(_token.user_id == user_id, _token.revoked_at.is_(None))
    session.execute(theirs.values(revoked_at=now))
