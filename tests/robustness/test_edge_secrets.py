"""Secrets are planted in every place a client or an operator can put one, and looked for in all that comes out."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url, select, text
from starlette.testclient import TestClient

from app.api.observability import configure_logging
from app.cli import database as commands
from app.errors import ServiceError
from app.main import create_app
from app.settings import Settings
from app.storage import tables
from app.storage.database import Database
from tests.conftest import World, settings_of
from tests.robustness.server import Server
from tests.sop import values_for

PASSWORD = "Katasandi-Basisdata-7Qz"
GUESSED = "jjg_Tebakan-Yang-Salah-5Hx"
SIGNED = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJSYWhhc2lhLTNWdCJ9.Tanda-Tangan-8Kd"
BASIC = base64.b64encode(b"kepala:Katasandi-Orang-2Wm").decode()
#: no credential, but what people wrote, which no log has any business to hold either
WRITTEN = "Isi-Formulir-9Rp"


@pytest.fixture
def settings(world: World) -> Settings:
    """With a password in the database's address (which the tests' own PostgreSQL does not ask for), and a provider."""
    chosen = {"oidc_issuer": "http://127.0.0.1:1", "oidc_audience": "jenjang"}
    if world.settings.database_url is not None:
        url = make_url(world.settings.database_url).set(password=PASSWORD)
        chosen["database_url"] = url.render_as_string(hide_password=False)
    return world.settings.model_copy(update=chosen)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def server(settings: Settings, world: World, log: Path) -> Iterator[Server]:
    with Server(settings, world.tokens, log=log) as running:
        yield running


def test_no_secret_comes_out_anywhere(server: Server, world: World, database: Database, log: Path) -> None:
    told = [*work(server), *fail(server), *fail_by_defect(server, database)]
    issued = server.as_("kepala").post("/tokens", {"name": "Laptop", "scopes": ["read"]})
    assert issued.status_code == 201
    minted = issued.json()["token"]
    assert server.as_("kepala").get("/tokens").status_code == 200
    with server.connect() as http:
        told += [http.get(path) for path in ("/metrics", "/openapi.json", "/docs", "/health/ready")]
    told.append(server.as_("kepala").get("/tokens"))

    secrets = [PASSWORD, GUESSED, SIGNED, *SIGNED.split("."), BASIC, minted, *world.tokens.values()]
    found = "\n".join(f"{answer.headers} {answer.text}" for answer in told)
    logged = log.read_text()
    assert '"event": "request"' in logged
    assert '"event": "defect"' in logged
    for secret in secrets:
        assert secret not in found
        assert secret not in logged
        assert secret not in contents(database)
    assert WRITTEN not in logged


def work(server: Server) -> list[httpx2.Response]:
    """What succeeds."""
    kepala = server.as_("kepala")
    task = kepala.start(business_key="2025")["user_tasks"][0]
    completed = kepala.complete(task, values_for(kepala, task, nomor_surat=WRITTEN), Idempotency_Key="sekali")
    assert completed.status_code == 200, completed.text
    return [completed, server.as_("auditor").get("/history/events"), kepala.get("/user-tasks")]


def fail(server: Server) -> list[httpx2.Response]:
    """What does not, with a secret wherever one can stand."""
    valid = f"Bearer {server.token_of('kepala')}"
    answers = []
    with server.connect() as http:
        for shown in (f"Bearer {GUESSED}", f"Bearer {SIGNED}", f"Basic {BASIC}", GUESSED, f"{valid} {GUESSED}"):
            answers.append(http.get("/api/v1/user-tasks", headers={"Authorization": shown}))
        for headers in ({"Authorization": valid}, {}):
            in_query = {"access_token": GUESSED, "limit": "0"}
            answers.append(http.get("/api/v1/user-tasks", params=in_query, headers=headers))
            answers.append(http.post("/api/v1/process-instances", json={"token": GUESSED}, headers=headers))
            answers.append(http.post("/api/v1/deployments", files={"file": ("x.bpmn", GUESSED)}, headers=headers))
        answers.append(http.get("/api/v1/user-tasks", headers={"Authorization": valid, "Host": "evil.example"}))
        answers.append(http.get("/nowhere", headers={"Authorization": valid, "Cookie": f"session={GUESSED}"}))
    assert all(answer.status_code >= 400 for answer in answers)
    return answers


def fail_by_defect(server: Server, database: Database) -> list[httpx2.Response]:
    """What a damaged database makes of statements that carry tokens and forms."""
    kepala = server.as_("kepala")
    task = kepala.start()["user_tasks"][0]
    values = values_for(kepala, task, nomor_surat=WRITTEN)
    answers = []
    for table in ("event", "token"):
        with database.transaction() as session:
            session.execute(text(f"ALTER TABLE {table} RENAME TO away"))
        answers.append(kepala.complete(task, values))
        with database.transaction() as session:
            session.execute(text(f"ALTER TABLE away RENAME TO {table}"))
    assert [answer.status_code for answer in answers] == [500, 500]
    return answers


def contents(database: Database) -> str:
    """Every value of every column that can hold text."""
    with database.reading() as session:
        rows = [row for table in tables.metadata.sorted_tables for row in session.execute(select(table))]
    return repr([list(row) for row in rows])


def test_the_password_of_a_database_that_is_away_is_not_told(capfd: pytest.CaptureFixture[str]) -> None:
    settings = settings_of(database_url=f"postgresql://jenjang:{PASSWORD}@127.0.0.1:1/jenjang")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("debug")
    try:
        with TestClient(create_app(settings), raise_server_exceptions=False) as http:
            answers = [http.get("/health/ready"), http.get("/api/v1/user-tasks", headers={"Authorization": "Bearer x"})]
        with commands.opened(settings) as database, pytest.raises(ServiceError) as refused:
            commands.bring_up_to_date(database)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert [answer.status_code for answer in answers] == [503, 503]
    logged = "".join(capfd.readouterr())
    assert "unavailable" in logged
    for told in (logged, str(refused.value), repr(settings), *(answer.text for answer in answers)):
        assert PASSWORD not in told


@pytest.mark.parametrize(
    "address", [f"postgresql://jenjang:{PASSWORD}@[::1/jenjang", f"{PASSWORD}", f"x://:{PASSWORD}@"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(address: str) -> None:
    with pytest.raises(ServiceError) as refused, commands.opened(settings_of(database_url=address)):
        pass
    assert re.search("JENJANG_DATABASE_URL", str(refused.value))
    assert PASSWORD not in str(refused.value)
