"""Histories as they were written before events told how long things took, by which token and which way they went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from app.storage import tables
from app.storage.database import Database

_SINCE = ("timing", "flows")


@contextmanager
def unguarded(database: Database) -> Iterator[Session]:
    """A transaction of somebody who owns the database, whom no trigger hinders."""
    with database.transaction() as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            yield session
            return
        triggers = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        for name, _ in triggers:
            session.execute(text(f"DROP TRIGGER {name}"))
        yield session
        for _, made in triggers:
            session.execute(text(made))


def write_as_before(database: Database, instance_id: str) -> None:
    """Leave out of an instance's events what events of format 1 did not tell; its seals are broken by it."""
    columns = tables.event.c
    of_instance = columns.process_instance_id == UUID(instance_id)
    kept = 0
    with unguarded(database) as session:
        query = select(columns.sequence, columns.type, columns.payload).where(of_instance).order_by(columns.sequence)
        for row in session.execute(query).all():
            this = (of_instance, columns.sequence == row.sequence)
            if row.type == "user_task_returned":
                session.execute(delete(tables.event).where(*this))
                continue
            kept += 1
            of_a_task = row.type.startswith("user_task")
            payload = {name: value for name, value in row.payload.items() if name not in _SINCE or not of_a_task}
            told = {"sequence": kept, "payload": payload, "format": 1, "request_id": None, "channel": None}
            session.execute(update(tables.event).where(*this).values(**told))
        moved = update(tables.process_instance).where(tables.process_instance.c.id == UUID(instance_id))
        session.execute(moved.values(last_sequence=kept))
