"""Connections and transactions. The only place that begins or commits one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from app.errors import Unavailable
from app.settings import Settings
from app.storage.aggregates import PercentileCont

#: PostgreSQL refuses these for a moment only; the same request may go through later
_TRANSIENT_SQLSTATES = frozenset({"40001", "40P01", "53300", "55P03", "57014", "57P01", "57P02", "57P03"})

#: primary result codes of SQLite: the file is locked, gone, unreadable, full or damaged
_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)


class Database:
    """One database, SQLite or PostgreSQL, and the two ways to use it: `transaction()` and `reading()`."""

    def __init__(self, settings: Settings) -> None:
        self.url = make_url(settings.sqlalchemy_url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _create_engine(settings)
        self._timeout = settings.database_timeout
        # SQLite lets one writer in and makes the others poll; in one process they wait here instead, and the next
        # one is woken at once.
        self._writer: threading.Lock | None = threading.Lock() if self.is_sqlite else None
        self._write_sessions = sessionmaker(self.engine.execution_options(jenjang_begin="BEGIN IMMEDIATE"))
        # What is read in several statements must be of one moment, or an ETag would not belong to its body.
        snapshot: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._read_sessions = sessionmaker(self.engine.execution_options(**snapshot))

    @contextmanager
    def transaction(self, *, timeout: float | None = None) -> Iterator[Session]:
        """A transaction that writes: committed when the block ends well, rolled back on any error.

        Args: `timeout` in seconds is how long to wait for a lock, where that is not what the settings say.
        Raises:
            Unavailable: the database is locked for longer than the timeout, or away. Nothing was changed, unless
                the connection broke in the very moment of the commit.
        """
        with _translated(), self._turn_to_write(timeout), self._write_sessions.begin() as session:
            if timeout is not None:
                session.connection(execution_options={"jenjang_timeout": timeout})
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, and sees the database as it was at one moment.

        Raises:
            Unavailable: the database is away.
        """
        with _translated(), self._read_sessions.begin() as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def _turn_to_write(self, timeout: float | None) -> Iterator[None]:
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=self._timeout if timeout is None else timeout):
            raise Unavailable
        try:
            yield
        finally:
            self._writer.release()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what a driver says of a locked or absent database into `Unavailable`."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable from error
    except DBAPIError as error:
        if _is_away(error):
            raise Unavailable from error
        raise


def _is_away(error: DBAPIError) -> bool:
    """Whether the database is locked or out of reach; anything else is a defect of ours."""
    sqlite_code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    if sqlite_code is not None:
        return sqlite_code & 0xFF in _SQLITE_AWAY
    known = getattr(error.orig, "sqlstate", None) in _TRANSIENT_SQLSTATES
    return known or error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _create_engine(settings: Settings) -> Engine:
    url = make_url(settings.sqlalchemy_url)
    options: dict[str, Any] = {
        # In the order in which payloads are sealed, so that SQLite keeps the very text that their seals are over.
        "json_serializer": lambda value: orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode(),
        "json_deserializer": orjson.loads,
        "pool_size": settings.database_pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.database_timeout,
        # What people wrote has no business in the log, where an error would carry it.
        "hide_parameters": True,
    }
    if url.get_backend_name() == "sqlite":
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": settings.database_timeout}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    milliseconds = int(settings.database_timeout * 1000)
    connect_args = {
        "connect_timeout": max(2, int(settings.database_timeout)),
        "options": f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds * 6} -c timezone=UTC",
        "application_name": "jenjang",
        # A network that falls silent is noticed as soon as a slow statement would be.
        "tcp_user_timeout": milliseconds * 6,
    }
    engine = create_engine(url, connect_args=connect_args, **options)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions by itself: `_begin_sqlite` does, with the right kind of lock.
    connection.isolation_level = None
    # FULL: an acknowledged commit survives a power cut, not only a crash of this process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_aggregate("percentile_cont", 2, PercentileCont)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    # A deferred transaction that reads and then writes can fail half-way with "locked": take the lock first.
    begin, timeout = options.get("jenjang_begin", "BEGIN"), options.get("jenjang_timeout")
    if timeout is None:
        connection.exec_driver_sql(begin)
        return
    usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(timeout * 1000)}")
    try:
        connection.exec_driver_sql(begin)
    finally:
        # The connection goes back to the pool, where the next one may be patient.
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {usual}")


def _begin_postgresql(connection: Connection) -> None:
    timeout = connection.get_execution_options().get("jenjang_timeout")
    if timeout is not None:
        # 0 would be without end.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, int(timeout * 1000))}")
