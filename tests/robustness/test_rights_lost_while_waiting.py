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

from app.storage import people, roles, token_register, tokens
from app.storage.database import Database
from tests.administration import entries
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


LETTER = {
    "principal": "sekretaris",
    "deputy": "ketua",
    "letter": "800/1",
    "starts_at": "2026-07-02T00:00:00Z",
    "ends_at": "2026-07-03T00:00:00Z",
}
ADMINISTRATION: dict[str, Callable[[Client, str], Response]] = {
    "add a user": lambda admin, _: admin.post("/users", {"username": "sekutu", "name": "Sekutu"}),
    "change a user": lambda admin, _: admin.request("PATCH", "/users/ketua", json={"active": False}),
    "grant a role": lambda admin, _: admin.request("PUT", "/users/ketua/roles/administrator"),
    "revoke a role": lambda admin, _: admin.request("DELETE", "/users/sekretaris/roles/Sekretaris"),
    "add a position": lambda admin, _: admin.post("/positions", {"name": "Analis", "unit": "Bidang"}),
    "make a substitution": lambda admin, _: admin.post("/substitutions", LETTER),
    "revoke a token": lambda admin, token_id: admin.request("DELETE", f"/tokens/{token_id}"),
}


@pytest.mark.parametrize("act", ADMINISTRATION.values(), ids=ADMINISTRATION)
def test_whoever_loses_the_role_while_they_wait_administers_no_more(
    as_: As, database: Database, clock: Clock, act: Callable[[Client, str], Response]
) -> None:
    token = as_("auditor").post("/tokens", {"name": "skrip"}).json()
    told = len(entries(database))

    def take_the_role(session: Session) -> None:
        people.lock(session, ["admin"])
        admin = people.get(session, "admin")
        roles.revoke(session, admin.id, ["administrator"])

    refused = answer_after(database, take_the_role, lambda: act(as_("admin"), token["id"]))
    assert refused.status_code in {403, 404}
    assert len(entries(database)) == told


def test_whoever_is_deactivated_while_they_wait_grants_no_role(as_: As, database: Database) -> None:
    def deactivate(session: Session) -> None:
        people.lock(session, ["admin"])
        people.change(session, people.get(session, "admin"), active=False)

    grant = answer_after(database, deactivate, lambda: as_("admin").request("PUT", "/users/ketua/roles/administrator"))
    assert grant.status_code == 401
    with database.reading() as session:
        assert people.get(session, "ketua").roles == {"Ketua Tim Kerja Sekretariat"}


def test_a_token_that_is_being_revoked_makes_no_other(
    as_: As, http: TestClient, database: Database, clock: Clock
) -> None:
    parent = as_("kepala").post("/tokens", {"name": "bocor"}).json()
    # By now its use has been noted, for which the next request need not wait.
    assert Client(http, parent["token"]).get("/user-tasks").status_code == 200
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
