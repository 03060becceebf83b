"""Runs the migrations on the database that `app.storage.migrations` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from app.storage.tables import metadata

#: milliseconds that a migration waits for a table lock before it gives up; waiting longer would stop every request
_LOCK_TIMEOUT = 4000


def _run(engine: Engine) -> None:
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET lock_timeout = {_LOCK_TIMEOUT}")
            connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


_run(context.config.attributes["engine"])
