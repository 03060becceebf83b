"""Record that somebody takes the history out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import streams
from app.storage.streams import NewEntry
from app.storage.told_queries import told_query


def record_export(
    session: Session,
    actor: Actor,
    path: str,
    query: str,
    format_: str,
    instance_id: UUID | None = None,
    *,
    now: datetime,
) -> None:
    """Write `history_exported` into the `access` stream, whoever it is: what leaves here is guarded by nobody.

    Args: `path` and `query` as they were asked for; of the query what `told_query` leaves of it is kept. `instance_id`
        where all of it is about one process instance.
    """
    payload = {"path": path, "query": told_query(query), "format": format_}
    entry = NewEntry("history_exported", path[:255], payload, instance_id)
    streams.append(session, "access", [entry], actor=actor, now=now)
