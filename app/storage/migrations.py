"""Alembic from inside: bring the database to the newest schema, or ask whether it is there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.storage.database import Database

_FOLDER = Path(__file__).parents[2] / "migrations"


def configuration(database: Database) -> Config:
    """Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Apply what is missing; safe to repeat."""
    command.upgrade(configuration(database), revision)


def are_applied(database: Database) -> bool:
    """Whether the schema is the newest.

    Raises:
        Unavailable: the database is away.
    """
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision() == _newest()


@cache
def _newest() -> str | None:
    return ScriptDirectory(str(_FOLDER)).get_current_head()
