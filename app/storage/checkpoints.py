"""Checkpoints in the database, and the heads of all streams that they are made of."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.proof import merkle
from app.proof.checkpoints import Checkpoint, Head, inclusion
from app.proof.merkle import Path
from app.storage import tables

#: rows that are fetched, or written, at once
_BATCH = 5000

_checkpoint = tables.checkpoint.c
_head = tables.checkpoint_head.c
_instance = tables.process_instance.c
_stream = tables.stream.c
_name = attrgetter("stream")


@dataclass(frozen=True, slots=True)
class Covered:
    """A stream under a checkpoint: the latest that knows it, and where the stream ended then."""

    checkpoint: Checkpoint
    head: Head


def current_heads(session: Session) -> Iterator[Head]:
    """Where each stream ends as the session sees it, in the order of the bytes of their names."""
    instances = select(_instance.id, _instance.last_sequence, _instance.last_hash).order_by(_instance.id)
    named = select(_stream.name, _stream.last_sequence, _stream.last_hash)
    of_instances = (Head(str(row[0]), row[1], row[2]) for row in streamed(session, instances))
    others = sorted((Head(*row) for row in session.execute(named)), key=_name)
    return heapq.merge(of_instances, others, key=_name)


def heads_at(session: Session, number: int) -> Iterator[Head]:
    """Where each stream ended at a checkpoint, in the order of the bytes of their names."""
    newest = select(_head.stream, func.max(_head.checkpoint).label("checkpoint")).where(_head.checkpoint <= number)
    at = newest.group_by(_head.stream).subquery()
    query = (
        select(_head.stream, _head.sequence, _head.hash)
        .join(at, (at.c.stream == _head.stream) & (at.c.checkpoint == _head.checkpoint))
        .order_by(by_bytes(session, _head.stream))
    )
    return (Head(*row) for row in streamed(session, query))


def latest(session: Session) -> Checkpoint | None:
    """The checkpoint that was made last."""
    row = session.execute(select(tables.checkpoint).order_by(_checkpoint.number.desc()).limit(1)).mappings().first()
    return None if row is None else Checkpoint(**row)


def get(session: Session, number: int) -> Checkpoint | None:
    """One checkpoint, if it was made."""
    row = session.execute(select(tables.checkpoint).where(_checkpoint.number == number)).mappings().first()
    return None if row is None else Checkpoint(**row)


def latest_by(session: Session, moment: datetime) -> Checkpoint | None:
    """The last checkpoint that was made by this moment."""
    made = select(tables.checkpoint).where(_checkpoint.created_at <= moment)
    row = session.execute(made.order_by(_checkpoint.number.desc()).limit(1)).mappings().first()
    return None if row is None else Checkpoint(**row)


def every(session: Session) -> Iterator[Checkpoint]:
    """All checkpoints, the first first."""
    rows = streamed(session, select(tables.checkpoint).order_by(_checkpoint.number))
    return (Checkpoint(**row._mapping) for row in rows)


def latest_covering(session: Session, stream: str) -> Covered | None:
    """The latest checkpoint, with the head that it has of a stream; None where it does not know the stream."""
    made = latest(session)
    query = select(_head.stream, _head.sequence, _head.hash).where(_head.stream == stream)
    row = session.execute(query.order_by(_head.checkpoint.desc()).limit(1)).first()
    return None if made is None or row is None else Covered(made, Head(*row))


def inclusion_of(session: Session, number: int, stream: str) -> Path:
    """How the head of a stream is proven to stand under a checkpoint. Reads the heads of all streams.

    Raises:
        IndexError: the checkpoint does not know the stream.
    """
    before = select(func.count(_head.stream.distinct())).where(
        _head.checkpoint <= number, by_bytes(session, _head.stream) < stream
    )
    known = select(_head.stream).where(_head.stream == stream, _head.checkpoint <= number)
    if session.execute(known.limit(1)).first() is None:
        raise IndexError(stream)
    return inclusion(heads_at(session, number), session.scalars(before).one())


def root_at(session: Session, number: int) -> bytes:
    """The root over the heads of all streams, as they are kept with the checkpoints up to this one."""
    return merkle.root(head.leaf for head in heads_at(session, number))


def add(session: Session, made: Checkpoint, changed: Iterable[Head]) -> None:
    """Write a checkpoint, and the heads that differ from the one before.

    Raises:
        Conflict: somebody else made one meanwhile.
    """
    newest = latest(session)
    if (0 if newest is None else newest.number) != made.number - 1:
        raise _overtaken(made)
    try:
        session.execute(insert(tables.checkpoint), [_row(made)])
    except IntegrityError as error:
        raise _overtaken(made) from error
    rows = ({"stream": h.stream, "checkpoint": made.number, "sequence": h.sequence, "hash": h.hash} for h in changed)
    while batch := list(islice(rows, _BATCH)):
        session.execute(insert(tables.checkpoint_head), batch)


def streamed(session: Session, query: Select[Any]) -> Iterator[Any]:
    """The rows of a query that has too many for the memory. On PostgreSQL by a cursor: each batch is a statement."""
    return iter(session.execute(query, execution_options={"yield_per": _BATCH}))


def by_bytes(session: Session, column: ColumnElement[str]) -> ColumnElement[str]:
    """A column of text to be ordered by its bytes, whatever language the database sorts in."""
    return column.collate("C" if session.get_bind().dialect.name == "postgresql" else "BINARY")


def _overtaken(made: Checkpoint) -> Conflict:
    return Conflict(f"Checkpoint {made.number} was made by somebody else meanwhile: it says what this one would have.")


def _row(made: Checkpoint) -> dict[str, Any]:
    return {column.name: getattr(made, column.name) for column in tables.checkpoint.c}
