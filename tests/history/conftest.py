"""What the tests of the history ask about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import make_world
from tests.history.busy_office import BusyOffice, open_office


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Iterator[BusyOffice]:
    """One office for all tests that change nothing in it but the access stream."""
    with make_world(request, request.param) as world:
        yield from open_office(world)
