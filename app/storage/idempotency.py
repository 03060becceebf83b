"""Answers kept by Idempotency-Key, in the transaction of the effect they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from app.storage import tables

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer, ready to be sent."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that its client may repeat."""

    user_id: UUID
    method: str
    path: str
    key: str
    body: bytes


def once(session: Session, request: KeyedRequest, now: datetime, act: Callable[[], Answer]) -> Answer:
    """Act, or repeat the answer that this key got within the last 24 hours.

    Writing the key first makes a second request with it wait until the first is committed or rolled back.

    Raises:
        IdempotencyKeyInUse: the first request with it still runs.
        IdempotencyKeyReused: the key came with another body before.
    """
    columns = tables.idempotency_key.c
    session.execute(
        delete(tables.idempotency_key).where(columns.user_id == request.user_id, columns.created_at < now - KEPT_FOR)
    )
    identity = {"user_id": request.user_id, "method": request.method, "path": request.path, "key": request.key}
    row = and_(*(columns[name] == value for name, value in identity.items()))
    request_hash = hashlib.sha256(request.body).digest()
    reservation = _insert_if_absent(session).values(**identity, request_hash=request_hash, created_at=now)
    try:
        is_first = session.scalar(reservation.returning(columns.key)) is not None
    except OperationalError as waited_too_long:
        raise IdempotencyKeyInUse from waited_too_long
    if not is_first:
        return _replay(session, row, request_hash)
    answer = act()
    session.execute(
        update(tables.idempotency_key)
        .where(row)
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )
    return answer


def _insert_if_absent(session: Session) -> Any:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(tables.idempotency_key).on_conflict_do_nothing()


def _replay(session: Session, row: Any, request_hash: bytes) -> Answer:
    kept = session.execute(select(tables.idempotency_key).where(row)).one()
    if kept.request_hash != request_hash:
        raise IdempotencyKeyReused
    return Answer(kept.status, kept.body, kept.headers)
