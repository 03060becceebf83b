"""Databases that are lent to one test after the other: each finds in it what a template holds.

On PostgreSQL a copy takes a third of a second, and most tests leave a few rows behind: these are taken out again, in a
tenth of the time. A database whose schema a test has changed is not lent again. What is lent again keeps its address,
so that what was compiled for it is not compiled for each test: that took a fifth of all the time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

import psycopg

from app.settings import Settings
from app.storage.database import Database

#: what a migration or a test can change besides rows
_SCHEMA = """
SELECT md5(string_agg(thing, ';' ORDER BY thing)) FROM (
    SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, atttypmod, attnotnull, attnum) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT pg_get_ruledef(oid) FROM pg_rewrite
        WHERE ev_class IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', relname, relkind, relacl::text) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', datname, datacl::text, datconnlimit, setconfig::text) FROM pg_database
        LEFT JOIN pg_db_role_setting ON setdatabase = pg_database.oid WHERE datname = current_database()
) AS things (thing)
"""
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


#: by whose they are and what they were opened with
_opened: dict[tuple[object, ...], Database] = {}


@contextmanager
def opened_again(settings: Settings, whose: str) -> Iterator[Database]:
    """A database that stays known to this process; its connections are closed when the block ends."""
    chosen = (settings.database_pool_size, settings.database_timeout)
    key = (whose, settings.sqlalchemy_url, *chosen)
    if key not in _opened:
        _opened[key] = Database(settings)
    yield _opened[key]
    _opened[key].dispose()


class SqliteFolders:
    """Folders with a copy of a template's file. Args: `place` to make them in."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._made = 0
        self._free: list[Path] = []

    @contextmanager
    def lent(self, template: Path) -> Iterator[Path]:
        """A folder that holds what the template does, as long as the block."""
        if not self._free:
            self._made += 1
            self._free.append(self._place / str(self._made))
        folder = self._free.pop()
        shutil.copytree(template, folder)
        yield folder
        # Where a process that was killed still ends, the folder is not lent again.
        with suppress(OSError):
            shutil.rmtree(folder)
            self._free.append(folder)


class PostgresDatabases:
    """Copies of one template. Args: `server` the URI of the server's first database."""

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        #: names of those that are as they were made, with the hash of their schema
        self._free: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The URI of a database."""
        return self._server.replace("/postgres?", f"/{name}?")

    def keep_rows(self) -> None:
        """Note in the template what its tables hold; call it once it is filled."""
        with self._connected(self._template) as connection:
            connection.execute("CREATE SCHEMA kept")
            for table in self._tables:
                connection.execute(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"')

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URI of a database that holds what the template does, as long as the block."""
        name, schema = self._free.popitem() if self._free else self._copied()
        yield self.of(name)
        with self._connected(name) as connection:
            # What a test has left at work there would hold its locks.
            connection.execute(_END_OTHERS)
            is_as_made = _value(connection, _SCHEMA) == schema
            if is_as_made:
                connection.execute(self._reset)
        if is_as_made:
            self._free[name] = schema
        else:
            with self._connected("postgres") as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _copied(self) -> tuple[str, str]:
        name = f"test_{os.urandom(6).hex()}"
        with self._connected("postgres") as connection:
            # Copying files takes a third of the time that PostgreSQL needs to log each page of the copy.
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}" STRATEGY FILE_COPY')
        with self._connected(name) as connection:
            return name, _value(connection, _SCHEMA)

    @cached_property
    def _tables(self) -> list[str]:
        with self._connected(self._template) as connection:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            return [name for (name,) in rows]

    @cached_property
    def _reset(self) -> str:
        """All rows anew, in one transaction in which nobody looks at what refers to what."""
        out = (f'DELETE FROM public."{table}";' for table in self._tables)  # noqa: S608
        in_ = (f'INSERT INTO public."{table}" SELECT * FROM kept."{table}";' for table in self._tables)  # noqa: S608
        return "".join(["BEGIN; SET LOCAL session_replication_role = replica;", *out, *in_, "COMMIT"])

    @contextmanager
    def _connected(self, name: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.of(name), autocommit=True) as connection:
            yield connection


def _value(connection: psycopg.Connection, query: str) -> str:
    row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])
