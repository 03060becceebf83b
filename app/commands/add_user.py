"""Add a user."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.permissions import Actor, Operation
from app.storage import identities, people, person_changes, person_fields, roles, streams, tokens
from app.storage.people import Person


def add_user(
    session: Session,
    username: str,
    name: str,
    granted: Collection[str],
    actor: Actor,
    *,
    now: datetime,
    email: str | None = None,
    nip: str | None = None,
    position_id: UUID | None = None,
    is_demo: bool = False,
) -> Person:
    """Add a person with roles that exist: lanes of the newest diagrams, and the system roles.

    Raises:
        Unauthenticated, Forbidden, UserRefused, UsernameTaken, NipTaken
    """
    actor = tokens.renew(session, actor, now=now)
    permissions.require(Operation.CHANGE_USER, actor)
    values = {"username": username, "name": name, "email": email, "nip": nip, "roles": list(granted)}
    person_fields.require(values, roles.known(session))
    person_fields.require_position(session, position_id)
    user_id = people.add(
        session, username, name, granted, now=now, email=email, position_id=position_id, is_demo=is_demo
    )
    if nip is not None:
        identities.keep(session, user_id, nip)
    person = people.get(session, username)
    streams.append(session, "administration", [person_changes.added(person)], actor=actor, now=now)
    return person
