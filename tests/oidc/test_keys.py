"""The provider's keys: they turn, and the provider is not always there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from structlog.testing import CapturingLogger

from app.api import signing_keys
from app.api.signing_keys import SigningKeys
from app.errors import ProviderAway
from tests.conftest import Clock
from tests.oidc.conftest import CLIENTS, Ask
from tests.oidc.openid_provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    """One for each test: it is stopped and comes back with other keys."""
    provider = Provider(CLIENTS)
    provider.start()
    yield provider
    provider.stop()


def test_new_keys_are_learnt_without_a_restart(ask: Ask, provider: Provider, clock: Clock) -> None:
    old = provider.token("kepala")
    assert ask(old).status_code == 200
    provider.turn_keys()
    new = provider.token("kepala")
    # Asked a moment ago: anybody can invent key ids, and the provider is not to be troubled by each.
    assert ask(new).status_code == 401
    clock.advance(seconds=30)
    assert ask(new).status_code == 200
    assert ask(old).status_code == 401


def test_a_withdrawn_key_is_forgotten_after_ten_minutes(ask: Ask, provider: Provider, clock: Clock) -> None:
    old = provider.token("kepala")
    assert ask(old).status_code == 200
    provider.turn_keys()
    clock.advance(minutes=9, seconds=59)
    assert ask(old).status_code == 200
    clock.advance(seconds=1)
    assert ask(old).status_code == 401


def test_while_the_provider_is_away_its_last_keys_are_good_for_a_day(
    ask: Ask, provider: Provider, clock: Clock
) -> None:
    assert ask(provider.token("kepala")).status_code == 200
    provider.stop()
    clock.advance(hours=23, minutes=59)
    now = int(clock().timestamp())
    claims = {"iss": provider.issuer, "aud": "https://jenjang.example/api", "sub": "1", "exp": now + 600}
    token = provider.sign(claims | {"preferred_username": "kepala"})
    assert ask(token).status_code == 200
    clock.advance(minutes=1)
    assert_away(ask, token)


def test_without_any_keys_the_answer_is_503_until_the_provider_is_back(
    ask: Ask, provider: Provider, clock: Clock
) -> None:
    token = provider.token("kepala")
    provider.stop()
    assert_away(ask, token)
    assert_away(ask, token)
    provider.start()
    clock.advance(seconds=30)
    assert ask(provider.token("kepala")).status_code == 200


def test_of_many_at_once_each_is_let_in_or_told_to_come_again(ask: Ask, provider: Provider) -> None:
    token = provider.token("kepala")
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: ask(token).status_code, range(16)))
    assert set(statuses) <= {200, 503}
    assert 200 in statuses
    assert ask(token).status_code == 200


def assert_away(ask: Ask, token: str) -> None:
    response = ask(token)
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert response.json()["type"] == "urn:jenjang:problem:openid_provider_away"
    assert "www-authenticate" not in response.headers


def test_a_provider_on_this_machine_cannot_send_us_away_for_keys_without_tls(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(signing_keys, "_log", log)
    with discovery({"jwks_uri": "http://192.0.2.1/jwks"}) as issuer, pytest.raises(ProviderAway):
        SigningKeys(issuer, None, clock).find("any")
    assert [call.kwargs["cause"].partition(": ")[2] for call in log.calls] == [
        "an address that is not on this very machine must begin with https://"
    ]


@contextmanager
def discovery(document: dict[str, str]) -> Iterator[str]:
    """A server that has nothing but a discovery document; gives the issuer."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"issuer": issuer} | document).encode())

        def log_message(self, *_: object) -> None:
            """Silence."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server, ThreadPoolExecutor(1) as pool:
        issuer = f"http://127.0.0.1:{server.server_port}"
        pool.submit(server.serve_forever, 0.05)
        try:
            yield issuer
        finally:
            server.shutdown()
