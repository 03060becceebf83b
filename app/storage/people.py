"""People and their roles."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.errors import UsernameTaken, UserNotFound
from app.storage import tables


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


def lock_active(session: Session, username: str) -> Person | None:
    """The active user of that name, who stays so until the transaction ends."""
    held = select(tables.user_account.c.id).where(
        tables.user_account.c.username == username, tables.user_account.c.active
    )
    if session.scalar(held.with_for_update(read=True)) is None:
        return None
    return get_by_username(session, username)


def signature(session: Session, username: str) -> dict[str, str | None]:
    """How a person signs: `{"username", "name", "position", "unit"}`, as they are now."""
    account, position = tables.user_account.c, tables.position.c
    row = session.execute(
        select(account.username, account.name, position.name.label("position"), position.unit)
        .outerjoin_from(tables.user_account, tables.position)
        .where(account.username == username)
    ).one()
    return dict(row._mapping)


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
