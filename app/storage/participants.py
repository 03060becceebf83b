"""Who may know of a process instance because they took or may take part in it.

Three bases: `role` (whoever holds a lane's role), `named` (by `lane_owners`, which replaces the role in that
instance) and `acted` (took part; stays for ever, whatever roles the person holds later).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import tables

_participant = tables.participant.c
_INSERT_IF_ABSENT: Mapping[str, Any] = {
    "postgresql": postgresql.insert(tables.participant).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(tables.participant).on_conflict_do_nothing(),
}


def enter(
    session: Session, instance_id: UUID, roles: Iterable[str], lane_owners: Mapping[str, Collection[str]]
) -> None:
    """Set who may take part: the holders of the roles, except where `lane_owners` names people."""
    session.execute(
        delete(tables.participant).where(
            _participant.process_instance_id == instance_id, _participant.basis.in_(["role", "named"])
        )
    )
    rows = {("role", role) for role in roles if role not in lane_owners}
    rows |= {("named", username) for usernames in lane_owners.values() for username in usernames}
    if rows:
        values = [{"process_instance_id": instance_id, "basis": basis, "name": name} for basis, name in sorted(rows)]
        session.execute(insert(tables.participant), values)


def took_part(session: Session, instance_id: UUID, usernames: Iterable[str]) -> None:
    """Remember who acted in the instance, and in whose name."""
    rows = [{"process_instance_id": instance_id, "basis": "acted", "name": name} for name in sorted(usernames)]
    session.execute(_INSERT_IF_ABSENT[session.get_bind().dialect.name], rows)


def takes_part(session: Session, instance_id: UUID, actor: Actor) -> bool:
    """Whether the person took or may take part in this instance."""
    return session.scalar(select(may_know(instance_id, actor))) or False


def may_know(instance_id: ColumnElement[UUID] | UUID, actor: Actor) -> ColumnElement[bool]:
    """The condition under which the person took or may take part in the instance, or stands in for who does."""
    roles = {role for person in actor.persons for role in person.roles}
    usernames = {person.username for person in actor.persons}
    return exists().where(
        _participant.process_instance_id == instance_id,
        or_(
            and_(_participant.basis == "role", _participant.name.in_(roles)),
            and_(_participant.basis.in_(["named", "acted"]), _participant.name.in_(usernames)),
        ),
    )
