"""What the stream of administration tells."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.storage import tables
from app.storage.database import Database
from tests.robustness.invariants import verify_stream


def entries(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    """(actor, type, subject, payload) of each entry, oldest first; the stream is proven on the way."""
    verify_stream(database, "administration")
    columns = tables.stream_event.c
    query = select(columns.actor, columns.type, columns.subject, columns.payload)
    with database.reading() as session:
        rows = session.execute(query.where(columns.stream == "administration").order_by(columns.sequence))
        return [(row.actor, row.type, row.subject, row.payload) for row in rows]


def entries_about_people(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Those that are not about a version: every test's database begins with one."""
    return [entry for entry in entries(database) if not entry[1].startswith("process_definition_")]
