"""Let somebody hold a role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app import permissions
from app.permissions import Actor, Operation
from app.storage import access, people, roles, streams, tokens
from app.storage.access import IfMatch
from app.storage.people import Person
from app.storage.streams import NewEntry


def grant_role(
    session: Session, username: str, role: str, actor: Actor, *, if_match: IfMatch = None, now: datetime
) -> Person:
    """Grant a lane of the newest diagrams, or a system role. Twice is once.

    Raises:
        Unauthenticated, Forbidden, UserNotFound, Stale, RoleUnknown
    """
    permissions.require(Operation.CHANGE_ROLE, actor)
    people.lock(session, [username, actor.username])
    actor = tokens.renew(session, actor, now=now, lock=False)
    permissions.require(Operation.CHANGE_ROLE, actor)
    person = people.get(session, username)
    access.require_fresh(if_match, str(person.revision))
    if role in person.roles:
        return person
    roles.require_known(role, roles.known(session))

    roles.grant(session, person.id, [role])
    people.change(session, person)

    entry = NewEntry("role_granted", username, {"role": role})
    streams.append(session, "administration", [entry], actor=actor, now=now)
    return people.get(session, username)
