"""Standing in (Plh, Plt): who acts in whose name, from when to when, by which letter."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotStandingIn
from app.storage import tables

_substitution = tables.substitution.c


def require_in_force(session: Session, substitution_id: UUID, now: datetime) -> None:
    """Refuse to act by a substitution that ended or was revoked since the request was authenticated.

    It is locked against revocation until the transaction ends.
    Raises:
        NotStandingIn
    """
    in_force = (
        select(_substitution.id)
        .where(
            _substitution.id == substitution_id,
            _substitution.revoked_at.is_(None),
            _substitution.starts_at <= now,
            _substitution.ends_at > now,
        )
        .with_for_update(read=True)
    )
    if session.scalar(in_force) is None:
        raise NotStandingIn("The substitution is not in force any more.")
