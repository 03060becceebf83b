"""Real servers for the tests in which processes, or truly simultaneous requests, matter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.storage.database import Database
from tests.conftest import World, closing_database, make_world


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One database for all tests of a module, each of which keeps to instances of its own."""
    with make_world(request, request.param) as made:
        yield made


@pytest.fixture
def shared_database(shared_world: World) -> Iterator[Database]:
    with closing_database(shared_world.settings) as database:
        yield database
