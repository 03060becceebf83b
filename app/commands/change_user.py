"""Change a user: name, e-mail, NIP, position, and whether they are active."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import permissions
from app.permissions import Actor, Operation
from app.storage import (
    access,
    administrators,
    assignments,
    identities,
    people,
    person_changes,
    person_fields,
    streams,
    tokens,
)
from app.storage.access import IfMatch
from app.storage.assignments import Loss
from app.storage.people import Person


def change_user(
    session: Session, username: str, actor: Actor, changes: Mapping[str, Any], *, if_match: IfMatch, now: datetime
) -> Person:
    """Change what is named in `changes`: any of name, email, nip, position_id, active; None clears.

    Whoever is deactivated is let in no more from this moment; their open user tasks go back to their candidates.

    Raises:
        Unauthenticated, Forbidden, UserNotFound, UserRefused, Stale, NipTaken, LastAdministrator
        Unavailable: they took a user task in this very moment.
    """
    permissions.require(Operation.CHANGE_USER, actor)
    person_fields.require(changes)
    losses = [Loss(username)] if changes.get("active") is False else []
    instances = assignments.lock_instances(session, losses)
    before = administrators.lock_with(session, [username])
    actor = tokens.renew(session, actor, now=now, lock=False)
    permissions.require(Operation.CHANGE_USER, actor)
    person = people.get(session, username)
    access.require_fresh(if_match, str(person.revision))

    told = person_changes.write(session, person, identities.nip_of(session, person.id), changes)
    administrators.require_one_left(session, before)
    assignments.release(session, losses, instances, actor=actor, now=now)

    streams.append(session, "administration", told, actor=actor, now=now)
    return people.get(session, username)
