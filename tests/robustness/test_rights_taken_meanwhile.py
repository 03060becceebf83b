"""Whoever waits for a lock may lose a right meanwhile: what was taken away before the commit lets nothing through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from httpx2 import Response

from app.storage.database import Database
from tests.conftest import Clock, World
from tests.diagrams_in_text import single_task
from tests.robustness.invariants import check_every_instance
from tests.robustness.server import wait_until
from tests.sop import As
from tests.standing_in import revoke, stand_in

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jenjang' AND wait_event_type = 'Lock' "
    "AND datname = current_database()"
)


@pytest.fixture
def dialect() -> str:
    """SQLite lets one command run at a time; none waits with rights that it has read before."""
    return "postgresql"


@pytest.fixture
def task(as_: As) -> dict[str, Any]:
    assert as_("perancang").deploy({"satu.bpmn": single_task()}).status_code == 201
    return dict(as_("anggota2").start("satu")["user_tasks"][0])


@contextmanager
def waiting(world: World, task: dict[str, Any], send: Callable[[], Response]) -> Iterator[Callable[[], Response]]:
    """The request waits for the task's instance as long as the block; gives what its answer will be."""
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(world.settings.database_url or "") as holder,
        psycopg.connect(world.settings.database_url or "", autocommit=True) as watcher,
    ):
        query = "SELECT 1 FROM process_instance WHERE id = %s FOR UPDATE"
        holder.execute(query, (task["process_instance_id"],))
        answer = pool.submit(send)

        def waits() -> bool:
            row = watcher.execute(WAITING).fetchone()
            return row is not None and row[0] > 0

        wait_until(waits, seconds=30)
        yield answer.result
        holder.rollback()
        answer.result()


def lose_role(as_: As) -> None:
    assert as_("admin").request("DELETE", "/users/anggota1/roles/Tim").status_code == 200


def be_deactivated(as_: As) -> None:
    assert as_("admin").request("PATCH", "/users/anggota1", json={"active": False}).status_code == 200


def lose_token(as_: As) -> None:
    (token,) = as_("admin").get("/tokens", username="anggota1").json()["items"]
    assert as_("admin").request("DELETE", f"/tokens/{token['id']}").status_code == 200


@pytest.mark.parametrize("noun", ["assignment", "completion"])
@pytest.mark.parametrize(("lose", "status"), [(lose_role, {403, 404}), (be_deactivated, {401}), (lose_token, {401})])
def test_a_candidate_who_is_none_any_more_gets_nothing(
    as_: As,
    world: World,
    database: Database,
    task: dict[str, Any],
    noun: str,
    lose: Callable[[As], None],
    status: set[int],
) -> None:
    body: dict[str, Any] = {"variables": {}} if noun == "completion" else {}
    path = f"/user-tasks/{task['id']}"
    with waiting(world, task, lambda: as_("anggota1").post(f"{path}/{noun}", body)) as answer:
        lose(as_)
    assert answer().status_code in status, answer().text
    there = as_("anggota2").get(path).json()
    assert (there["state"], there["assignee"]) == ("open", None)
    assert as_("anggota2").complete(task, {}).status_code == 200
    check_every_instance(database)


@pytest.mark.parametrize("taken", ["substitution", "role", "account"])
def test_a_deputy_does_nothing_by_what_the_principal_lost(
    as_: As, world: World, database: Database, clock: Clock, task: dict[str, Any], taken: str
) -> None:
    substitution = stand_in(database, "orang_luar", "anggota1", clock.now)
    with waiting(world, task, lambda: as_("orang_luar").complete(task, {})) as answer:
        match taken:
            case "substitution":
                revoke(database, substitution, clock.now)
            case "role":
                lose_role(as_)
            case _:
                be_deactivated(as_)
    assert answer().status_code in {403, 404}, answer().text
    assert as_("anggota2").get(f"/user-tasks/{task['id']}").json()["state"] == "open"


def test_who_is_no_administrator_any_more_suspends_nothing(as_: As, world: World, task: dict[str, Any]) -> None:
    assert as_("admin").request("PUT", "/users/ketua/roles/administrator").status_code == 200
    path = f"/process-instances/{task['process_instance_id']}"
    with waiting(world, task, lambda: as_("ketua").post(f"{path}/suspension")) as answer:
        assert as_("admin").request("DELETE", "/users/ketua/roles/administrator").status_code == 200
    assert answer().status_code == 404
    assert as_("anggota2").get(path).json()["status"] == "active"


def test_nobody_is_assigned_a_task_for_which_they_lost_the_role(as_: As, world: World, task: dict[str, Any]) -> None:
    body = {"assignee": "anggota1", "reason": "Giliran."}
    path = f"/user-tasks/{task['id']}"
    with waiting(world, task, lambda: as_("admin").post(f"{path}/assignment", body)) as answer:
        lose_role(as_)
    assert answer().status_code == 422
    assert as_("anggota2").get(path).json()["assignee"] is None
