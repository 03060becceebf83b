"""Who gets in with a token of the OpenID provider, as what, and who does not."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey, generate_key
from sqlalchemy import text
from starlette.testclient import TestClient

from app.api.observability import configure_logging
from app.main import create_app
from app.permissions import ALL_SCOPES
from app.settings import Settings
from app.storage.database import Database
from tests.conftest import Clock, World
from tests.oidc.conftest import Ask
from tests.oidc.openid_provider import AUDIENCE, Provider
from tests.sop import SOP_KEY, Client


def claims_for(provider: Provider, clock: Clock, **chosen: Any) -> dict[str, Any]:
    """The claims of a good token; those that are None are left out."""
    now = int(clock().timestamp())
    claims = {"iss": provider.issuer, "aud": AUDIENCE, "sub": "1", "iat": now, "exp": now + 600}
    claims |= {"preferred_username": "kepala"} | chosen
    return {name: value for name, value in claims.items() if value is not None}


def assert_invalid(response: Any, token: str) -> None:
    """Refused as RFC 6750 says, without a word of the token."""
    assert response.status_code == 401, response.text
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert response.json()["type"] == "urn:jenjang:problem:invalid_token"
    assert all(part not in response.text for part in token.split(".") if len(part) > 8)


@pytest.mark.parametrize("client", ["kepala", "sekretaris"])
def test_a_token_of_the_provider_lets_its_user_in(client: str, provider: Provider, http: TestClient) -> None:
    person = Client(http, provider.token(client))
    listed = person.get("/user-tasks", candidate="me")
    assert listed.status_code == 200, listed.text
    assert person.post("/process-instances", {"process_definition_key": "penjenjangan_kinerja"}).status_code == (
        201 if client == "kepala" else 403
    )


def test_tokens_of_our_own_go_on_to_work(ask: Ask, world: World) -> None:
    assert ask(world.tokens["kepala"]).status_code == 200


def test_history_names_the_user_whom_the_provider_vouched_for(provider: Provider, http: TestClient) -> None:
    person = Client(http, provider.token("kepala"))
    events = person.events(person.start()["id"])
    assert {event["actor"] for event in events if event["actor"] is not None} == {"kepala"}


def test_a_token_for_another_service_is_refused(ask: Ask, provider: Provider) -> None:
    token = provider.token("kepala", audience="https://other.example/api")
    assert_invalid(ask(token), token)


def test_a_token_is_good_until_it_expires_and_a_minute_longer(ask: Ask, provider: Provider, clock: Clock) -> None:
    token = provider.token("kepala")
    clock.advance(seconds=640)
    assert ask(token).status_code == 200
    clock.advance(seconds=40)
    assert_invalid(ask(token), token)


def test_a_token_from_the_future_is_refused(ask: Ask, provider: Provider, clock: Clock) -> None:
    token = provider.token("kepala")
    clock.advance(minutes=-5)
    assert_invalid(ask(token), token)


def test_whom_nobody_here_knows_is_refused(ask: Ask, provider: Provider) -> None:
    for client in ("stranger", "no_name"):
        token = provider.token(client)
        assert_invalid(ask(token), token)


def test_who_was_deactivated_here_is_refused_whatever_the_provider_says(
    ask: Ask, provider: Provider, database: Database
) -> None:
    token = provider.token("kepala")
    assert ask(token).status_code == 200
    with database.transaction() as session:
        session.execute(text("UPDATE user_account SET active = false WHERE username = 'kepala'"))
    assert_invalid(ask(token), token)


def test_a_mapped_role_is_given_and_an_unmapped_one_gives_nothing(provider: Provider, http: TestClient) -> None:
    inspector = Client(http, provider.token("inspector"))
    kepala = Client(http, provider.token("kepala"))
    instance = kepala.start()
    # An auditor sees every instance; the provider's own `administrator` cancels none.
    assert inspector.get(f"/process-instances/{instance['id']}").status_code == 200
    cancelled = inspector.post(f"/process-instances/{instance['id']}/cancellation", {"reason": "Salah unggah."})
    assert cancelled.status_code == 403


def test_scopes_of_ours_narrow_what_the_token_may_do(provider: Provider, http: TestClient) -> None:
    body = {"process_definition_key": "penjenjangan_kinerja"}
    reader = Client(http, provider.token("kepala", scope="read"))
    assert reader.get("/process-instances").status_code == 200
    refused = reader.post("/process-instances", body)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:jenjang:problem:scope_missing")
    assert (
        Client(http, provider.token("kepala", scope="read tasks")).post("/process-instances", body).status_code == 201
    )


NARROWED: list[dict[str, Any]] = [
    {"scope": "read"},
    {"scope": "openid  read profile"},
    {"scope": ["read"]},
    {"scope": ["openid", "read"]},
    {"scope": ["openid read"]},
    {"scp": "read"},
    {"scp": ["read"]},
    {"scope": "openid", "scp": ["read"]},
]


@pytest.mark.parametrize("chosen", NARROWED, ids=str)
def test_scopes_narrow_in_every_shape_in_which_providers_write_them(
    chosen: dict[str, Any], provider: Provider, http: TestClient, clock: Clock
) -> None:
    assert scopes_of(provider.sign(claims_for(provider, clock, **chosen)), http) == {"read"}


@pytest.mark.parametrize("chosen", [{}, {"scope": ""}, {"scope": "openid READ"}, {"scp": []}], ids=str)
def test_a_token_that_names_no_scope_of_ours_has_those_that_the_office_chose(
    chosen: dict[str, Any], provider: Provider, http: TestClient, trusting: Settings, clock: Clock
) -> None:
    token = provider.sign(claims_for(provider, clock, **chosen))
    assert scopes_of(token, http) == {"read", "tasks"}
    careful = trusting.model_copy(update={"oidc_scopes": ("read",)})
    with TestClient(create_app(careful, clock=clock)) as other:
        assert scopes_of(token, other) == {"read"}


def test_unless_an_office_chooses_these_are_all_there_are() -> None:
    assert set(Settings().oidc_scopes) == ALL_SCOPES


def scopes_of(token: str, http: TestClient) -> set[str]:
    """What somebody who may read and start instances can do by this token, of these two."""
    person = Client(http, token)
    starts = person.post("/process-instances", {"process_definition_key": SOP_KEY}).status_code
    reads = person.get("/process-instances").status_code
    assert {starts, reads} <= {200, 201, 403}
    return {scope for scope, status in (("tasks", starts), ("read", reads)) if status != 403}


def test_no_part_of_a_token_reaches_the_log(
    ask: Ask, provider: Provider, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("debug")
    try:
        token = provider.token("kepala")
        assert ask(token).status_code == 200
        clock.advance(hours=1)
        assert ask(token).status_code == 401
        provider.stop()
        clock.advance(hours=24)
        assert ask(token).status_code == 503
    finally:
        provider.start()
        root.handlers[:] = handlers
        root.setLevel(level)
    logged = capsys.readouterr().err
    assert "openid_provider_away" in logged
    assert all(part not in logged for part in token.split("."))


CLAIMS: dict[str, dict[str, Any]] = {
    "no_issuer": {"iss": None},
    "other_issuer": {"iss": "https://other.example"},
    "issuer_with_a_slash_more": {"iss": "{issuer}/"},
    "several_issuers": {"iss": ["{issuer}"]},
    "no_audience": {"aud": None},
    "other_audience": {"aud": "https://other.example/api"},
    "no_audience_in_the_list": {"aud": ["https://other.example/api"]},
    "audience_is_no_text": {"aud": {"a": AUDIENCE}},
    "no_expiry": {"exp": None},
    "expiry_in_words": {"exp": "tomorrow"},
    "endless": {"exp": float("inf")},
    "no_subject": {"sub": None},
    "not_yet_valid": {"nbf": 99_999_999_999},
    "issued_in_the_future": {"iat": 99_999_999_999},
    "identity_token_of_keycloak": {"typ": "ID"},
    "refresh_token_of_keycloak": {"typ": "Refresh"},
    "identity_token_of_cognito": {"token_use": "id"},
    "bound_to_a_key": {"cnf": {"jkt": "x"}},
    "scope_is_a_number": {"scope": 5},
    "scope_is_false": {"scp": False},
    "scope_is_an_object": {"scope": {"read": True}},
    "scope_is_a_list_with_a_number": {"scp": ["read", 5]},
    "scope_is_a_list_of_lists": {"scope": "read", "scp": [["read"]]},
    "username_is_a_list": {"preferred_username": ["kepala"]},
    "username_with_nul": {"preferred_username": "kepala\0"},
    "username_is_half_a_character": {"preferred_username": "\ud800"},
    "username_in_capitals": {"preferred_username": "KEPALA"},
}


def test_claims_that_do_not_fit_are_refused_however_well_signed(ask: Ask, provider: Provider, clock: Clock) -> None:
    for name, chosen in CLAIMS.items():
        filled = json.loads(json.dumps(chosen).replace("{issuer}", provider.issuer))
        token = provider.sign(claims_for(provider, clock, **filled))
        assert ask(token).status_code == 401, name
    assert_invalid(ask(token), token)


def test_one_audience_among_several_is_enough(ask: Ask, provider: Provider, clock: Clock) -> None:
    token = provider.sign(claims_for(provider, clock, aud=["https://other.example/api", AUDIENCE]))
    assert ask(token).status_code == 200


def test_what_was_signed_for_another_purpose_is_refused(ask: Ask, provider: Provider, clock: Clock) -> None:
    for kind in ("logout+jwt", "dpop+jwt", "secevent+jwt"):
        token = provider.sign(claims_for(provider, clock), header={"typ": kind})
        assert_invalid(ask(token), token)


def test_a_token_that_nobody_signed_is_refused(ask: Ask, provider: Provider, clock: Clock) -> None:
    payload = _part(claims_for(provider, clock))
    for algorithm in ("none", "None", "NONE", ""):
        for signature in ("", "AAAA"):
            token = f"{_part({'alg': algorithm, 'typ': 'at+jwt'})}.{payload}.{signature}"
            assert_invalid(ask(token), token)


def test_the_public_key_is_no_shared_secret(ask: Ask, provider: Provider, clock: Clock) -> None:
    public = provider.keys["RS256"]
    assert isinstance(public, RSAKey)
    signed = f"{_part({'alg': 'HS256', 'kid': public.kid})}.{_part(claims_for(provider, clock))}"
    for secret in (public.as_pem(private=False), json.dumps(public.as_dict(private=False)).encode()):
        # By hand: no good library signs this.
        signature = hmac.digest(secret, signed.encode(), "sha256")
        token = f"{signed}.{_base64url(signature)}"
        assert_invalid(ask(token), token)


def test_a_key_that_is_not_the_providers_is_refused_under_whatever_id(
    ask: Ask, provider: Provider, clock: Clock
) -> None:
    other = generate_key("RSA", 2048)
    for key_id in ("unknown", provider.keys["RS256"].kid, provider.keys["ES256"].kid):
        token = jwt.encode({"alg": "RS256", "kid": key_id}, claims_for(provider, clock), other)
        assert_invalid(ask(token), token)


def test_a_key_that_comes_with_the_token_is_not_looked_at(ask: Ask, provider: Provider, clock: Clock) -> None:
    other = RSAKey.generate_key(2048, {"kid": "mine"})
    header = {"alg": "RS256", "kid": "mine", "jwk": other.as_dict(private=False), "jku": "http://127.0.0.1:1/jwks"}
    token = jwt.encode(header, claims_for(provider, clock), other)
    assert_invalid(ask(token), token)


def test_a_changed_token_is_refused(ask: Ask, provider: Provider, clock: Clock) -> None:
    header, _, signature = provider.token("sekretaris").split(".")
    token = f"{header}.{_part(claims_for(provider, clock))}.{signature}"
    assert_invalid(ask(token), token)


SHAPES = [
    "a",
    ".",
    "..",
    "...",
    "a.b.c",
    "e30.e30.",
    "e30.e30.e30",
    "bnVsbA.bnVsbA.bnVsbA",
    "W10.W10.W10",
    "eyJhbGciOjV9.e30.AAAA",
    "eyJhbGciOlsiUlMyNTYiXX0.e30.AAAA",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6NX0.e30.AAAA",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6bnVsbH0.e30.AAAA",
    "eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AAAA",
    "a.b.c.d.e",
    "=.=.=",
    "[" * 5000,
    f"{'W1tb' * 120}.e30.AAAA",
    "x" * 20_000,
    "eyJhbGciOiJSUzI1NiJ9." + "A" * 30_000 + ".AAAA",
]


def test_what_is_no_token_at_all_is_refused_alike(ask: Ask) -> None:
    for token in SHAPES:
        response = ask(token)
        assert response.status_code == 401, token
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"', token


def _part(value: Any) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
