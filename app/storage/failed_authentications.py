"""How many attempts with bad credentials came from where, minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.storage import tables

#: longer than any minute is judged; addresses are personal data and are not kept beyond it
_KEPT = timedelta(minutes=5)

_failed = tables.failed_authentication


def count(session: Session, source: str, now: datetime) -> int:
    """The attempts from there in the minute that `now` belongs to."""
    chosen = select(_failed.c.count).where(_failed.c.source == source, _failed.c.minute == _minute(now))
    return session.scalar(chosen) or 0


def add(session: Session, source: str, now: datetime) -> int:
    """Count one more attempt; gives their number in this minute."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"source": source, "minute": _minute(now), "count": 1}
    one_more = {"count": _failed.c.count + 1}
    statement = insert(_failed).values(row).on_conflict_do_update(index_elements=["source", "minute"], set_=one_more)
    number: int = session.execute(statement.returning(_failed.c.count)).scalar_one()
    if number == 1:
        session.execute(delete(_failed).where(_failed.c.minute < now - _KEPT))
    return number


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
