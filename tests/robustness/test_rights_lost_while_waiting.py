"""Whoever waits for a lock is judged by what holds when they get it, not by what held when they asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.storage import people, token_register, tokens
from app.storage.database import Database
from tests.conftest import Clock
from tests.robustness.server import wait_until
from tests.sop import As, Client

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.fixture
def dialect() -> str:
    """SQLite has one writer, who waits for nobody."""
    return "postgresql"


def answer_after(database: Database, change: Callable[[Session], object], send: Callable[[], Response]) -> Response:
    """The answer to a request that has to wait for this change."""
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            change(session)
            answer = pool.submit(send)
            wait_until(lambda: is_waiting(database), seconds=4)
        return answer.result(timeout=20)


def is_waiting(database: Database) -> bool:
    with database.reading() as session:
        return bool(session.scalar(_WAITING))


def test_a_token_that_is_being_revoked_makes_no_other(
    as_: As, http: TestClient, database: Database, clock: Clock
) -> None:
    parent = as_("kepala").post("/tokens", {"name": "bocor"}).json()
    refused = answer_after(
        database,
        lambda session: token_register.revoke(session, UUID(parent["id"]), clock.now),
        lambda: Client(http, parent["token"]).post("/tokens", {"name": "baru"}),
    )
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:jenjang:problem:invalid_token")


def test_a_token_that_is_being_made_is_revoked_with_the_one_that_makes_it(
    as_: As, http: TestClient, database: Database, clock: Clock
) -> None:
    grandparent = as_("kepala").post("/tokens", {"name": "bocor"}).json()
    parent = Client(http, grandparent["token"]).post("/tokens", {"name": "sela"}).json()
    secrets: list[str] = []

    def make(session: Session) -> None:
        token_register.hold(session, UUID(parent["id"]), clock.now)
        kepala = people.get(session, "kepala")
        secrets.append(tokens.issue(session, kepala.id, now=clock.now, parent_id=UUID(parent["id"])).secret)

    revoked = answer_after(database, make, lambda: as_("kepala").request("DELETE", f"/tokens/{grandparent['id']}"))
    assert revoked.status_code == 200
    assert Client(http, secrets[0]).get("/user-tasks").status_code == 401
