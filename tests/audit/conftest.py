"""One honest history per database, which each test alters and puts back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.proof import audit_keys
from app.queries.verify_history import Verification, verify_history
from app.storage import checkpoint_file
from app.storage.database import Database
from tests.audit.office import play
from tests.conftest import Clock, Template, World, closing_database, make_world
from tests.sop import Client


@dataclass(frozen=True)
class Archive:
    """A history with its keys and checkpoints."""

    world: World
    database: Database
    audit: Path

    def verify(self, session: Session) -> Verification:
        """What the verification says of what the session sees."""
        keys = audit_keys.public(self.audit)
        outside = checkpoint_file.read(self.audit / checkpoint_file.NAME)
        return verify_history(session, keys, outside, None, lambda _: None)

    @contextmanager
    def altered(self) -> Iterator[Session]:
        """A session of somebody who owns the database: no trigger, no foreign key; all of it is put back."""
        with self.database.engine.connect() as connection, connection.begin() as transaction:
            if self.database.is_sqlite:
                connection.execute(text("PRAGMA defer_foreign_keys = ON"))
                query = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for name in connection.scalars(query).all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            with Session(connection, join_transaction_mode="rollback_only") as session:
                yield session
            transaction.rollback()


@contextmanager
def played(request: pytest.FixtureRequest, dialect: str, folder: Path, application: FastAPI) -> Iterator[Archive]:
    """The history, in a database of its own as long as the block."""
    with make_world(request, dialect) as world, closing_database(world.settings) as database:
        clock, state, audit = Clock(), application.state, folder / "audit"
        state.settings, state.database, state.clock = world.settings, database, clock
        with TestClient(application) as http:
            play(lambda username: Client(http, world.tokens[username], username), clock, database, audit)
        yield Archive(world, database, audit)


@pytest.fixture(scope="session")
def sqlite_archive(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, application: FastAPI
) -> Iterator[Archive]:
    with played(request, "sqlite", tmp_path_factory.mktemp("archive"), application) as archive:
        yield archive


@pytest.fixture(scope="session")
def postgres_archive(
    request: pytest.FixtureRequest,
    postgres_template: Template,
    tmp_path_factory: pytest.TempPathFactory,
    application: FastAPI,
) -> Iterator[Archive]:
    del postgres_template
    with played(request, "postgresql", tmp_path_factory.mktemp("archive"), application) as archive:
        yield archive


@pytest.fixture
def archive(request: pytest.FixtureRequest, dialect: str) -> Archive:
    """The honest history in a database of this kind, played when it is first asked for."""
    made: Archive = request.getfixturevalue("sqlite_archive" if dialect == "sqlite" else "postgres_archive")
    return made
