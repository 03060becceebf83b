"""Bearer tokens, and the person whom one speaks for: roles, scopes, and for whom they stand in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.errors import Unauthenticated
from app.permissions import ALL_SCOPES, OPERATOR_ID, SYSTEM_ROLES, Actor, Principal, Scope
from app.storage import tables

#: lets a secret scanner recognise a leaked token, and the service tell it from one of an outside provider
SECRET_PREFIX = "jjg_"  # noqa: S105 - not a secret
_SECRET_BYTES = 32
#: characters by which a person knows a token again
_SHOWN = 12
#: how often it is written down that a token was used; each time would make every reading a writing
_USE_NOTED_EVERY = timedelta(minutes=10)

_account, _role = tables.user_account.c, tables.user_role.c
_token, _substitution = tables.token.c, tables.substitution.c


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token."""

    id: UUID
    #: kept nowhere: this is the one time it can be read
    secret: str


@dataclass(frozen=True, slots=True)
class Found:
    """A token that is valid now."""

    actor: Actor
    #: whether it should be written down that it is in use
    use_unnoted: bool


def issue(
    session: Session,
    user_id: UUID,
    *,
    now: datetime,
    name: str = "",
    scopes: Collection[Scope] = ALL_SCOPES,
    expires_at: datetime | None = None,
    created_by: str = "system",
    parent_id: UUID | None = None,
) -> Issued:
    """Make a bearer token; only its hash is kept. `parent_id` is the token that asked for it."""
    token_id, secret = uuid7(), SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    row = {
        "id": token_id,
        "user_id": user_id,
        "secret_hash": _hash(secret),
        "name": name,
        "prefix": secret[:_SHOWN],
        "scopes": sorted(scopes),
        "created_by": created_by,
        "created_at": now,
        "expires_at": expires_at,
        "parent_id": parent_id,
    }
    session.execute(insert(tables.token), row)
    return Issued(token_id, secret)


def find(session: Session, secret: str, *, now: datetime, demo: bool) -> Found | None:
    """The valid token with this secret, of an active user; of demo people only where `demo` is on."""
    rows = session.execute(_BY_SECRET, {"secret_hash": _hash(secret), "now": now, "demo": demo}).all()
    if not rows:
        return None
    first = rows[0]
    known = frozenset(Scope(scope) for scope in first.scopes if scope in ALL_SCOPES)
    used = first.last_used_at
    return Found(
        _actor(session, rows, now, demo, scopes=known, token_id=first.token_id),
        use_unnoted=used is None or now - used >= _USE_NOTED_EVERY,
    )


def find_person(session: Session, username: str, *, now: datetime, demo: bool) -> Actor | None:
    """The active user of that name, whom somebody else has authenticated."""
    rows = session.execute(_BY_USERNAME, {"username": username, "now": now, "demo": demo}).all()
    return _actor(session, rows, now, demo) if rows else None


def renew(session: Session, actor: Actor, *, now: datetime, also: Collection[str] = (), lock: bool = True) -> Actor:
    """The person as they are in this transaction: whoever waited for a lock may have lost a right meanwhile.

    With `lock` they stay so until it ends, as do those for whom they stand in and the people of `also`; all are locked
    at once and always in the same order, so that no two transactions wait for each other.

    Raises:
        Unauthenticated: the person, or the token, is not let in any more.
    """
    if lock and session.get_bind().dialect.name == "postgresql":
        ids = [actor.user_id, *(principal.user_id for principal in actor.principals)]
        session.execute(_HOLD, {"ids": ids, "usernames": list(also)})
    if actor.user_id == OPERATOR_ID:
        return actor
    known = {"now": now, "demo": True, "username": actor.username, "token_id": actor.token_id}
    rows = session.execute(_BY_USERNAME if actor.token_id is None else _BY_TOKEN_ID, known).all()
    if not rows:
        raise Unauthenticated("The account or its token is no longer valid.")
    now_held = _actor(session, rows, now, demo=True)
    return replace(actor, roles=now_held.roles | actor.outside_roles, principals=now_held.principals)


def note_use(session: Session, token_id: UUID, now: datetime) -> None:
    """Write down that the token was used."""
    session.execute(update(tables.token).where(_token.id == token_id).values(last_used_at=now))


def _actor(session: Session, rows: Any, now: datetime, demo: bool, **of_token: Any) -> Actor:
    first = rows[0]
    return Actor(
        user_id=first.id,
        username=first.username,
        roles=frozenset(row.role for row in rows if row.role is not None),
        principals=_principals(session, first.id, now, demo) if first.stands_in else (),
        **of_token,
    )


def _principals(session: Session, user_id: UUID, now: datetime, demo: bool) -> tuple[Principal, ...]:
    """For whom the person stands in now. Not for those for whom these in turn stand in: there are no chains."""
    found: dict[UUID, Principal] = {}
    for row in session.execute(_PRINCIPALS, {"deputy_id": user_id, "now": now, "demo": demo}):
        roles = found[row.id].roles if row.id in found else frozenset()
        own = frozenset() if row.role is None or row.role in SYSTEM_ROLES else frozenset({row.role})
        found[row.id] = Principal(row.username, roles | own, row.user_id, row.letter, row.id)
    return tuple(found.values())


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _in_force() -> ColumnElement[bool]:
    now = bindparam("now", type_=_substitution.starts_at.type)
    return _substitution.revoked_at.is_(None) & (_substitution.starts_at <= now) & (now < _substitution.ends_at)


def _let_in() -> ColumnElement[bool]:
    return _account.active & or_(~_account.is_demo, bindparam("demo", type_=_account.is_demo.type))


def _people(*columns: Any) -> Select[Any]:
    stands_in = exists().where(_substitution.deputy_id == _account.id, _in_force()).label("stands_in")
    return (
        select(_account.id, _account.username, _role.role, stands_in, *columns)
        .outerjoin_from(tables.user_account, tables.user_role)
        .where(_let_in())
    )


# Built once, because every request asks them: SQLAlchemy takes longer to build a statement than to run it.
_BY_USERNAME = _people().where(_account.username == bindparam("username"))
_BY_TOKEN = (
    _people(_token.id.label("token_id"), _token.scopes, _token.last_used_at)
    .join(tables.token, _token.user_id == _account.id)
    .where(
        _token.revoked_at.is_(None),
        or_(_token.expires_at.is_(None), _token.expires_at > bindparam("now", type_=_token.expires_at.type)),
    )
)
_BY_SECRET = _BY_TOKEN.where(_token.secret_hash == bindparam("secret_hash"))
_BY_TOKEN_ID = _BY_TOKEN.where(_token.id == bindparam("token_id"))
_HOLD = (
    select(_account.id)
    .where(
        or_(
            _account.id.in_(bindparam("ids", expanding=True)),
            _account.username.in_(bindparam("usernames", expanding=True)),
        )
    )
    .order_by(_account.id)
    .with_for_update(read=True)
)
_PRINCIPALS = (
    select(_substitution.id, _substitution.letter, _account.id.label("user_id"), _account.username, _role.role)
    .join_from(tables.substitution, tables.user_account, _account.id == _substitution.principal_id)
    .outerjoin(tables.user_role, _role.user_id == _account.id)
    .where(_substitution.deputy_id == bindparam("deputy_id"), _in_force(), _let_in())
    .order_by(_account.username, _substitution.starts_at, _substitution.id)
)
