"""What is only noted by the way waits for nobody: a token's last use, and a failed attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from httpx2 import Response
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.errors import Unavailable
from app.main import create_app
from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock, World

#: seconds that a command would wait for the database
PATIENCE = 600
#: seconds after which a test gives up; far fewer, and far more than a busy machine needs
ENOUGH = 60

#: asks for the list of users with a bearer token
Ask = Callable[[str], Response]


@pytest.fixture
def http(world: World, clock: Clock) -> Iterator[TestClient]:
    patient = world.settings.model_copy(update={"database_timeout": PATIENCE})
    with TestClient(create_app(patient, clock=clock)) as client:
        yield client


@pytest.fixture
def ask(http: TestClient) -> Iterator[Ask]:
    with ThreadPoolExecutor(1) as pool:

        def in_time(token: str) -> Response:
            asked = pool.submit(http.get, "/api/v1/users", headers={"Authorization": f"Bearer {token}"})
            return asked.result(timeout=ENOUGH)

        yield in_time


@pytest.fixture(params=["of this process", "of another"])
def writer(request: pytest.FixtureRequest, http: TestClient, database: Database) -> Database:
    """Who holds what is to be written; on SQLite, that is the whole file."""
    ours: Database = http.app.state.database  # type: ignore[attr-defined]
    return ours if request.param == "of this process" else database


@contextmanager
def writing(database: Database, table: str) -> Iterator[None]:
    """Every row of the table is being changed, and nobody knows for how long."""
    with database.transaction() as session:
        column = {"token": "name", "failed_authentication": "count"}[table]
        session.execute(text(f"UPDATE {table} SET {column} = {column}"))  # noqa: S608
        yield


def uses_noted(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(tables.token.c.id).where(tables.token.c.last_used_at.is_not(None))).all())


def test_reading_does_not_wait_for_the_note_that_the_token_was_used(
    ask: Ask, world: World, writer: Database, database: Database
) -> None:
    before = uses_noted(database)
    with writing(writer, "token"):
        for _ in range(2):
            assert ask(world.tokens["admin"]).status_code == 200
        assert uses_noted(database) == before
    assert ask(world.tokens["admin"]).status_code == 200
    assert uses_noted(database) == before + 1, "the note is made as soon as it can be"


def test_a_bad_token_is_refused_without_waiting_to_be_counted(ask: Ask, writer: Database) -> None:
    assert ask("jjg_guessed").status_code == 401
    with writing(writer, "failed_authentication"):
        for _ in range(2):
            assert ask("jjg_guessed").status_code == 401


def test_who_asks_not_to_wait_makes_nobody_after_them_impatient(world: World, database: Database) -> None:
    other = Database(world.settings.model_copy(update={"database_pool_size": 1}))
    shown = text("PRAGMA busy_timeout" if database.is_sqlite else "SHOW lock_timeout")
    with other.transaction() as session:
        usual = session.scalar(shown)
    with writing(database, "token"), pytest.raises(Unavailable), other.transaction(timeout=0) as session:
        session.execute(text("UPDATE token SET name = name"))
    with other.transaction(timeout=0) as session:
        session.execute(text("UPDATE token SET name = name"))
    with other.transaction() as session:
        assert session.scalar(shown) == usual
    other.dispose()
