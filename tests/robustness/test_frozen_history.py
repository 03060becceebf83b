"""History is only ever added to, whoever asks the database."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.storage.database import Database
from tests.conftest import World
from tests.robustness.invariants import check_every_instance
from tests.sop import As, advance

CHANGES = [
    "UPDATE event SET actor = 'orang_lain'",
    "UPDATE event SET sequence = sequence + 100 WHERE sequence = 1",
    "DELETE FROM event",
    "DELETE FROM event WHERE sequence = 1",
]


@pytest.fixture
def world(shared_world: World) -> World:
    """One database for all: what is refused leaves nothing behind."""
    return shared_world


def refuse(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_or_delete_events(as_: As, database: Database, statement: str) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    before = as_("auditor").events(instance["id"])
    refuse(database, statement)
    assert as_("auditor").events(instance["id"]) == before
    check_every_instance(database)


def test_the_database_refuses_to_overwrite_an_event(as_: As, database: Database) -> None:
    as_("kepala").start()
    again = "INSERT INTO event SELECT * FROM event WHERE true ON CONFLICT (process_instance_id, sequence) "
    refuse(database, again + "DO UPDATE SET actor = 'orang_lain'")
    check_every_instance(database)


@pytest.mark.parametrize("shared_world", ["sqlite"], indirect=True)
def test_sqlite_refuses_to_replace_an_event(as_: As, database: Database) -> None:
    as_("kepala").start()
    refuse(database, "INSERT OR REPLACE INTO event SELECT * FROM event")
    check_every_instance(database)


@pytest.mark.parametrize("shared_world", ["postgresql"], indirect=True)
@pytest.mark.parametrize("statement", ["TRUNCATE event", "TRUNCATE process_instance CASCADE"])
def test_postgresql_refuses_to_empty_the_stream(as_: As, database: Database, statement: str) -> None:
    as_("kepala").start()
    refuse(database, statement)
    check_every_instance(database)
