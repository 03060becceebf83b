"""Roles: which there are, and who holds which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from app.errors import RoleUnknown
from app.permissions import SYSTEM_ROLES
from app.storage import process_definitions, tables

_account, _held = tables.user_account.c, tables.user_role.c


@dataclass(frozen=True, slots=True)
class Role:
    """A role that can be held, or still is."""

    name: str
    #: of the service; a lane of the current diagrams; a lane that no current diagram has any more
    kind: Literal["system", "lane", "former"]
    #: how many active people hold it
    holders: int


def lanes(session: Session) -> frozenset[str]:
    """The roles that the newest diagrams ask for, and those that are started."""
    current = process_definitions.current_of_each(session)
    return frozenset(role for version in current for role in process_definitions.parsed(session, version).roles)


def known(session: Session) -> frozenset[str]:
    """The roles that can be granted."""
    return SYSTEM_ROLES | lanes(session)


def require_known(role: str, known_roles: Collection[str]) -> None:
    """Refuse a role that nothing asks for.

    Raises:
        RoleUnknown: naming those that are known.
    """
    if role not in known_roles:
        raise RoleUnknown(f"Unknown role: {role}. Known: {', '.join(sorted(known_roles))}.")


def all_of(session: Session) -> list[Role]:
    """Every role by name: those that can be granted, and those that somebody still holds."""
    lane_roles = lanes(session)
    held = session.execute(
        select(_held.role, func.count().filter(_account.active).label("holders"))
        .join_from(tables.user_role, tables.user_account)
        .group_by(_held.role)
    )
    holders = Counter({row.role: row.holders for row in held})
    names = sorted(SYSTEM_ROLES | lane_roles | holders.keys())
    return [Role(name, _kind(name, lane_roles), holders[name]) for name in names]


def _kind(name: str, lane_roles: Collection[str]) -> Literal["system", "lane", "former"]:
    if name in SYSTEM_ROLES:
        return "system"
    return "lane" if name in lane_roles else "former"


def of(session: Session, user_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """What these people hold."""
    found: dict[UUID, set[str]] = {user_id: set() for user_id in user_ids}
    for row in session.execute(select(tables.user_role).where(_held.user_id.in_(user_ids))):
        found[row.user_id].add(row.role)
    return {user_id: frozenset(names) for user_id, names in found.items()}


def grant(session: Session, user_id: UUID, roles: Collection[str]) -> None:
    """Let a person hold these roles, none of which they hold yet."""
    grant_all(session, {user_id: roles})


def grant_all(session: Session, roles: Mapping[UUID, Collection[str]]) -> None:
    """Let each of these people hold these roles, none of which they hold yet."""
    rows = [{"user_id": user_id, "role": role} for user_id, granted in roles.items() for role in sorted(set(granted))]
    if rows:
        session.execute(insert(tables.user_role), rows)


def revoke(session: Session, user_id: UUID, roles: Collection[str]) -> None:
    """Let a person hold these roles no longer."""
    revoke_all(session, {user_id: roles})


def revoke_all(session: Session, roles: Mapping[UUID, Collection[str]]) -> None:
    """Let each of these people hold these roles no longer."""
    rows = [{"holder": user_id, "held": role} for user_id, revoked in roles.items() for role in revoked]
    if rows:
        these = delete(tables.user_role).where(_held.user_id == bindparam("holder"), _held.role == bindparam("held"))
        session.execute(these, rows)
