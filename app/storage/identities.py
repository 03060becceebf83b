"""NIP, the number of a civil servant: apart from what lists people, so that no list can show it (UU 27/2022)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import NipTaken
from app.storage import tables

_identity = tables.person_identity.c


def nip_of(session: Session, user_id: UUID) -> str | None:
    """A person's NIP, if it is known."""
    return nips_of(session, [user_id]).get(user_id)


def nips_of(session: Session, user_ids: Collection[UUID]) -> dict[UUID, str]:
    """The NIP of each of these people of whom it is known."""
    rows = session.execute(select(tables.person_identity).where(_identity.user_id.in_(user_ids)))
    return {row.user_id: row.nip for row in rows}


def usernames_by_nip(session: Session, nips: Collection[str]) -> dict[str, str]:
    """Whose each of these NIPs is, where it is kept."""
    rows = session.execute(
        select(_identity.nip, tables.user_account.c.username)
        .join_from(tables.person_identity, tables.user_account)
        .where(_identity.nip.in_(nips))
    )
    return {row.nip: row.username for row in rows}


def forget(session: Session, user_ids: Collection[UUID]) -> None:
    """Keep no NIP of these people."""
    session.execute(delete(tables.person_identity).where(_identity.user_id.in_(user_ids)))


def keep(session: Session, user_id: UUID, nip: str) -> None:
    """Keep the NIP of a person of whom none is kept.

    Raises:
        NipTaken
    """
    keep_all(session, {user_id: nip})


def keep_all(session: Session, nips: Mapping[UUID, str]) -> None:
    """Keep the NIP of each of these people, of none of whom one is kept.

    Raises:
        NipTaken
    """
    rows = [{"user_id": user_id, "nip": nip} for user_id, nip in nips.items()]
    if not rows:
        return
    try:
        session.execute(insert(tables.person_identity), rows)
    except IntegrityError as error:
        raise NipTaken from error
