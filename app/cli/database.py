"""Settings and database as every command needs them, and `jenjang migrate`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from alembic.util import CommandError
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import ArgumentError, DBAPIError

from app.errors import Conflict, Refused, Unavailable
from app.settings import Settings
from app.storage import migrations
from app.storage.database import Database


def read_settings() -> Settings:
    """The settings of the environment.

    Raises:
        Refused: naming the first variable that cannot be used.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise Refused(f"JENJANG_{str(first['loc'][0]).upper()}: {reason}.") from error


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database, whatever its schema.

    Raises:
        Refused: JENJANG_DATABASE_URL names no database.
        Unavailable
    """
    try:
        database = Database(settings)
    except (ArgumentError, ValueError) as error:
        raise Refused("JENJANG_DATABASE_URL: write it as postgresql://user:password@host/name.") from error
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def opened_migrated(settings: Settings) -> Iterator[Database]:
    """The database with the newest schema.

    Raises:
        Refused, Unavailable, Conflict: it is not migrated.
    """
    with opened(settings) as database:
        if not migrations.are_applied(database):
            raise Conflict("The database is not migrated: run `jenjang migrate`.")
        yield database


def migrate() -> None:
    """Bring the database that the environment names to the newest schema, and say so."""
    with opened(read_settings()) as database, Console(stderr=True).status("Migrating the database"):
        bring_up_to_date(database)
        typer.echo(f"The database is up to date: {database.url.render_as_string(hide_password=True)}")


def bring_up_to_date(database: Database) -> None:
    """Apply the migrations that are missing.

    Raises:
        Unavailable, Conflict: the schema is of a newer release.
    """
    try:
        if not migrations.are_applied(database):
            migrations.upgrade(database)
    except DBAPIError as error:
        raise Unavailable(f"The migration did not go through: {error.orig}") from error
    except CommandError as error:
        raise Conflict("The database was migrated by a newer release of Jenjang.") from error
