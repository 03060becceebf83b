"""Exports that are not read to their end, with a real server and more than sockets hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, select, text

from app.storage import tables
from app.storage.database import Database
from tests.conftest import World, closing_database, make_world
from tests.robustness.server import Server, wait_until

#: of a payload, and how many there are
SIZE, COUNT = 200_000, 100
END_ALL_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with make_world(request, request.param) as made:
        yield made


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with (
        Server(world.settings, world.tokens) as started,
        closing_database(world.settings) as database,
    ):
        fill(started, database)
        yield started


def fill(server: Server, database: Database) -> None:
    """One instance with a long history that nobody proves."""
    instance = server.as_("kepala").start()["id"]
    with database.transaction() as session:
        like: dict[str, Any] = dict(session.execute(select(tables.event).limit(1)).mappings().one())
        assert str(like["process_instance_id"]) == instance
        like |= {"type": "user_task_commented", "occurred_at": datetime.now(UTC), "state_after": None}
        like |= {"payload": {"comment": "x" * SIZE}}
        session.execute(insert(tables.event), [like | {"sequence": 100 + number} for number in range(COUNT)])


def export(server: Server) -> Any:
    headers = {"Authorization": f"Bearer {server.token_of('auditor')}", "Accept-Encoding": "identity"}
    return server.connect().stream("GET", "/api/v1/history/export?format=jsonl", headers=headers)


def begun(server: Server, stack: ExitStack) -> httpx2.Response:
    response: httpx2.Response = stack.enter_context(export(server))
    return response


def test_clients_that_leave_make_room_for_others(server: Server) -> None:
    with ExitStack() as first:
        assert [begun(server, first).status_code for _ in range(3)] == [200, 200, 503]

    def is_let_in() -> bool:
        with export(server) as response:
            return bool(response.status_code == 200)

    wait_until(is_let_in, seconds=30)
    # Whatever they held, a whole export and everything else go on.
    with export(server) as response:
        assert sum(map(len, response.iter_raw())) > SIZE * COUNT
    assert server.as_("auditor").get("/process-instances").status_code == 200


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_database_that_fails_midway_breaks_the_answer_off(server: Server, world: World) -> None:
    with ExitStack() as stack:
        response = begun(server, stack)
        with closing_database(world.settings) as database, database.reading() as session:
            session.execute(text(END_ALL_OTHERS))
        with pytest.raises(httpx2.RemoteProtocolError):
            for _ in response.iter_raw():
                pass
    assert server.as_("auditor").get("/process-instances").status_code == 200
