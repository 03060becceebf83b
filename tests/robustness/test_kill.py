"""SIGKILL at random moments under load: what was acknowledged is there, all else is there as a whole or not at all."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx2
import psycopg
import pytest
from httpx2 import Response
from sqlalchemy import select

from app.storage import tables
from app.storage.database import Database
from tests.conftest import World
from tests.robustness.invariants import check_every_instance, check_instance, events_of
from tests.robustness.server import Server, wait_until
from tests.sop import PERFORMERS, SOP_FOLDER, SOP_KEY, Client, example_values, values_for

CLIENTS = 6
KILLS = 3
#: completions before each kill, so that it meets a server at work however busy the machine is
COMPLETIONS = 30
#: seconds between the last of them and the kill, at most
DELAY = 0.3
#: seconds that an unanswered request is repeated
PATIENCE = 30

#: element → valid values
FORMS = {
    path.stem.replace("-", "_"): example_values(json.loads(path.read_text()))
    for path in SOP_FOLDER.glob("forms/*.json")
}


class Office:
    """People who work through the SOP again and again, and remember what they were told."""

    def __init__(self, server: Server) -> None:
        self.closing = threading.Event()
        #: user tasks whose completion was acknowledged
        self.acknowledged: list[UUID] = []
        #: business keys whose start was acknowledged
        self.started: list[str] = []
        #: requests that got no answer
        self.unanswered = 0
        self._server = server

    def work(self, number: int) -> None:
        """Start and complete until the office closes; every other desk repeats with an Idempotency-Key."""
        people = {username: self._server.as_(username) for username in set(PERFORMERS.values())}
        while not self.closing.is_set():
            instance = self._start(people["kepala"], f"{number}-{time.monotonic_ns()}")
            while instance["user_tasks"] and not self.closing.is_set():
                task = instance["user_tasks"][0]
                instance = self._complete(people[PERFORMERS[task["element_id"]]], task, keyed=number % 2 == 0)

    def _start(self, kepala: Client, business_key: str) -> dict[str, Any]:
        body = {"process_definition_key": SOP_KEY, "business_key": business_key}
        answer = self._until_answered(lambda: kepala.post("/process-instances", body, Idempotency_Key=business_key))
        assert answer.status_code == 201, answer.text
        self.started.append(business_key)
        return dict(answer.json())

    def _complete(self, performer: Client, task: dict[str, Any], *, keyed: bool) -> dict[str, Any]:
        values = FORMS[task["element_id"]]
        if task["element_id"] == "pemeriksaan_konsep" and task["round"] < 3:
            values = values | {"keputusan": "tidak", "catatan": "Belum terukur."}
        headers = {"Idempotency_Key": task["id"]} if keyed else {}
        answer = self._until_answered(lambda: performer.complete(task, values, **headers))
        if answer.status_code == 409 and not keyed:
            # The request before went through and only its answer was lost.
            assert f"completed by {performer.username}" in answer.json()["detail"]
            path = f"/process-instances/{task['process_instance_id']}"
            return dict(self._until_answered(lambda: performer.get(path)).json())
        assert answer.status_code == 200, answer.text
        self.acknowledged.append(UUID(task["id"]))
        return dict(answer.json()["process_instance"])

    def _until_answered(self, ask: Callable[[], Response]) -> Response:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = ask()
            except httpx2.TransportError:
                self.unanswered += 1
                time.sleep(0.05)
                continue
            if answer.status_code != 503:
                return answer
        raise AssertionError("the server did not come back")


def test_what_was_acknowledged_before_a_kill_is_there_exactly_once_and_nothing_is_half_written(
    world: World, database: Database
) -> None:
    with Server(world.settings, world.tokens) as server, ThreadPoolExecutor(CLIENTS) as pool:
        office = Office(server)
        desks = [pool.submit(office.work, number) for number in range(CLIENTS)]
        try:
            for _ in range(KILLS):
                await_completions(office)
                time.sleep(random.uniform(0, DELAY))  # noqa: S311 - a moment, no secret
                server.kill()
                await_end_of_open_transactions(world)
                check_every_instance(database)
                server.start()
            await_completions(office)
        finally:
            office.closing.set()
        for desk in desks:
            desk.result()
    check_every_instance(database)
    completed, business_keys = completions_and_starts(database)
    assert set(completed.values()) == {1}
    assert set(office.acknowledged) <= completed.keys()
    assert Counter(office.started) <= business_keys
    assert set(business_keys.values()) == {1}
    assert office.unanswered > 0, "no kill met a request"


def await_completions(office: Office) -> None:
    wanted = len(office.acknowledged) + COMPLETIONS
    wait_until(lambda: len(office.acknowledged) >= wanted, seconds=PATIENCE)


def completions_and_starts(database: Database) -> tuple[Counter[UUID], Counter[str]]:
    """How often each user task was completed, and each business key started, as the tables tell it."""
    event, instance = tables.event.c, tables.process_instance.c
    with database.reading() as session:
        completed = session.scalars(select(event.user_task_id).where(event.type == "user_task_completed"))
        return Counter(completed), Counter(session.scalars(select(instance.business_key)))


def await_end_of_open_transactions(world: World) -> None:
    """PostgreSQL needs a moment to see that a client is dead; a SQLite file has nobody left who could write."""
    if world.settings.database_url is None:
        return
    with psycopg.connect(world.settings.database_url, autocommit=True) as connection:
        wait_until(lambda: backends(connection) == [], seconds=10)


def backends(connection: psycopg.Connection[Any]) -> list[Any]:
    """The service's connections to this database: what each waits for."""
    query = (
        "SELECT wait_event_type FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'jenjang' AND state <> 'idle'"
    )
    return [row[0] for row in connection.execute(query)]


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_worker_killed_within_a_transaction_leaves_neither_a_lock_nor_a_trace(
    world: World, database: Database
) -> None:
    assert world.settings.database_url is not None
    with Server(world.settings, world.tokens, workers=2) as server, ThreadPoolExecutor(1) as pool:
        kepala = server.as_("kepala")
        instance = kepala.start()
        task, before = instance["user_tasks"][0], events_of(database, instance["id"])
        with (
            psycopg.connect(world.settings.database_url) as blocker,
            psycopg.connect(world.settings.database_url, autocommit=True) as watcher,
        ):
            # The completion gets its lock on the instance, and then waits here with it.
            blocker.execute("LOCK TABLE event IN SHARE MODE")
            values = values_for(kepala, task)
            completion = pool.submit(kepala.complete, task, values)
            wait_until(lambda: "Lock" in backends(watcher), seconds=4)
            for pid in server.worker_pids:
                os.kill(pid, signal.SIGKILL)
            with pytest.raises(httpx2.TransportError):
                completion.result(timeout=10)
        server.await_ready()
        assert events_of(database, instance["id"]) == before
        assert server.as_("kepala").complete(task, values).status_code == 200
        check_instance(database, instance["id"])
