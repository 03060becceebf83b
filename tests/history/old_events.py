"""Histories as they were written before events told how long things took, by which token and which way they went."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select, text, update

from app.storage import tables
from app.storage.database import Database

_SINCE = ("timing", "flows")


def write_as_before(database: Database, instance_id: str) -> None:
    """Leave out of an instance's events what events of format 1 did not tell; its seals are broken by it."""
    columns = tables.event.c
    of_instance = columns.process_instance_id == UUID(instance_id)
    kept = 0
    with database.transaction() as session:
        trigger = "event_refuses_update" if database.is_sqlite else "event_refuses_change ON event"
        session.execute(text(f"DROP TRIGGER {trigger}"))
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER event_refuses_delete"))
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
