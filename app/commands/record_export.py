"""Record that somebody takes the history out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import streams
from app.storage.streams import NewEntry
from app.storage.told_queries import told_query


def record_export(session: Session, actor: Actor, path: str, query: str, format_: str, *, now: datetime) -> None:
    """Write `history_exported` into the `access` stream, whoever it is: what leaves here is guarded by nobody.

    Args: `path` and `query` as they were asked for; of the query what `told_query` leaves of it is kept.
    """
    payload = {"path": path, "query": told_query(query), "format": format_}
    streams.append(session, "access", [NewEntry("history_exported", path[:255], payload)], actor=actor, now=now)
