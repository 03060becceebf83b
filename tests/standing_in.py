"""Letting one person of the tests stand in for another (Plh, Plt)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from uuid_utils.compat import uuid7

from app.storage import tables
from app.storage.database import Database

LETTER = "800.1.11.1/027/2026"


def stand_in(
    database: Database, deputy: str, principal: str, start: datetime, *, hours: float = 24, letter: str = LETTER
) -> UUID:
    """From this moment on, for so many hours."""
    account, substitution_id = tables.user_account.c, uuid7()
    with database.transaction() as session:
        ids = {row.username: row.id for row in session.execute(select(account.id, account.username))}
        row = {
            "id": substitution_id,
            "principal_id": ids[principal],
            "deputy_id": ids[deputy],
            "starts_at": start,
            "ends_at": start + timedelta(hours=hours),
            "letter": letter,
            "created_by": "admin",
            "created_at": start,
        }
        session.execute(insert(tables.substitution), row)
    return substitution_id


def revoke(database: Database, substitution_id: UUID, now: datetime) -> None:
    """End it at once."""
    with database.transaction() as session:
        revoked = update(tables.substitution).where(tables.substitution.c.id == substitution_id)
        session.execute(revoked.values(revoked_at=now, revoked_by="admin"))
