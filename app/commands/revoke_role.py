"""Take a role from somebody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app import permissions
from app.permissions import Actor, Operation
from app.storage import access, administrators, assignments, people, roles, streams, tokens
from app.storage.access import IfMatch
from app.storage.assignments import Loss
from app.storage.people import Person
from app.storage.streams import NewEntry


def revoke_role(
    session: Session, username: str, role: str, actor: Actor, *, if_match: IfMatch = None, now: datetime
) -> Person:
    """Take a role away, even one that no diagram asks for any more. Twice is once.

    The open user tasks that they have by it go back to their candidates.

    Raises:
        Unauthenticated, Forbidden, UserNotFound, Stale, LastAdministrator
        Unavailable: they took a user task in this very moment.
    """
    permissions.require(Operation.CHANGE_ROLE, actor)
    losses = [Loss(username, role)]
    instances = assignments.lock_instances(session, losses)
    before = administrators.lock_with(session, [username])
    actor = tokens.renew(session, actor, now=now, lock=False)
    permissions.require(Operation.CHANGE_ROLE, actor)
    person = people.get(session, username)
    access.require_fresh(if_match, str(person.revision))
    if role not in person.roles:
        return person

    roles.revoke(session, person.id, [role])
    people.change(session, person)
    administrators.require_one_left(session, before)
    assignments.release(session, losses, instances, actor=actor, now=now)

    entry = NewEntry("role_revoked", username, {"role": role})
    streams.append(session, "administration", [entry], actor=actor, now=now)
    return people.get(session, username)
