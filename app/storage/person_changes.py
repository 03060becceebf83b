"""Writing down what changes of a person, and telling it without what is nobody else's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.storage import identities, people, person_fields
from app.storage.people import Person
from app.storage.positions import Position
from app.storage.streams import NewEntry


def write(session: Session, person: Person, nip: str | None, changes: Mapping[str, Any]) -> list[NewEntry]:
    """Change a person; gives what to tell of it: nothing where they are so already.

    Args: `nip` the one that was kept; `changes` any of name, email, nip, position_id, active.
    Raises:
        NipTaken, UserRefused: there is no such position.
    """
    now_there = {
        "name": person.name,
        "email": person.email,
        "nip": nip,
        "position_id": person.position.id if person.position else None,
        "active": person.active,
    }
    changed = {field: value for field, value in changes.items() if value != now_there[field]}
    if not changed:
        return []
    position = person_fields.require_position(session, changed.get("position_id"))
    if "nip" in changed:
        identities.forget(session, [person.id])
        if changed["nip"] is not None:
            identities.keep(session, person.id, changed["nip"])
    people.change(session, person, **{field: value for field, value in changed.items() if field != "nip"})
    return _told(person, changed, position)


def added(person: Person) -> NewEntry:
    """What to tell of a new person."""
    told = {"name": person.name, "position": _position(person.position), "roles": sorted(person.roles)}
    return NewEntry("user_added", person.username, told | {"active": person.active})


def _told(person: Person, changed: Mapping[str, Any], position: Position | None) -> list[NewEntry]:
    # Of contact and identity only that they changed: the stream is kept for ever, and read by others.
    told: dict[str, Any] = {field: "changed" for field in ("email", "nip") if field in changed}
    if "name" in changed:
        told["name"] = {"old": person.name, "new": changed["name"]}
    if "position_id" in changed:
        told["position"] = {"old": _position(person.position), "new": _position(position)}
    entries = [NewEntry("user_changed", person.username, told)] if told else []
    if "active" in changed:
        entries.append(NewEntry("user_activated" if changed["active"] else "user_deactivated", person.username))
    return entries


def _position(position: Position | None) -> dict[str, str] | None:
    return None if position is None else position.as_json()
