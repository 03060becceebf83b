"""People: who they are, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.errors import UsernameTaken, UserNotFound
from app.storage import roles as held_roles
from app.storage import tables
from app.storage.positions import Position

_account, _position = tables.user_account.c, tables.position.c

SELECT: Select[Any] = select(
    *(column for column in _account if column.name != "position_id"),
    _position.id.label("position_id"),
    _position.name.label("position_name"),
    _position.unit.label("position_unit"),
    _position.revision.label("position_revision"),
).outerjoin_from(tables.user_account, tables.position)


@dataclass(frozen=True, slots=True)
class Person:
    """A user and what they hold."""

    id: UUID
    username: str
    name: str
    email: str | None
    position: Position | None
    active: bool
    #: let in only while JENJANG_DEMO is set
    is_demo: bool
    revision: int
    created_at: datetime
    #: lane names and system roles
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be added."""

    username: str
    name: str
    roles: frozenset[str]
    email: str | None = None
    position_id: UUID | None = None
    active: bool = True
    is_demo: bool = False


def add(
    session: Session,
    username: str,
    name: str,
    roles: Collection[str],
    *,
    now: datetime,
    email: str | None = None,
    position_id: UUID | None = None,
    active: bool = True,
    is_demo: bool = False,
) -> UUID:
    """Add a user with their roles.

    Raises:
        UsernameTaken
    """
    person = NewPerson(username, name, frozenset(roles), email, position_id, active, is_demo)
    try:
        return add_all(session, [person], now=now)[username]
    except UsernameTaken as error:
        raise UsernameTaken(f"There is a user named {username} already.") from error


def add_all(session: Session, persons: Collection[NewPerson], *, now: datetime) -> dict[str, UUID]:
    """Add users with their roles; gives the id of each by username.

    Raises:
        UsernameTaken
    """
    ids = {person.username: uuid7() for person in persons}
    rows = [
        {
            "id": ids[person.username],
            "username": person.username,
            "name": person.name,
            "email": person.email,
            "position_id": person.position_id,
            "active": person.active,
            "is_demo": person.is_demo,
            "revision": 1,
            "created_at": now,
        }
        for person in persons
    ]
    try:
        session.execute(insert(tables.user_account), rows)
    except IntegrityError as error:
        raise UsernameTaken from error
    held_roles.grant_all(session, {ids[person.username]: person.roles for person in persons})
    return ids


def change(session: Session, person: Person, **values: Any) -> None:
    """Write some columns of a user, and count the revision up."""
    written = update(tables.user_account).where(_account.id == person.id)
    session.execute(written.values(**values, revision=person.revision + 1))


def get(session: Session, username: str) -> Person:
    """The user of that name, active or not.

    Raises:
        UserNotFound
    """
    found = by_username(session, [username])
    if not found:
        raise UserNotFound(f"There is no user named {username}.")
    return found[username]


def get_by_username(session: Session, username: str) -> Person:
    """The active user of that name.

    Raises:
        UserNotFound
    """
    person = by_username(session, [username]).get(username)
    if person is None or not person.active:
        raise UserNotFound(f"There is no active user named {username}.")
    return person


def by_username(session: Session, usernames: Collection[str]) -> dict[str, Person]:
    """Those of these people who are there."""
    rows = session.execute(SELECT.where(_account.username.in_(usernames))).mappings().all()
    return {person.username: person for person in with_roles(session, rows)}


def all_of(session: Session) -> list[Person]:
    """Everybody, by username."""
    return with_roles(session, session.execute(SELECT.order_by(_account.username)).mappings().all())


def with_roles(session: Session, rows: Sequence[Any]) -> list[Person]:
    """People of rows of `SELECT`, in their order."""
    held = held_roles.of(session, [row["id"] for row in rows])
    return [_person(row, held.get(row["id"], frozenset())) for row in rows]


def _person(row: Mapping[str, Any], roles: frozenset[str]) -> Person:
    own = {name: value for name, value in row.items() if not name.startswith("position_")}
    of_position = {name.removeprefix("position_"): value for name, value in row.items() if name not in own}
    position = None if of_position["id"] is None else Position(**of_position)
    return Person(**own, position=position, roles=roles)


def lock(session: Session, usernames: Collection[str]) -> None:
    """Keep others from changing these people until the transaction ends; always in the same order.

    A claim waits for it, as it locks its claimer; what merely refers to these people does not.
    """
    theirs = select(_account.id).where(_account.username.in_(usernames)).order_by(_account.id)
    session.execute(theirs.with_for_update(key_share=True))


def signature(session: Session, username: str) -> dict[str, str | None]:
    """How a person signs: `{"username", "name", "position", "unit"}`, as they are now."""
    row = session.execute(
        select(_account.username, _account.name, _position.name.label("position"), _position.unit)
        .outerjoin_from(tables.user_account, tables.position)
        .where(_account.username == username)
    ).one()
    return {"username": row.username, "name": row.name, "position": row.position, "unit": row.unit}


def count(session: Session) -> int:
    """How many users there are, active or not."""
    return session.scalar(select(func.count()).select_from(tables.user_account)) or 0


def unknown_or_inactive(session: Session, usernames: Iterable[str]) -> set[str]:
    """Those of the names that no active user has."""
    wanted = set(usernames)
    if not wanted:
        return set()
    known = session.scalars(select(_account.username).where(_account.username.in_(wanted), _account.active))
    return wanted - set(known)
