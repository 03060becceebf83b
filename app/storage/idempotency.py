"""Answers kept by Idempotency-Key, in the transaction of the effect they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from app.storage import tables

KEPT_FOR = timedelta(hours=24)
#: PostgreSQL: waited longer than lock_timeout
_LOCK_NOT_AVAILABLE = "55P03"

_key = tables.idempotency_key.c
_IDENTITY = ("user_id", "method", "path", "key")
_IS_THIS = and_(*(_key[name] == bindparam(f"this_{name}") for name in _IDENTITY))
# Built once: SQLAlchemy takes longer to build a statement than to run it.
_FORGET = delete(tables.idempotency_key).where(
    _key.user_id == bindparam("this_user_id"), _key.created_at < bindparam("too_old")
)
_INSERT_IF_ABSENT: Mapping[str, Any] = {
    "postgresql": postgresql.insert(tables.idempotency_key).on_conflict_do_nothing().returning(_key.key),
    "sqlite": sqlite.insert(tables.idempotency_key).on_conflict_do_nothing().returning(_key.key),
}
_KEEP = update(tables.idempotency_key).where(_IS_THIS)
_RECALL = select(tables.idempotency_key).where(_IS_THIS)


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


def once(
    session: Session,
    request: KeyedRequest,
    now: datetime,
    act: Callable[[], Answer],
    *,
    before_repeating: Callable[[], None],
) -> Answer:
    """Act, or repeat the answer that this key got within the last 24 hours.

    Args: `before_repeating` refuses whoever may not have the answer any more, as `act` would.

    Writing the key first makes a second request with it wait until the first is committed or rolled back.

    Raises:
        IdempotencyKeyInUse: the first request with it still runs.
        IdempotencyKeyReused: the key came with another body before.
    """
    identity = {"user_id": request.user_id, "method": request.method, "path": request.path, "key": request.key}
    this = {f"this_{name}": value for name, value in identity.items()}
    request_hash = hashlib.sha256(request.body).digest()
    session.execute(_FORGET, {"this_user_id": request.user_id, "too_old": now - KEPT_FOR})
    reservation = _INSERT_IF_ABSENT[session.get_bind().dialect.name]
    try:
        is_first = session.scalar(reservation, identity | {"request_hash": request_hash, "created_at": now}) is not None
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise IdempotencyKeyInUse from error
        raise
    if not is_first:
        before_repeating()
        return _replay(session, this, request_hash)
    answer = act()
    session.execute(_KEEP, this | {"status": answer.status, "headers": dict(answer.headers), "body": answer.body})
    return answer


def _replay(session: Session, this: Mapping[str, Any], request_hash: bytes) -> Answer:
    kept = session.execute(_RECALL, this).one()
    if kept.request_hash != request_hash:
        raise IdempotencyKeyReused
    return Answer(kept.status, kept.body, kept.headers)
