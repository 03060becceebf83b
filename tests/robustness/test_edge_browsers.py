"""What a browser is told by every answer, by which names the service may be called, and by which other sites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.storage import migrations
from tests.conftest import World

TOLD_EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
SITE = "https://portal.example.go.id"


@pytest.fixture
def dialect() -> str:
    """What is tried here ends before any database."""
    return "sqlite"


@contextmanager
def serving(world: World, address: str = "http://testserver", **settings: object) -> Iterator[TestClient]:
    application = create_app(world.settings.model_copy(update=settings))
    with TestClient(application, base_url=address, raise_server_exceptions=False) as http:
        yield http


def test_every_answer_protects_who_looks_at_it(http: TestClient, world: World) -> None:
    token = {"Authorization": f"Bearer {world.tokens['kepala']}"}
    answers = {
        "ok": http.get("/api/v1/user-tasks", headers=token),
        "stranger": http.get("/api/v1/user-tasks"),
        "no_such_path": http.get("/nowhere"),
        "no_such_thing": http.get("/api/v1/user-tasks/x", headers=token),
        "wrong_method": http.delete("/health/live"),
        "wrong_host": http.get("/api/v1/user-tasks", headers={"Host": "evil.example"}),
        "health": http.get("/health/ready"),
        "metrics": http.get("/metrics"),
        "openapi": http.get("/openapi.json"),
        "script": http.get("/static-offline-docs/swagger-ui-bundle.js"),
    }
    for name, answer in answers.items():
        assert TOLD_EVERYWHERE.items() <= answer.headers.items(), name
        assert answer.headers["content-security-policy"] == NOTHING, name
        assert "camera=()" in answer.headers["permissions-policy"], name
        assert answer.headers["x-request-id"], name
        assert "server" not in answer.headers, name
        assert "strict-transport-security" not in answer.headers, name
        assert "access-control-allow-origin" not in answer.headers, name
    assert answers["ok"].headers["cache-control"] == "no-store"
    assert answers["stranger"].headers["cache-control"] == "no-store"


def test_the_answer_to_a_defect_is_protected_and_can_be_found_in_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "are_applied", lambda _: 1 / 0)
    with serving(world) as http:
        answer = http.get("/health/ready", headers={"X-Request-ID": "req-1"})
    assert answer.status_code == 500
    assert TOLD_EVERYWHERE.items() <= answer.headers.items()
    assert answer.headers["x-request-id"] == "req-1"


def test_the_interactive_description_may_run_its_own_scripts_only(http: TestClient) -> None:
    policy = http.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "http" not in policy


def test_tls_is_insisted_on_once_it_is_there(world: World) -> None:
    with serving(world, "https://testserver") as http:
        assert http.get("/health/live").headers["strict-transport-security"] == "max-age=31536000"


ALLOWED = ("localhost", "[::1]", "jenjang.example.go.id", "*.dinas.example.go.id")
HOSTS = {
    "localhost": True,
    "localhost:8000": True,
    "LOCALHOST": True,
    "[::1]:8000": True,
    "jenjang.example.go.id": True,
    "satu.dinas.example.go.id": True,
    "a.b.dinas.example.go.id:443": True,
    "dinas.example.go.id": False,
    "127.0.0.1": False,
    "[::2]": False,
    "evil.example": False,
    "evil.example:8000": False,
    "jenjang.example.go.id.evil.example": False,
    "evil-jenjang.example.go.id": False,
    "evil.example/.dinas.example.go.id": False,
    "evil.example#.dinas.example.go.id": False,
    "user@localhost": False,
    "localhost:8000:8000": False,
    "localhost:": False,
    "localhost:99999999": False,
    "localhost.": False,
    "localhost, evil.example": False,
    "": False,
}


def test_other_names_are_refused_without_a_word_about_the_right_ones(world: World) -> None:
    with serving(world, allowed_hosts=ALLOWED) as http:
        for host, is_allowed in HOSTS.items():
            answer = http.get("/openapi.json", headers={"Host": host})
            assert answer.status_code == (200 if is_allowed else 400), host
        refused = http.get("/api/v1/user-tasks", headers={"Host": "evil.example"})
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["type"] == "urn:jenjang:problem:host_refused"
        assert not any(told in refused.text for told in ("evil", "localhost", "JENJANG", "dinas"))
        two = [("Host", "localhost"), ("Host", "evil.example")]
        assert http.get("/openapi.json", headers=two).status_code == 400


def test_health_is_told_under_any_name_and_figures_are_not(http: TestClient) -> None:
    by_address = {"Host": "10.1.2.3:8000"}
    assert http.get("/health/live", headers=by_address).status_code == 200
    assert http.get("/health/ready", headers=by_address).status_code == 200
    for path in ("/metrics", "/docs", "/health", "/health/live/", "/health/live/../../metrics"):
        assert http.get(path, headers=by_address).status_code == 400, path


def test_scripts_of_other_sites_are_kept_out(http: TestClient) -> None:
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = http.options("/api/v1/process-instances", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_scripts_of_a_named_site_may_call_and_read_what_clients_need(world: World) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    with serving(world, cors_origins=(SITE,)) as http:
        path = "/api/v1/process-instances"
        preflight = http.options(path, headers=asked | {"Origin": SITE})
        answer = http.get(path, headers={"Origin": SITE})
        for origin in (
            "https://evil.example",
            f"{SITE}.evil.example",
            f"{SITE}:444",
            "http://portal.example.go.id",
            "null",
        ):
            assert "access-control-allow-origin" not in http.get(path, headers={"Origin": origin}).headers, origin
            assert http.options(path, headers=asked | {"Origin": origin}).status_code == 400, origin
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == SITE
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == SITE
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert exposed == {"ETag", "Location", "Retry-After", "X-Request-ID"}
    assert "access-control-allow-credentials" not in preflight.headers | answer.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_hosts", "*"),
        ("allowed_hosts", "*example.go.id"),
        ("allowed_hosts", "localhost:8000"),
        ("allowed_hosts", "https://localhost"),
        ("cors_origins", "*"),
        ("cors_origins", "null"),
        ("cors_origins", "https://*.example.go.id"),
        ("cors_origins", "https://portal.example.go.id/"),
        ("trusted_proxies", "*"),
        ("trusted_proxies", "0.0.0.0/0"),
        ("trusted_proxies", "::/0"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("trusted_proxies", "proxy.example.go.id"),
        ("oidc_algorithms", "none"),
        ("oidc_algorithms", "RS256,HS256"),
        ("oidc_issuer", "login.example.go.id"),
        ("oidc_issuer", "http://login.example.go.id"),
        ("oidc_issuer", "http://127.0.0.1.example.go.id"),
        ("oidc_issuer", "http://localhost@login.example.go.id"),
        ("oidc_issuer", "https://name:secret@login.example.go.id"),
        ("oidc_issuer", "http://10.0.0.7/realms/pemkot"),
        ("oidc_jwks_url", "http://login.example.go.id/jwks"),
        ("oidc_jwks_url", "http://[2001:db8::1]/jwks"),
        ("oidc_scopes", "read,write"),
        ("oidc_leeway", "3600"),
        ("oidc_role_mapping", "auditor"),
        ("oidc_role_mapping", '["auditor"]'),
    ],
)
def test_a_setting_that_would_open_too_much_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"JENJANG_{name.upper()}", value)
    with pytest.raises(ValueError, match=name) as refused:
        Settings()
    assert f"'{value}'" not in str(refused.value)


def test_an_issuer_without_an_audience_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JENJANG_OIDC_ISSUER", "https://login.example.go.id")
    with pytest.raises(ValueError, match="oidc_audience"):
        Settings()


@pytest.mark.parametrize("address", ["http://localhost:8080/realms/x", "http://127.0.0.1:80", "http://[::1]:8080"])
def test_a_provider_on_this_very_machine_needs_no_tls(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ISSUER", address), ("JWKS_URL", f"{address}/jwks"), ("AUDIENCE", "jenjang")):
        monkeypatch.setenv(f"JENJANG_OIDC_{name}", value)
    assert Settings().oidc_issuer == address
