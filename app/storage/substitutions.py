"""Standing in (Plh, Plt): who acts in whose name, from when to when, by which letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, insert, or_, select, true, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.errors import NotStandingIn, SubstitutionNotFound
from app.storage import keyset, tables
from app.storage.people import Person

_substitution = tables.substitution.c
_account = tables.user_account.c
_principal, _deputy = tables.user_account.alias("principal"), tables.user_account.alias("deputy")

_SELECT: Select[Any] = (
    select(
        *(column for column in _substitution if column.name not in {"principal_id", "deputy_id"}),
        _principal.c.username.label("principal"),
        _deputy.c.username.label("deputy"),
    )
    .join_from(tables.substitution, _principal, _principal.c.id == _substitution.principal_id)
    .join(_deputy, _deputy.c.id == _substitution.deputy_id)
)


@dataclass(frozen=True, slots=True)
class Substitution:
    """That the deputy acts in the principal's name, from a moment on until before another."""

    id: UUID
    principal: str
    deputy: str
    starts_at: datetime
    ends_at: datetime
    #: number of the letter that orders it
    letter: str
    created_by: str
    created_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubstitutionFilter:
    """Which are wanted; what is None does not matter."""

    #: either side of it
    username: str | None = None
    #: at this moment
    in_force_at: datetime | None = None


def add(
    session: Session,
    principal: Person,
    deputy: Person,
    *,
    starts_at: datetime,
    ends_at: datetime,
    letter: str,
    created_by: str,
    now: datetime,
) -> Substitution:
    """Let the deputy stand in for the principal."""
    substitution_id = uuid7()
    row = {
        "id": substitution_id,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "letter": letter,
        "created_by": created_by,
        "created_at": now,
    }
    session.execute(insert(tables.substitution), row | {"principal_id": principal.id, "deputy_id": deputy.id})
    return get(session, substitution_id)


def get(session: Session, substitution_id: UUID) -> Substitution:
    """One of them.

    Raises:
        SubstitutionNotFound
    """
    row = session.execute(_SELECT.where(_substitution.id == substitution_id)).mappings().one_or_none()
    if row is None:
        raise SubstitutionNotFound
    return Substitution(**row)


def chained_with(
    session: Session, principal: Person, deputy: Person, starts_at: datetime, ends_at: datetime
) -> Substitution | None:
    """One by which, in some of that time, the principal stands in for somebody, or somebody for the deputy."""
    chained = _SELECT.where(
        or_(_substitution.deputy_id == principal.id, _substitution.principal_id == deputy.id),
        _substitution.revoked_at.is_(None),
        _substitution.starts_at < ends_at,
        _substitution.ends_at > starts_at,
    )
    row = session.execute(chained.order_by(_substitution.id).limit(1)).mappings().one_or_none()
    return None if row is None else Substitution(**row)


def revoke(session: Session, substitution_id: UUID, revoked_by: str, now: datetime) -> bool:
    """End it at once; gives whether it was not revoked before."""
    revoked = update(tables.substitution).where(_substitution.id == substitution_id, _substitution.revoked_at.is_(None))
    values = {"revoked_by": revoked_by, "revoked_at": now}
    return session.scalar(revoked.values(values).returning(_substitution.id)) is not None


def search(
    session: Session, page: keyset.Page, wanted: SubstitutionFilter, visible_to: UUID | None
) -> keyset.Slice[Substitution]:
    """Those wanted, latest beginning first; only those in which `visible_to` is a side (None: all)."""
    return keyset.fetch(
        session,
        _SELECT.where(*_conditions(wanted, visible_to)),
        page,
        sortable={
            "starts_at": _substitution.starts_at,
            "ends_at": _substitution.ends_at,
            "created_at": _substitution.created_at,
        },
        default_sort="-starts_at",
        identity=_substitution.id,
        build=lambda row: Substitution(**row),
    )


def _conditions(wanted: SubstitutionFilter, visible_to: UUID | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [true()]
    if wanted.username is not None:
        conditions.append(or_(_principal.c.username == wanted.username, _deputy.c.username == wanted.username))
    if wanted.in_force_at is not None:
        conditions.append(_in_force(wanted.in_force_at) & _principal.c.active)
    if visible_to is not None:
        conditions.append(or_(_substitution.principal_id == visible_to, _substitution.deputy_id == visible_to))
    return conditions


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(_substitution.revoked_at.is_(None), _substitution.starts_at <= now, _substitution.ends_at > now)


def holds(session: Session, deputy: str, principal: str, now: datetime) -> bool:
    """Whether the one stands in for the other at this moment."""
    between = (_deputy.c.username == deputy) & (_principal.c.username == principal)
    in_force = _SELECT.where(between, _in_force(now), _principal.c.active, _deputy.c.active)
    return session.execute(in_force.limit(1)).first() is not None


def require_in_force(session: Session, substitution_id: UUID, now: datetime) -> None:
    """Refuse to act by a substitution that was revoked in this very moment, and let nobody revoke it until the
    transaction ends.

    Raises:
        NotStandingIn
    """
    held = select(_substitution.id).where(_substitution.id == substitution_id, _in_force(now))
    if session.scalar(held.with_for_update(read=True)) is None:
        raise NotStandingIn("The substitution is not in force any more.")
