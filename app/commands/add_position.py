"""Add a position."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app import permissions
from app.permissions import Actor, Operation
from app.storage import positions, streams, tokens
from app.storage.positions import Position
from app.storage.streams import NewEntry


def add_position(session: Session, name: str, unit: str, actor: Actor, *, now: datetime) -> Position:
    """Add a position in a unit, for people to hold.

    Raises:
        Unauthenticated, Forbidden, PositionTaken
    """
    actor = tokens.renew(session, actor, now=now)
    permissions.require(Operation.CHANGE_POSITION, actor)
    position = positions.add(session, name, unit)
    entry = NewEntry("position_added", str(position.id), position.as_json())
    streams.append(session, "administration", [entry], actor=actor, now=now)
    return position
