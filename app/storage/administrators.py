"""Somebody must remain who can administer, whatever several administrators do at one moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.errors import LastAdministrator
from app.permissions import Ground
from app.storage import tables

_account, _role = tables.user_account.c, tables.user_role.c
_HOLDERS = select(_role.user_id).where(_role.role == Ground.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Administrators:
    """How many are active."""

    #: without the people of the demo, who are not always let in
    real: int
    #: with them
    all: int


def lock_with(session: Session, usernames: Collection[str]) -> Administrators:
    """Lock these people and every administrator, as `people.lock` does; gives the administrators of this moment.

    Two who would each take the role from the other wait for each other here, and the second sees what the first did.
    """
    affected = or_(_account.username.in_(usernames), _account.id.in_(_HOLDERS))
    session.execute(select(_account.id).where(affected).order_by(_account.id).with_for_update(key_share=True))
    return count(session)


def require_one_left(session: Session, before: Administrators) -> None:
    """Refuse changes that took the last administrator away.

    Raises:
        LastAdministrator
    """
    after = count(session)
    if (before.real and not after.real) or (before.all and not after.all):
        raise LastAdministrator("Make somebody else an administrator first.")


def count(session: Session) -> Administrators:
    """The active administrators."""
    active = select(
        func.count().filter(~_account.is_demo).label("real"),
        func.count().label("all"),
    ).where(_account.id.in_(_HOLDERS), _account.active)
    row = session.execute(active).one()
    return Administrators(row.real, row.all)
