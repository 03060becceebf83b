"""Change a position's name or unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.permissions import Actor, Operation
from app.storage import access, positions, streams, tokens
from app.storage.access import IfMatch
from app.storage.positions import Position
from app.storage.streams import NewEntry


def change_position(
    session: Session,
    position_id: UUID,
    actor: Actor,
    changes: Mapping[str, str],
    *,
    if_match: IfMatch,
    now: datetime,
) -> Position:
    """Change what is named in `changes`: name, unit. Approvals keep the position as it was when they were given.

    Raises:
        Unauthenticated, Forbidden, PositionNotFound, Stale, PositionTaken
    """
    actor = tokens.renew(session, actor, now=now)
    permissions.require(Operation.CHANGE_POSITION, actor)
    position = positions.load_for_update(session, position_id)
    access.require_fresh(if_match, str(position.revision))
    wanted = position.as_json() | dict(changes)
    if wanted == position.as_json():
        return position
    changed = positions.change(session, position, wanted["name"], wanted["unit"])
    entry = NewEntry("position_changed", str(position.id), {"old": position.as_json(), "new": changed.as_json()})
    streams.append(session, "administration", [entry], actor=actor, now=now)
    return changed
