"""Record that an auditor read instances, their history, or of people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor, Ground
from app.storage import streams
from app.storage.streams import NewEntry

#: characters of a value that are kept for ever; no endpoint finds anything by longer ones
_MAX_VALUE = 255


def is_recorded(actor: Actor) -> bool:
    """Whether this person's reading leaves a trace: that of auditors, who see what they take no part in."""
    return Ground.AUDITOR in actor.grounds


def record_reading(
    session: Session, actor: Actor, path: str, query: str, instance_ids: Collection[UUID], *, now: datetime
) -> None:
    """Write `history_read` into the `access` stream, which locks and re-tags no instance.

    Args: `path` and `query` as they were asked for; of the query what `_told` leaves of it is kept.
    """
    ids = sorted(set(instance_ids))
    payload = {"path": path, "query": _told(query), "process_instance_ids": [str(instance_id) for instance_id in ids]}
    entry = NewEntry("history_read", path[:255], payload, ids[0] if len(ids) == 1 else None)
    streams.append(session, "access", [entry], actor=actor, now=now)


def _told(query: str) -> str:
    """What was asked, of bounded length: each parameter once, the last time, as the endpoint understood it.

    Nothing here can ever be erased. So cursors, which tell nothing, are left out, and of `variable=name:value` the
    value, which may be what somebody wrote about a person: the instances found are named beside it.
    """
    parameters = parse_qsl(query, keep_blank_values=True)
    told = {name: value[:_MAX_VALUE] for name, value in parameters if name not in {"cursor", "variable"}}
    variables = sorted({value.partition(":")[0] for name, value in parameters if name == "variable"})
    return urlencode([*told.items(), *(("variable", name) for name in variables)])
