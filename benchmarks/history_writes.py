"""What the indexes by which the history is searched cost whoever adds to it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from app.storage.database import Database
from benchmarks.history_rows import EVENT_COLUMNS

_EVENTS = 20_000
_INSTANCES = 2_000
#: events behind the end of many instances, as if they all went on at once
_ADDED = {"sequence": "sequence + 1000000", "occurred_at": "clock_timestamp()"}
_INSERT = f"""INSERT INTO event ({", ".join(EVENT_COLUMNS)})
    SELECT {", ".join(_ADDED.get(name, name) for name in EVENT_COLUMNS)}
    FROM event TABLESAMPLE SYSTEM (10) REPEATABLE (1) LIMIT {_EVENTS}"""
_UPDATE = f"""UPDATE process_instance SET revision = revision + 1, last_sequence = last_sequence + 1,
    variables = variables || jsonb_build_object('nomor', revision)
    WHERE id IN (SELECT id FROM process_instance ORDER BY started_at DESC LIMIT {_INSTANCES})"""


def measure(database: Database) -> dict[str, Any]:
    """Microseconds for each event and instance, with and without the indexes; and the bytes of each index."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT indexrelname, pg_relation_size(indexrelid), idx_scan FROM pg_stat_user_indexes"
                " WHERE relname IN ('event', 'process_instance') ORDER BY 1"
            )
        ).all()
        indexes = [name for name, *_ in rows if name.startswith("ix_")]
        of_events = [name for name in indexes if name.startswith("ix_event_")]
        return {
            "index_mebibytes": {name: round(size / 2**20, 1) for name, size, _ in rows},
            "index_uses": {name: uses for name, _, uses in rows},
            "microseconds_per_event": {
                "with": _seconds(connection, _INSERT, []) / _EVENTS * 1e6,
                "without": _seconds(connection, _INSERT, of_events) / _EVENTS * 1e6,
            },
            "microseconds_per_instance_updated": {
                "with": _seconds(connection, _UPDATE, []) / _INSTANCES * 1e6,
                "without_that_of_variables": _seconds(connection, _UPDATE, ["ix_process_instance_variables"])
                / _INSTANCES
                * 1e6,
            },
        }


def _seconds(connection: Connection, statement: str, without: Sequence[str]) -> float:
    """What the statement takes; nothing of it stays. The best of three."""
    best = float("inf")
    for _ in range(3):
        for name in without:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        began = time.perf_counter()
        connection.exec_driver_sql(statement)
        best = min(best, time.perf_counter() - began)
        connection.rollback()
    return best
