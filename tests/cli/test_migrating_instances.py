"""`jenjang migrate-instances`: many at once, each by itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from app.cli.acting import OPERATOR
from app.cli.database import opened
from app.commands.complete_user_task import complete_user_task
from app.commands.start_process_instance import start_process_instance
from app.permissions import Actor
from app.settings import Settings
from app.storage import deployments, process_definitions, running_instances
from app.storage.database import Database
from app.storage.deployments import Candidate
from app.storage.process_definitions import APPROVED
from tests.cli.conftest import Jenjang
from tests.diagrams_in_text import four_eyes, single_task
from tests.robustness.invariants import check_every_instance
from tests.robustness.server import wait_until

NOW = datetime(2026, 7, 1, tzinfo=UTC)
#: may start anything and do any task
SOMEBODY = Actor(OPERATOR.user_id, "siti", frozenset({"starter", "Tim", "Sekretaris"}))
#: `susun`, then `periksa`
TWO_TASKS = four_eyes()
#: `susun` alone
ONE_TASK = single_task("dua").replace(b"isi", b"susun")


def deploy(database: Database, xml: bytes, number: int) -> None:
    with database.transaction() as session:
        newest = None if number == 1 else process_definitions.newest(session, "dua")
        candidate = Candidate("dua", "Dua", "dua.bpmn", xml, {}, newest, number - 1)
        deployments.add_version(session, deployments.add(session, "rizky", NOW), candidate, APPROVED)


def start(database: Database, *, examined: bool = False) -> UUID:
    """Start an instance; whether its first task is completed."""
    with database.transaction() as session:
        started = start_process_instance(session, "dua", SOMEBODY, business_key=None, variables={}, now=NOW)
        task = started.open_user_tasks[0]
        if examined:
            complete_user_task(session, task.id, SOMEBODY, {}, comment=None, on_behalf_of=None, if_match=None, now=NOW)
    return started.process_instance.id


def left_on(database: Database, number: int) -> list[UUID]:
    with database.reading() as session:
        return running_instances.ids_on(session, process_definitions.numbered(session, "dua", number).id)


@pytest.fixture
def database(migrated: Path) -> Iterator[Database]:
    """With a version of two tasks."""
    with opened(Settings(data_dir=migrated, database_url=None)) as database:
        deploy(database, TWO_TASKS, 1)
        yield database


def test_what_can_be_moved_is_moved_and_what_cannot_is_told_until_a_mapping_helps(
    jenjang: Jenjang, database: Database
) -> None:
    stuck = start(database, examined=True)
    for _ in range(2):
        start(database)
    deploy(database, ONE_TASK, 2)

    previewed = jenjang("migrate-instances", "--from", "dua:1", "--to", "dua:2", "--dry-run")
    assert (previewed.exit_code, len(left_on(database, 1))) == (1, 3)
    assert "2 of 3 process instance(s) can be migrated" in previewed.out

    first = jenjang("migrate-instances", "--from", "dua:1", "--to", "dua:2")
    assert (first.exit_code, left_on(database, 1)) == (1, [stuck])
    assert "2 of 3 process instance(s) migrated" in first.out
    assert f"{stuck}: periksa is not in the target version" in first.err

    again = jenjang("migrate-instances", "--from", "dua:1", "--to", "dua:2", "--map", "periksa=susun")
    assert (again.exit_code, again.err, left_on(database, 1)) == (0, "", [])
    assert "1 of 1 process instance(s) migrated" in again.out
    assert "0 of 0" in jenjang("migrate-instances", "--from", "dua:1", "--to", "dua:2").out
    check_every_instance(database)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--from", "dua:1", "--to", "dua:9"], "no such process definition"),
        (["--from", "dua:1", "--to", "dua"], "neither the id of a version nor KEY:VERSION"),
        (["--from", "dua:1", "--to", "dua:1"], "both name version 1 of dua"),
        (["--from", "dua:1", "--to", "dua:1", "--map", "susun"], "OLD=NEW"),
        (["--from", "dua:1", "--to", "dua:1", "--map", "susun=selesai"], "not elements of the same type"),
    ],
)
@pytest.mark.usefixtures("database")
def test_what_cannot_be_asked_is_refused_before_anything_is_done(
    jenjang: Jenjang, arguments: list[str], reason: str
) -> None:
    jenjang("migrate-instances", *arguments).assert_refused(reason)


def test_killed_in_the_middle_it_has_done_what_it_did_and_the_next_one_does_the_rest(
    jenjang: Jenjang, database: Database
) -> None:
    started = {start(database) for _ in range(15)}
    deploy(database, ONE_TASK, 2)
    options = ["migrate-instances", "--from", "dua:1", "--to", "dua:2"]
    with subprocess.Popen([sys.executable, "-m", "app.cli", *options], stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: bool(left_on(database, 2)), seconds=60)
        process.send_signal(signal.SIGKILL)
    left, done = set(left_on(database, 1)), set(left_on(database, 2))
    assert left | done == started
    assert done
    check_every_instance(database)

    rest = jenjang(*options)
    assert (rest.exit_code, f"{len(left)} of {len(left)} process" in rest.out) == (0, True)
    assert set(left_on(database, 2)) == started
    check_every_instance(database)
