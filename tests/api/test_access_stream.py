"""Auditors read everything, and each reading of an instance leaves a trace that touches no instance."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.main import create_app
from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock, World
from tests.robustness.invariants import verify_stream
from tests.sop import As, Client, advance

PATHS = (
    "/process-instances/{instance}",
    "/history/process-instances/{instance}/events",
    "/user-tasks/{task}",
    "/user-tasks/{task}/form",
    "/user-tasks/{task}/comments",
    "/process-instances",
    "/user-tasks",
)


def readings(database: Database) -> list[Any]:
    with database.reading() as session:
        columns = tables.stream_event.c
        query = select(tables.stream_event).where(columns.stream == "access", columns.type == "history_read")
        return list(session.execute(query.order_by(columns.sequence)).mappings())


@pytest.fixture
def instance(as_: As) -> dict[str, Any]:
    return as_("kepala").start()


@pytest.mark.parametrize("template", PATHS)
def test_each_reading_of_an_instance_by_an_auditor_is_recorded(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any], template: str
) -> None:
    path = template.format(instance=instance["id"], task=instance["user_tasks"][0]["id"])
    response = as_("auditor").get(path, limit=7) if path.count("/") == 1 else as_("auditor").get(path)
    assert response.status_code == 200
    (reading,) = readings(database)
    assert (reading["type"], reading["actor"]) == ("history_read", "auditor")
    assert reading["occurred_at"] == clock.now
    assert reading["channel"] is not None
    assert reading["request_id"] == response.headers["X-Request-ID"]
    assert str(reading["process_instance_id"]) == instance["id"]
    assert reading["payload"] == {
        "path": f"/api/v1{path}",
        "query": "limit=7" if path.count("/") == 1 else "",
        "process_instance_ids": [instance["id"]],
    }


def test_a_page_of_several_instances_names_them_all_once(as_: As, database: Database) -> None:
    started = [as_("kepala").start()["id"] for _ in range(3)]
    assert len(as_("auditor").get("/user-tasks").json()["items"]) == 3
    (reading,) = readings(database)
    assert reading["process_instance_id"] is None
    assert reading["payload"]["process_instance_ids"] == started


def test_what_was_asked_is_recorded_without_the_values_of_variables_and_without_cursors(
    as_: As, database: Database
) -> None:
    for _ in range(2):
        as_("kepala").start()
    query = {"variable": ["nip:196801011990031001", "tahun:2026", "nip:1"], "sort": "-started_at", "limit": "1"}
    cursor = as_("auditor").get("/process-instances", limit=1, sort="-started_at").json()["next_cursor"]
    assert as_("auditor").get("/process-instances", **query, cursor=cursor).status_code == 200
    assert readings(database)[-1]["payload"]["query"] == "sort=-started_at&limit=1&variable=nip&variable=tahun"


def test_nobody_fills_the_stream_by_asking_at_length(as_: As, instance: dict[str, Any], database: Database) -> None:
    auditor = as_("auditor")
    assert auditor.request("GET", "/process-instances?" + "limit=1&" * 3000 + "limit=7").status_code == 200
    assert auditor.get("/process-instances", variable=f"tahun:{'9' * 9000}").status_code == 200
    exact, bounded = (reading["payload"]["query"] for reading in readings(database))
    assert (exact, bounded) == ("limit=7", "variable=tahun")


def test_a_reading_changes_nothing_of_the_instance(as_: As, instance: dict[str, Any], database: Database) -> None:
    before = as_("kepala").get(f"/process-instances/{instance['id']}")
    as_("auditor").get(f"/process-instances/{instance['id']}")
    after = as_("kepala").get(f"/process-instances/{instance['id']}")
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])
    assert len(readings(database)) == 1


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_reading_is_recorded_while_somebody_works_on_the_instance(
    as_: As, instance: dict[str, Any], database: Database
) -> None:
    """On PostgreSQL; SQLite lets one write at a time, whatever it writes."""
    with database.transaction() as session:
        session.execute(text("SELECT 1 FROM process_instance FOR UPDATE"))
        assert as_("auditor").get(f"/process-instances/{instance['id']}").status_code == 200
    assert len(readings(database)) == 1


def test_what_is_refused_or_is_nobodys_business_is_not_recorded_as_read(as_: As, database: Database) -> None:
    instance = as_("kepala").start()
    for username in ("kepala", "admin", "orang_luar"):
        as_(username).get(f"/process-instances/{instance['id']}")
    auditor = as_("auditor")
    assert auditor.get(f"/process-instances/{instance['user_tasks'][0]['id']}").status_code == 404
    assert auditor.get("/process-instances", limit=999).status_code == 422
    assert auditor.get("/process-definitions").status_code == 200
    assert readings(database) == []


def test_an_auditor_writes_nothing(as_: As, instance: dict[str, Any]) -> None:
    task = instance["user_tasks"][0]["id"]
    for path, body in (
        (f"/user-tasks/{task}/completion", {"variables": {}}),
        (f"/user-tasks/{task}/assignment", {}),
        (f"/user-tasks/{task}/comments", {"text": "Catatan."}),
        (f"/process-instances/{instance['id']}/suspension", {}),
        ("/process-instances", {"process_definition_key": "penjenjangan_kinerja"}),
    ):
        assert as_("auditor").post(path, body).status_code == 403


def test_the_stream_is_numbered_sealed_and_only_ever_added_to(as_: As, database: Database) -> None:
    instance = as_("kepala").start()
    for _ in range(3):
        as_("auditor").get(f"/process-instances/{instance['id']}")
    advance(as_, instance, "perintah_penyusunan")
    as_("auditor").get("/process-instances")
    verify_stream(database, "access")
    assert [reading["sequence"] for reading in readings(database)] == [1, 2, 3, 4]
    for statement in (
        "UPDATE stream_event SET actor = 'x'",
        "DELETE FROM stream_event",
        "INSERT OR REPLACE INTO stream_event SELECT * FROM stream_event"
        if database.is_sqlite
        else "TRUNCATE stream_event",
    ):
        with pytest.raises(Exception, match="append-only"), database.transaction() as session:
            session.execute(text(statement))
    verify_stream(database, "access")


def test_where_a_reading_cannot_be_recorded_nothing_is_shown(as_: As, world: World, database: Database) -> None:
    instance = as_("kepala").start()
    impatient = world.settings.model_copy(update={"database_timeout": 0.1})
    with TestClient(create_app(impatient)) as http, database.transaction() as session:
        session.execute(select(tables.stream).with_for_update())
        shown = Client(http, world.tokens["kepala"]).get(f"/process-instances/{instance['id']}")
        refused = Client(http, world.tokens["auditor"]).get(f"/process-instances/{instance['id']}")
    assert (shown.status_code, refused.status_code) == (200, 503)
    assert instance["id"] not in refused.json()["detail"]
    assert readings(database) == []
