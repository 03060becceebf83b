"""People, their roles and their tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.errors import UsernameTaken, UserNotFound
from app.permissions import ALL_SCOPES, Actor
from app.storage import tables

_TOKEN_PREFIX = "jjg_"  # noqa: S105 - lets a secret scanner recognise a leaked token
_TOKEN_BYTES = 32

# Built once, because every request asks it: SQLAlchemy takes longer to build a statement than to run it.
_BY_TOKEN = (
    select(
        tables.user_account.c.id,
        tables.user_account.c.username,
        tables.user_account.c.is_demo,
        tables.user_role.c.role,
    )
    .join_from(tables.token, tables.user_account)
    .outerjoin(tables.user_role, tables.user_role.c.user_id == tables.user_account.c.id)
    .where(tables.token.c.secret_hash == bindparam("secret_hash"), tables.user_account.c.active)
)


@dataclass(frozen=True, slots=True)
class Person:
    """A user and what they hold."""

    id: UUID
    username: str
    name: str
    is_demo: bool
    #: lane names and system roles
    roles: frozenset[str]


def add(
    session: Session, username: str, name: str, roles: Collection[str], *, now: datetime, is_demo: bool = False
) -> UUID:
    """Add a user with their roles.

    Raises:
        UsernameTaken
    """
    user_id = uuid7()
    row = {
        "id": user_id,
        "username": username,
        "name": name,
        "active": True,
        "is_demo": is_demo,
        "revision": 1,
        "created_at": now,
    }
    try:
        session.execute(insert(tables.user_account), row)
    except IntegrityError as error:
        raise UsernameTaken(f"There is a user named {username} already.") from error
    if roles:
        session.execute(insert(tables.user_role), [{"user_id": user_id, "role": role} for role in sorted(set(roles))])
    return user_id


def get_by_username(session: Session, username: str) -> Person:
    """The active user of that name.

    Raises:
        UserNotFound
    """
    account, role = tables.user_account.c, tables.user_role.c
    rows = session.execute(
        select(account.id, account.username, account.name, account.is_demo, role.role)
        .outerjoin_from(tables.user_account, tables.user_role)
        .where(account.username == username, account.active)
    ).all()
    if not rows:
        raise UserNotFound(f"There is no active user named {username}.")
    first = rows[0]
    roles = frozenset(row.role for row in rows if row.role is not None)
    return Person(first.id, first.username, first.name, first.is_demo, roles)


def count(session: Session) -> int:
    """How many users there are, active or not."""
    return session.scalar(select(func.count()).select_from(tables.user_account)) or 0


def unknown_or_inactive(session: Session, usernames: Iterable[str]) -> set[str]:
    """Those of the names that no active user has."""
    wanted = set(usernames)
    if not wanted:
        return set()
    account = tables.user_account.c
    known = session.scalars(select(account.username).where(account.username.in_(wanted), account.active))
    return wanted - set(known)


def issue_token(session: Session, user_id: UUID, *, now: datetime) -> str:
    """Make a bearer token; only its hash is kept, so this is the one time it can be read."""
    secret = _TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    row = {
        "id": uuid7(),
        "user_id": user_id,
        "secret_hash": _hash(secret),
        "name": "",
        "prefix": secret[:12],
        "scopes": sorted(ALL_SCOPES),
        "created_by": "system",
        "created_at": now,
    }
    session.execute(insert(tables.token), row)
    return secret


def revoke_tokens(session: Session, user_id: UUID) -> None:
    """Make every token of the user useless at once."""
    session.execute(delete(tables.token).where(tables.token.c.user_id == user_id))


def find_by_token(session: Session, secret: str, *, demo: bool) -> Actor | None:
    """The active user whose token this is; demo people only where `demo` is on."""
    rows = session.execute(_BY_TOKEN, {"secret_hash": _hash(secret)}).all()
    if not rows or (rows[0].is_demo and not demo):
        return None
    return Actor(rows[0].id, rows[0].username, frozenset(row.role for row in rows if row.role is not None))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
