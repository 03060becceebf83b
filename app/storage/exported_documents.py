"""The documents of which forms tell, each once however often: for exports that name every one of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine.document_fields import DocumentField, document_fields, linked_documents
from app.engine.forms import MAX_JSON_DEPTH
from app.engine.strict_json import read_json
from app.storage import exported_events, tables
from app.storage.event_search import EventFilter

T = TypeVar("T")

#: the types of events by which values are entered
_ENTERING = ("process_instance_started", "user_task_completed")

_PREPARED = (
    "PRAGMA journal_mode = OFF",
    "CREATE TABLE document (sha256 TEXT, uri TEXT, since TEXT, PRIMARY KEY (sha256, uri)) WITHOUT ROWID",
    "BEGIN",
)
_FOUND = "INSERT INTO document VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET since = min(since, excluded.since)"


def fields(session: Session) -> frozenset[DocumentField]:
    """The fields of all forms of all versions that stand for documents."""
    contents = session.scalars(select(tables.form.c.content).execution_options(yield_per=10))
    return frozenset[DocumentField]().union(*(_fields_of(content) for content in contents))


def _fields_of(content: bytes) -> frozenset[DocumentField]:
    schema: Any = read_json(content, max_depth=MAX_JSON_DEPTH)
    return document_fields(schema) if isinstance(schema, dict) else frozenset()


def stream(
    session: Session, wanted: EventFilter, known: frozenset[DocumentField], build: Callable[..., T]
) -> Iterator[T]:
    """Every document of which the wanted events tell, ordered by its hash.

    Args: `build` makes one of `sha256`, in hexadecimal, and `addresses`: where it lay, and from when on.

    They are sorted out in a file that vanishes with the connection, not in memory: there may be as many as events.
    """
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as found:
        for statement in _PREPARED:
            found.execute(statement)
        for occurred_at, payload in exported_events.payloads(session, wanted, _ENTERING):
            since = occurred_at.isoformat(timespec="microseconds")
            told = ((each.sha256, each.uri or "", since) for each in linked_documents(payload, known))
            found.executemany(_FOUND, told)
        rows = found.execute("SELECT sha256, since, uri FROM document ORDER BY sha256, since, uri")
        for sha256, places in groupby(rows, key=lambda row: row[0]):
            addresses = ((datetime.fromisoformat(since), uri) for _, since, uri in places if uri)
            yield build(sha256=sha256, addresses=tuple(addresses))
