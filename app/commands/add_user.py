"""Add a user."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import Refused
from app.permissions import SYSTEM_ROLES
from app.storage import people, process_definitions

_USERNAME = re.compile(r"[a-z0-9._-]{1,64}", re.ASCII)
#: `system` deploys from the command line; `me` is what clients call themselves in the interface
_RESERVED = frozenset({"system", "me"})


class UsernameRefused(Refused):
    """This cannot be a username"""

    code = "username_refused"


class RoleUnknown(Refused):
    """There is no such role"""

    code = "role_unknown"


def add_user(
    session: Session, username: str, name: str, roles: Collection[str], *, now: datetime, is_demo: bool = False
) -> UUID:
    """Add a person with roles that exist: lanes of the newest diagrams, and the system roles.

    Raises:
        UsernameRefused, RoleUnknown, UsernameTaken
    """
    if not _USERNAME.fullmatch(username):
        raise UsernameRefused("A username has 1 to 64 lowercase letters, digits, '.', '_' or '-'.")
    if username in _RESERVED:
        raise UsernameRefused(f"The username {username} is reserved.")
    known = SYSTEM_ROLES | _lanes(session)
    unknown = sorted(set(roles) - known)
    if unknown:
        raise RoleUnknown(f"Unknown role: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
    return people.add(session, username, name, roles, now=now, is_demo=is_demo)


def _lanes(session: Session) -> set[str]:
    newest = process_definitions.newest_of_each(session)
    return {role for definition in newest for role in process_definitions.parsed(session, definition).roles}
