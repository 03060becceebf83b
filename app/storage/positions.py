"""Positions (jabatan), each in a unit of the office."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.errors import PositionNotFound, PositionTaken
from app.storage import keyset, tables

_position = tables.position.c


@dataclass(frozen=True, slots=True)
class Position:
    """A position that people hold."""

    id: UUID
    name: str
    unit: str
    revision: int

    def as_json(self) -> dict[str, str]:
        """As the stream of administration tells of it."""
        return {"name": self.name, "unit": self.unit}


def add(session: Session, name: str, unit: str) -> Position:
    """Add a position.

    Raises:
        PositionTaken
    """
    position = Position(uuid7(), name, unit, revision=1)
    row = {"id": position.id, "name": name, "unit": unit, "revision": 1}
    try:
        session.execute(insert(tables.position), row)
    except IntegrityError as error:
        raise PositionTaken from error
    return position


def get(session: Session, position_id: UUID) -> Position:
    """One position.

    Raises:
        PositionNotFound
    """
    found = find(session, position_id)
    if found is None:
        raise PositionNotFound
    return found


def find(session: Session, position_id: UUID) -> Position | None:
    """One position, if it is there."""
    row = session.execute(select(tables.position).where(_position.id == position_id)).mappings().one_or_none()
    return None if row is None else Position(**row)


def named(session: Session, names: Collection[str]) -> dict[tuple[str, str], Position]:
    """The positions that have one of these names, by name and unit."""
    rows = session.execute(select(tables.position).where(_position.name.in_(names))).mappings()
    return {(row["name"], row["unit"]): Position(**row) for row in rows}


def load_for_update(session: Session, position_id: UUID) -> Position:
    """One position, locked until the transaction ends.

    Raises:
        PositionNotFound
    """
    # Not FOR UPDATE itself, for which whoever refers to the position would have to wait.
    locked = select(_position.id).where(_position.id == position_id).with_for_update(key_share=True)
    session.execute(locked)
    return get(session, position_id)


def change(session: Session, position: Position, name: str, unit: str) -> Position:
    """Give a position another name or unit; whoever holds it holds it still.

    Raises:
        PositionTaken
    """
    changed = replace(position, name=name, unit=unit, revision=position.revision + 1)
    written = update(tables.position).where(_position.id == position.id)
    try:
        session.execute(written.values(name=name, unit=unit, revision=changed.revision))
    except IntegrityError as error:
        raise PositionTaken from error
    return changed


def search(session: Session, page: keyset.Page, *, q: str | None, unit: str | None) -> keyset.Slice[Position]:
    """Positions by name; `q` is a part of the name, in capitals or not."""
    conditions: list[ColumnElement[bool]] = [true()]
    if q is not None:
        conditions.append(_position.name.icontains(q, autoescape=True))
    if unit is not None:
        conditions.append(_position.unit == unit)
    return keyset.fetch(
        session,
        select(tables.position).where(*conditions),
        page,
        sortable={"name": _position.name, "unit": _position.unit},
        default_sort="name,unit",
        identity=_position.id,
        build=lambda row: Position(**row),
    )
