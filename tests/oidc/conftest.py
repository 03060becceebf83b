"""An office that trusts an outside OpenID provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import Clock, World, make_world
from tests.oidc.openid_provider import AUDIENCE, Provider

#: client → how its tokens are signed, and what the provider says in them
CLIENTS: dict[str, dict[str, Any]] = {
    "kepala": {"claims": {"preferred_username": "kepala"}},
    "sekretaris": {"algorithm": "ES256", "claims": {"preferred_username": "sekretaris"}},
    "stranger": {"claims": {"preferred_username": "belum_terdaftar"}},
    "no_name": {"claims": {}},
    "inspector": {
        "claims": {"preferred_username": "orang_luar", "realm_access": {"roles": ["pemeriksa", "administrator"]}}
    },
}

#: asks for the list of user tasks with a bearer token
Ask = Callable[[str], Response]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider(CLIENTS)
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def clock() -> Clock:
    """The provider's tokens are of this very hour, so ours begins there."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Who is asking does not depend on the database's make."""
    with make_world(request, "sqlite") as made:
        yield made


@pytest.fixture
def trusting(world: World, provider: Provider) -> Settings:
    """Settings with the provider in them."""
    chosen = {
        "oidc_issuer": provider.issuer,
        "oidc_audience": AUDIENCE,
        "oidc_roles_claim": "realm_access.roles",
        "oidc_role_mapping": {"pemeriksa": "auditor"},
    }
    return world.settings.model_copy(update=chosen)


@pytest.fixture
def http(trusting: Settings, clock: Clock) -> Iterator[TestClient]:
    with TestClient(create_app(trusting, clock=clock), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def ask(http: TestClient) -> Ask:
    return lambda token: http.get("/api/v1/user-tasks", headers={"Authorization": f"Bearer {token}"})
