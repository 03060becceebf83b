"""What can be written down of a person: one set of rules for the interface, the command line and CSV files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import FieldError, UserRefused
from app.storage import positions
from app.storage.positions import Position

#: the command line acts under this name, and nobody can have it
OPERATOR = "system"
#: `me` is what clients call themselves in the interface
_RESERVED = frozenset({OPERATOR, "me"})

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_EMAIL = re.compile(r"(?=.{3,254}$)[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_NIP = re.compile(r"[0-9]{18}", re.ASCII)
_LINE = re.compile(r"\S(.{0,198}\S)?")

_RULES = {
    "username": (
        _USERNAME,
        "A username has 1 to 64 lowercase letters, digits, '.', '_' or '-', a letter or digit first.",
    ),
    "name": (_LINE, "A name has 1 to 200 characters on one line, and no space around it."),
    "email": (_EMAIL, "An e-mail address looks like name@office.go.id."),
    "nip": (_NIP, "A NIP has 18 digits."),
    "position": (_LINE, "A position has 1 to 200 characters on one line, and no space around it."),
    "unit": (_LINE, "A unit has 1 to 200 characters on one line, and no space around it."),
}


def require(values: Mapping[str, Any], known_roles: Collection[str] = ()) -> None:
    """Refuse values that cannot be written down; those that are absent or None are not looked at.

    Raises:
        UserRefused: with every field that is wrong.
    """
    errors = list(refusals(values, known_roles))
    if errors:
        raise UserRefused(errors)


def require_position(session: Session, position_id: UUID | None) -> Position | None:
    """The position of that id; None where none is meant.

    Raises:
        UserRefused
    """
    position = None if position_id is None else positions.find(session, position_id)
    if position_id is not None and position is None:
        raise UserRefused([FieldError("/position_id", "position_not_found", "There is no such position.")])
    return position


def refusals(values: Mapping[str, Any], known_roles: Collection[str]) -> Iterator[FieldError]:
    """What is wrong with these values, field by field; `roles` are those to be granted."""
    for field, (pattern, rule) in _RULES.items():
        text = values.get(field)
        if text is not None and not (pattern.fullmatch(text) and text.isprintable()):
            yield FieldError(f"/{field}", f"{field}_refused", rule)
    if values.get("username") in _RESERVED:
        yield FieldError("/username", "username_refused", f"The username {values['username']} is reserved.")
    known = ", ".join(sorted(known_roles))
    for index, role in enumerate(values.get("roles") or ()):
        if role not in known_roles:
            yield FieldError(f"/roles/{index}", "role_unknown", f"Unknown role: {role}. Known: {known}.")
