"""Lists of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, true
from sqlalchemy.orm import Session

from app.storage import keyset, people, tables
from app.storage.people import Person

_account, _role = tables.user_account.c, tables.user_role.c


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people are wanted; what is None does not matter."""

    #: part of the name or the username, in capitals or not
    q: str | None = None
    active: bool | None = None
    role: str | None = None


def search(session: Session, page: keyset.Page, wanted: PeopleFilter) -> keyset.Slice[Person]:
    """People by username."""
    found: keyset.Slice[Mapping[str, Any]] = keyset.fetch(
        session,
        people.SELECT.where(*_conditions(wanted)),
        page,
        sortable={"username": _account.username, "name": _account.name, "created_at": _account.created_at},
        default_sort="username",
        identity=_account.id,
        build=lambda row: row,
    )
    return keyset.Slice(people.with_roles(session, found.items), found.next_cursor, found.total)


def _conditions(wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [true()]
    if wanted.q is not None:
        named = (column.icontains(wanted.q, autoescape=True) for column in (_account.name, _account.username))
        conditions.append(or_(*named))
    if wanted.active is not None:
        conditions.append(_account.active == wanted.active)
    if wanted.role is not None:
        conditions.append(exists().where(_role.user_id == _account.id, _role.role == wanted.role))
    return conditions
