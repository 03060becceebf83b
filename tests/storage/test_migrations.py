"""The migrations build the very schema that the code speaks of, and can take it back, in both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from app.settings import Settings
from app.storage import definition_status, deployments, migrations, process_definitions, tables
from app.storage.database import Database
from app.storage.tables import metadata
from tests.conftest import closing_database


@pytest.fixture
def empty_database(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    settings = Settings(data_dir=tmp_path)
    if dialect == "postgresql":
        server: str = request.getfixturevalue("postgres_server")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
            connection.execute("CREATE DATABASE empty")
        settings = Settings(database_url=server.replace("/postgres?", "/empty?"))
    with closing_database(settings) as database:
        yield database


def differences(database: Database) -> list[Any]:
    with database.engine.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_object": _is_of(connection.dialect.name),
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _is_of(dialect: str) -> Callable[..., bool]:
    """Whether something of the models is meant for this database."""
    return lambda thing, *_: getattr(thing, "info", {}).get("dialect", dialect) == dialect


def objects(database: Database) -> set[str]:
    """Everything that a migration could leave behind."""
    catalogue = (
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        if database.is_sqlite
        else "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION "
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION "
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with database.reading() as session:
        return set(session.scalars(text(catalogue)))


@pytest.mark.filterwarnings("ignore:autogenerate skipping")  # of SQLite: an index on expressions that it has not
def test_migrations_lead_up_down_and_up_again_to_the_schema_of_the_models(empty_database: Database) -> None:
    migrations.upgrade(empty_database)
    assert differences(empty_database) == []
    built = objects(empty_database)

    command.downgrade(migrations.configuration(empty_database), "base")
    assert {name for name in objects(empty_database) if not name.startswith("alembic_version")} == set()

    migrations.upgrade(empty_database)
    assert differences(empty_database) == []
    assert objects(empty_database) == built


def test_migrating_keeps_the_people_and_their_tokens_and_so_does_going_back(empty_database: Database) -> None:
    """SQLite builds a table anew to alter it: what hangs on its rows must stay."""
    migrations.upgrade(empty_database, "0001")
    rows = (
        "INSERT INTO user_account VALUES (:user_id, 'lama', 'Lama', true, false, '2026-07-01')",
        "INSERT INTO user_role VALUES (:user_id, 'administrator')",
        "INSERT INTO token VALUES (:token_id, :user_id, :secret_hash, '2026-07-01')",
    )
    values = {"user_id": "1" * 32, "token_id": "2" * 32, "secret_hash": b"h" * 32}
    with empty_database.transaction() as session:
        for row in rows:
            session.execute(text(row), {name: value for name, value in values.items() if f":{name}" in row})
    for revision in ("0002", "0001", "0002"):
        if revision == "0001":
            command.downgrade(migrations.configuration(empty_database), revision)
        else:
            migrations.upgrade(empty_database, revision)
        with empty_database.reading() as session:
            assert (
                session.scalar(text("SELECT count(*) FROM token JOIN user_account ON user_id = user_account.id")) == 1
            )
            assert session.scalar(text("SELECT role FROM user_role")) == "administrator"
            if empty_database.is_sqlite:
                assert session.scalar(text("PRAGMA foreign_keys")) == 1
    with empty_database.reading() as session:
        assert sorted(session.scalar(select(tables.token.c.scopes)) or []) == [
            "admin",
            "audit",
            "deploy",
            "read",
            "tasks",
        ]


def test_versions_that_could_be_started_can_be_started_still_and_forms_stay_with_them(
    empty_database: Database,
) -> None:
    migrations.upgrade(empty_database, "0002")
    version = "(:id{0}, :deployment, 'satu', {0}, 'Satu', 'satu.bpmn', 'a', 'b', :xml)"
    rows = (
        "INSERT INTO deployment VALUES (:deployment, 'lama', '2026-07-01')",
        f"INSERT INTO process_definition VALUES {version.format(1)}, {version.format(2)}",  # noqa: S608 - no input
        "INSERT INTO form VALUES (:id1, 'isi.json', :xml), (:id2, 'isi.json', :xml)",
    )
    values = {"id1": "1" * 32, "id2": "2" * 32, "deployment": "3" * 32, "xml": b"<satu/>"}
    with empty_database.transaction() as session:
        for row in rows:
            session.execute(text(row), {name: value for name, value in values.items() if f":{name}" in row})
    migrations.upgrade(empty_database, "0003")
    with empty_database.transaction() as session:
        found = definition_status.hold_startable(session, "satu")
        assert (found.version, found.status, found.reviewed_by) == (2, "approved", None)
        assert deployments.last_version(session, "satu") == 2
        definition_status.remove(session, found)
    command.downgrade(migrations.configuration(empty_database), "0002")
    with empty_database.transaction() as session:
        assert session.execute(text("SELECT version, content FROM process_definition JOIN form ON true")).all() == [
            (1, b"<satu/>")
        ]
        session.execute(text("UPDATE process_definition SET name = 'bebas'"))
    migrations.upgrade(empty_database)
    with empty_database.reading() as session:
        assert process_definitions.newest(session, "satu").status == "approved"


def test_migrating_twice_is_migrating_once(empty_database: Database) -> None:
    assert not migrations.are_applied(empty_database)
    migrations.upgrade(empty_database)
    migrations.upgrade(empty_database)
    assert migrations.are_applied(empty_database)


def test_both_databases_guard_the_event_stream(empty_database: Database) -> None:
    migrations.upgrade(empty_database)
    guards = {name for name in objects(empty_database) if name.startswith("event_")}
    assert guards == (
        {"event_refuses_update", "event_refuses_delete", "event_refuses_replace"}
        if empty_database.is_sqlite
        else {"event_refuses_change", "event_is_append_only"}
    )


def test_every_migration_can_be_taken_back() -> None:
    folder = Path(migrations.__file__).parents[2] / "migrations"
    revisions = list(ScriptDirectory(str(folder)).walk_revisions())
    assert revisions
    for revision in revisions:
        assert revision.module.upgrade.__doc__
        statements = revision.module.downgrade.__code__.co_names
        assert "op" in statements, f"{revision.revision} takes nothing back"


def test_every_table_that_hangs_on_an_instance_carries_its_id_first_in_the_key(empty_database: Database) -> None:
    migrations.upgrade(empty_database)
    inspector = inspect(empty_database.engine)
    hanging = {
        table
        for table in inspector.get_table_names()
        if any(
            column["name"] == "process_instance_id" and not column["nullable"]
            for column in inspector.get_columns(table)
        )
    }
    assert hanging == {"event", "user_task", "comment", "participant"}
    for table in hanging:
        assert inspector.get_pk_constraint(table)["constrained_columns"][0] == "process_instance_id"


_VERSIONS = ("1" * 32, "2" * 32)
_INSTANCE = "9" * 32
_ADD_VERSION = """INSERT INTO process_definition
    (id, deployment_id, key, version, name, file_name, sha256, fingerprint, xml, status)
    VALUES (:id, :deployment, 'satu', :number, 'Satu', 'satu.bpmn', 'a', 'b', :bytes, 'approved')"""
_ADD_EVENT = """INSERT INTO event
    (process_instance_id, sequence, occurred_at, type, actor, payload, payload_salt, hash, previous_hash)
    VALUES (:id, :sequence, '2026-07-01', :type, 'kepala', :payload, :bytes, :bytes, :bytes)"""


def _of_before(*, moves_at: int | None) -> list[tuple[str, dict[str, Any]]]:
    """Rows as revision 0004 has them: an instance with four events, in which it may have moved to version 2."""
    runs = _VERSIONS[0] if moves_at is None else _VERSIONS[1]
    there = "(:id, :version, NULL, 'completed', :bytes, 4, '{}', 'kepala', :start, :end, NULL, 4, :end, :bytes)"
    moved = {"from": {"id": str(UUID(_VERSIONS[0]))}, "to": {"id": str(UUID(_VERSIONS[1]))}}
    versions = [
        (
            _ADD_VERSION,
            {"id": id_, "number": number, "deployment": "3" * 32, "bytes": b"x"},
        )
        for number, id_ in enumerate(_VERSIONS, start=1)
    ]
    events = [
        (
            _ADD_EVENT,
            {
                "id": _INSTANCE,
                "sequence": sequence,
                "type": "process_instance_migrated" if sequence == moves_at else "user_task_claimed",
                "payload": json.dumps(moved if sequence == moves_at else {}),
                "bytes": b"x",
            },
        )
        for sequence in range(1, 5)
    ]
    times = {"start": "2026-07-01 00:00:00.000000", "end": "2026-07-03 00:00:01.000000"}
    return [
        ("INSERT INTO deployment VALUES (:id, 'lama', '2026-07-01')", {"id": "3" * 32}),
        ("INSERT INTO process VALUES ('satu', 2)", {}),
        *versions,
        (f"INSERT INTO process_instance VALUES {there}", {"id": _INSTANCE, "version": runs, "bytes": b"x", **times}),  # noqa: S608 - no input
        *events,
    ]


@pytest.mark.parametrize(("moves_at", "versions"), [(None, [1, 1, 1, 1]), (3, [1, 1, 2, 2]), (1, [2, 2, 2, 2])])
def test_events_of_before_are_found_by_the_version_that_their_instance_ran_then(
    empty_database: Database, moves_at: int | None, versions: list[int]
) -> None:
    migrations.upgrade(empty_database, "0004")
    with empty_database.transaction() as session:
        for statement, values in _of_before(moves_at=moves_at):
            session.execute(text(statement), values)
    migrations.upgrade(empty_database)
    with empty_database.reading() as session:
        events = session.execute(select(tables.event).order_by(tables.event.c.sequence)).mappings().all()
        duration, rounds = session.execute(
            select(tables.process_instance.c.duration_seconds, tables.process_instance.c.highest_round)
        ).one()
    assert [event["version"] for event in events] == versions
    assert [event["process_definition_id"] for event in events] == [UUID(_VERSIONS[number - 1]) for number in versions]
    assert {event["format"] for event in events} == {1}, "what they say is sealed as it was"
    assert (duration, rounds) == (2 * 86400 + 1, 1)
    with pytest.raises(DBAPIError, match="append-only"), empty_database.transaction() as session:
        session.execute(text("UPDATE event SET version = 7"))
    command.downgrade(migrations.configuration(empty_database), "0004")
    with pytest.raises(DBAPIError, match="append-only"), empty_database.transaction() as session:
        session.execute(text("DELETE FROM event"))
