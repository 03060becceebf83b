"""Behind a proxy: whom the service believes about where a request came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from sqlalchemy import select

from app.cli import serving
from app.errors import Refused
from app.storage import tables
from app.storage.database import Database
from tests.conftest import World
from tests.robustness.server import Server

FORWARDED = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}


@pytest.fixture
def dialect() -> str:
    """Who asks does not depend on the database's make."""
    return "sqlite"


@contextmanager
def running(world: World, *options: str, trusted: tuple[str, ...] = ()) -> Iterator[Server]:
    settings = world.settings.model_copy(update={"trusted_proxies": trusted})
    with Server(settings, world.tokens, options=options) as server:
        yield server


def fail(server: Server, **headers: str) -> httpx2.Response:
    """Fail to authenticate, through a proxy or somebody who says to be one."""
    shown = {"Authorization": "Bearer jjg_guessed"} | FORWARDED | headers
    with server.connect() as http:
        response = http.get("/api/v1/user-tasks", headers=shown)
    assert response.status_code == 401
    return response


def sources(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(tables.failed_authentication.c.source).distinct()))


def test_without_being_told_to_nobody_is_believed(world: World, database: Database) -> None:
    with running(world, trusted=("127.0.0.1",)) as server:
        assert "strict-transport-security" not in fail(server).headers
    assert sources(database) == ["127.0.0.1"]


def test_a_stranger_is_not_believed(world: World, database: Database) -> None:
    with running(world, "--proxy-headers", trusted=("10.0.0.0/8", "192.0.2.1")) as server:
        assert "strict-transport-security" not in fail(server).headers
    assert sources(database) == ["127.0.0.1"]


def test_a_named_proxy_is_believed_about_the_address_and_tls(world: World, database: Database) -> None:
    with running(world, "--proxy-headers", trusted=("127.0.0.0/8",)) as server:
        assert fail(server).headers["strict-transport-security"]
    assert sources(database) == ["203.0.113.7"]


def test_what_the_client_itself_wrote_before_the_proxy_is_not_believed(world: World, database: Database) -> None:
    with running(world, "--proxy-headers", trusted=("127.0.0.1", "10.0.0.0/8")) as server:
        fail(server, **{"X-Forwarded-For": "198.51.100.1, 203.0.113.7, 10.1.1.1"})
    assert sources(database) == ["203.0.113.7"]


def test_proxies_must_be_named_before_anybody_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JENJANG_TRUSTED_PROXIES", raising=False)
    with pytest.raises(Refused, match="JENJANG_TRUSTED_PROXIES"):
        serving.serve("127.0.0.1", 0, 1, proxy_headers=True)
