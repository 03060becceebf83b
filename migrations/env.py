"""Runs the migrations on the database that `app.storage.migrations` hands over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from sqlalchemy import Connection, Engine

from app.storage.tables import metadata

#: milliseconds that a migration waits for a table lock before it gives up; waiting longer would stop every request
_LOCK_TIMEOUT = 4000


def _run(engine: Engine) -> None:
    with engine.connect() as connection, _prepared(connection):
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


@contextmanager
def _prepared(connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET lock_timeout = {_LOCK_TIMEOUT}")
        connection.commit()
        yield
        return
    # SQLite alters a table by building it anew, during which nothing may hang on the old one. It heeds this outside
    # a transaction only, hence the driver's own connection.
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"After the migration rows refer to nothing: {broken[:5]}")
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


_run(context.config.attributes["engine"])
