"""Record that an auditor read instances, their history, or of people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor, Ground
from app.storage import streams
from app.storage.streams import NewEntry
from app.storage.told_queries import told_query


def is_recorded(actor: Actor) -> bool:
    """Whether this person's reading leaves a trace: that of auditors, who see what they take no part in."""
    return Ground.AUDITOR in actor.grounds


def record_reading(
    session: Session, actor: Actor, path: str, query: str, instance_ids: Collection[UUID], *, now: datetime
) -> None:
    """Write `history_read` into the `access` stream, which locks and re-tags no instance.

    Args: `path` and `query` as they were asked for; of the query what `told_query` leaves of it is kept.
    """
    ids = sorted(set(instance_ids))
    named = [str(instance_id) for instance_id in ids]
    payload = {"path": path, "query": told_query(query), "process_instance_ids": named}
    entry = NewEntry("history_read", path[:255], payload, ids[0] if len(ids) == 1 else None)
    streams.append(session, "access", [entry], actor=actor, now=now)
