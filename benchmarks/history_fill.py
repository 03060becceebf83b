"""A history as an office of many years has it, made up and written by COPY: whole instances, without the engine.

What is sealed is random bytes, so nothing of it can be verified: it is there to be searched.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from app.storage.database import Database
from benchmarks.history_rows import (
    EVENT_COLUMNS,
    FIRST,
    INSTANCE_COLUMNS,
    LAST,
    PARTICIPANT_COLUMNS,
    Chance,
    Days,
    Instance,
    Version,
)

#: (share of the instances, versions); the elements of all but the first have ids of their own
_PROCESSES = ((0.70, 4), (0.15, 3), (0.08, 2), (0.04, 2), (0.025, 1), (0.005, 1))
#: instances whose rows are kept until they are written together
_BATCH = 10_000
#: What writes has much to wait for, and gets on with it at once when it can: by default it would have to ask for its
#: turn for 5 ms each time.
_SWITCH_INTERVAL = 0.0005
#: For the server, read when it starts: what is copied into a table in the transaction that emptied it, and what is
#: indexed, is then not written a second time into the log for recovery.
SERVER_SETTINGS = {"wal_level": "minimal", "max_wal_senders": "0"}
#: As whoever restores a copy would set them: nobody waits for the disk.
_WHILE_FILLING = {"fsync": "off", "max_wal_size": "4GB"}


@dataclass(frozen=True, slots=True)
class Filled:
    """How much was written, and how long it took."""

    instances: int
    events: int
    seconds: int


def fill(database: Database, instances: int, tell: Callable[[str], None]) -> Filled:
    """Fill a PostgreSQL, then index and analyse it as if it had grown over the years."""
    began = time.monotonic()
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection, _in_a_hurry(connection):
        again = _drop_indexes(connection)
        versions = _versions(connection)
        with connection.transaction():
            # What another transaction made would be logged.
            connection.execute("TRUNCATE event, participant, process_instance CASCADE")
            events = _copy(connection, versions, instances, tell)
        for statement in again:
            tell(f"{time.monotonic() - began:.0f} s: {statement.partition(' USING')[0]}")
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")
    return Filled(instances, events, int(time.monotonic() - began))


@contextmanager
def _in_a_hurry(connection: psycopg.Connection[Any]) -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    for name, value in _WHILE_FILLING.items():
        connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    connection.execute("SELECT pg_reload_conf()")
    # Nothing is checked twice.
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET maintenance_work_mem = '2GB'")
    yield
    for name in _WHILE_FILLING:
        connection.execute(f"ALTER SYSTEM RESET {name}")
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("CHECKPOINT")
    sys.setswitchinterval(interval)


def _drop_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Take off the indexes of what is filled, but for the key of instances. Returns: what makes them again."""
    keys = {
        "event": "PRIMARY KEY (process_instance_id, sequence)",
        "participant": "PRIMARY KEY (process_instance_id, basis, name)",
    }
    rows = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('event', 'process_instance', 'participant')"
        " AND indexname LIKE 'ix_%'"
    ).fetchall()
    for name, _ in rows:
        connection.execute(f"DROP INDEX {name}")
    for table in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT pk_{table}")
    return [
        *(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} {key}" for table, key in keys.items()),
        *(definition for _, definition in rows),
    ]


def _versions(connection: psycopg.Connection[Any]) -> list[list[Version]]:
    """The versions of each process: copies of the deployed one under other keys, which is what is searched by."""
    found = []
    for index, (_, count) in enumerate(_PROCESSES):
        key = f"proses_{index + 1}"
        connection.execute("INSERT INTO process (key, last_version) VALUES (%s, %s)", (key, count))
        of_process = []
        for number in range(1, count + 1):
            version = Version(UUID(int=(index << 64) + number), number, f"_{index + 1}" if index else "")
            connection.execute(
                "INSERT INTO process_definition SELECT %s, deployment_id, %s, %s, name, file_name, sha256, fingerprint,"
                " xml, status, reviewed_by, reviewed_at, review_reason FROM process_definition LIMIT 1",
                (version.id, key, number),
            )
            of_process.append(version)
        found.append(of_process)
    return found


def _copy(
    connection: psycopg.Connection[Any], versions: list[list[Version]], count: int, tell: Callable[[str], None]
) -> int:
    """Write instances in the order in which they started, and events in that in which they happened, day by day."""
    chance, days = Chance(), Days()
    step = (LAST - FIRST) / count
    written = 0
    # While one batch is written, the next is made.
    with ThreadPoolExecutor(max_workers=1) as other:
        writing: Future[Any] = other.submit(bool)
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            of_batch = [chance.random.choices(versions, [share for share, _ in _PROCESSES])[0] for _ in numbers]
            made = [
                Instance(chance, days, number, of[min(len(of) - 1, number * len(of) // count)], step * number)
                for number, of in zip(numbers, of_batch, strict=True)
            ]
            rows = [each.row() for each in made]
            participants = [line for each in made for line in each.participants()]
            events = days.over(None if numbers.stop == count else int((step * numbers.stop).total_seconds()))
            writing.result()
            writing = other.submit(_write, connection, rows, participants, events)
            written += len(events)
            tell(f"{numbers.stop} instances, {written} events")
        writing.result()
    return written


def _write(
    connection: psycopg.Connection[Any], instances: list[str], participants: list[str], events: list[str]
) -> None:
    of_tables: tuple[tuple[str, Sequence[str], list[str]], ...] = (
        ("process_instance", INSTANCE_COLUMNS, instances),
        ("participant", PARTICIPANT_COLUMNS, participants),
        ("event", EVENT_COLUMNS, events),
    )
    for table, columns, lines in of_tables:
        with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for start in range(0, len(lines), 1000):
                copy.write("".join(lines[start : start + 1000]))
