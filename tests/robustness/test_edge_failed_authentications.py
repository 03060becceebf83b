"""Guessing is slow: failed attempts are counted by address, and nobody else suffers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from httpx2 import Response
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock, World
from tests.robustness.server import simultaneously

LIMIT = 5
ATTACKER, COLLEAGUE = "203.0.113.7", "203.0.113.8"

#: a replica of the service as one address sees it
Replica = Callable[[str], TestClient]


@pytest.fixture
def settings(world: World) -> Settings:
    chosen = {"failed_authentications_per_minute": LIMIT, "database_timeout": 0.5}
    return world.settings.model_copy(update=chosen)


@pytest.fixture
def replica(settings: Settings, clock: Clock) -> Iterator[Replica]:
    """Each call makes a replica of its own: they share nothing but the database."""
    with ExitStack() as stack:
        yield lambda address: stack.enter_context(
            TestClient(create_app(settings, clock=clock), client=(address, 50000), raise_server_exceptions=False)
        )


def attempt(client: TestClient, credentials: str = "Bearer jjg_guessed") -> Response:
    return client.get("/api/v1/user-tasks", headers={"Authorization": credentials})


def test_the_limit_holds_across_replicas_until_the_next_minute(replica: Replica, clock: Clock) -> None:
    clock.advance(seconds=12)
    one, other = replica(ATTACKER), replica(ATTACKER)
    statuses = [attempt(client).status_code for client in [one, other] * LIMIT]
    assert statuses == [401] * LIMIT + [429] * LIMIT
    refused = attempt(one)
    assert refused.json()["type"] == "urn:jenjang:problem:too_many_failed_authentications"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "48"
    clock.advance(seconds=47)
    assert attempt(other).status_code == 429
    clock.advance(seconds=1)
    assert attempt(other).status_code == 401


def test_a_valid_token_passes_beside_the_attacker_at_the_same_address(replica: Replica, world: World) -> None:
    client = replica(ATTACKER)
    for _ in range(LIMIT + 1):
        attempt(client)
    assert attempt(client, f"Bearer {world.tokens['kepala']}").status_code == 200
    assert attempt(client).status_code == 429


def test_other_addresses_have_attempts_of_their_own(replica: Replica) -> None:
    attacker = replica(ATTACKER)
    for _ in range(LIMIT + 1):
        attempt(attacker)
    assert attempt(replica(COLLEAGUE)).status_code == 401


def test_who_shows_nothing_is_not_counted(replica: Replica) -> None:
    client = replica(COLLEAGUE)
    for _ in range(LIMIT + 1):
        assert client.get("/api/v1/user-tasks").status_code == 401
    assert attempt(client).status_code == 401


@pytest.mark.parametrize("credentials", ["", "Basic a2VwYWxhOng=", "Bearer", "jjg_guessed", "Bearer a.b.c"])
def test_credentials_of_every_shape_are_counted(credentials: str, replica: Replica) -> None:
    client = replica(ATTACKER)
    statuses = [attempt(client, credentials).status_code for _ in range(LIMIT + 1)]
    assert statuses == [401] * LIMIT + [429]


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("x" * 500, "x" * 600, True),
    ],
)
def test_what_is_one_source(first: str, second: str, are_one: bool, replica: Replica) -> None:
    client = replica(first)
    for _ in range(LIMIT):
        attempt(client)
    assert attempt(replica(second)).status_code == (429 if are_one else 401)


def test_of_many_at_once_no_more_than_the_limit_hear_401(replica: Replica, database: Database) -> None:
    clients = [replica(ATTACKER), replica(ATTACKER)]
    answers = simultaneously([lambda client=client: attempt(client) for client in clients * LIMIT])  # type: ignore[misc]
    assert sorted(answer.status_code for answer in answers) == [401] * LIMIT + [429] * LIMIT
    with database.reading() as session:
        # Above the limit nothing more is written, but by those who were on their way.
        assert LIMIT <= (session.scalar(select(tables.failed_authentication.c.count)) or 0) <= 2 * LIMIT


def test_old_minutes_are_forgotten(replica: Replica, clock: Clock, database: Database) -> None:
    attempt(replica(ATTACKER))
    clock.advance(minutes=6)
    attempt(replica(COLLEAGUE))
    with database.reading() as session:
        assert session.scalars(select(tables.failed_authentication.c.source)).all() == [COLLEAGUE]


def test_while_it_cannot_be_counted_the_answer_is_still_401(replica: Replica, database: Database) -> None:
    client = replica(ATTACKER)
    attempt(client)
    with database.transaction() as session:
        # On SQLite any writer keeps all others out.
        session.execute(text("UPDATE failed_authentication SET count = count"))
        for _ in range(2):
            assert attempt(client).status_code == 401
