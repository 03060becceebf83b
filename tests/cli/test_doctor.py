"""What `jenjang doctor` finds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.commands.start_process_instance import start_process_instance
from app.settings import Settings
from app.storage import tokens
from tests.cli.conftest import Jenjang
from tests.conftest import closing_database
from tests.sop import SOP_FOLDER, SOP_KEY

HOLDERS = ("Kepala Badan", "Ketua Tim Kerja Sekretariat", "Sekretaris", "Tim", "administrator")


@pytest.fixture
def office(jenjang: Jenjang, migrated: Path, environment: pytest.MonkeyPatch) -> Path:
    """Everybody whom the SOP needs, where no second person is asked."""
    environment.setenv("JENJANG_APPROVAL_REQUIRED", "false")
    jenjang("deploy", str(SOP_FOLDER))
    for number, role in enumerate(HOLDERS):
        assert jenjang("user", "add", f"person{number}", "--role", role).exit_code == 0
    return migrated


@pytest.mark.usefixtures("office")
def test_all_is_well_where_everybody_is_there(jenjang: Jenjang) -> None:
    found = jenjang("doctor")
    assert (found.exit_code, found.out, found.err) == (0, "All is well.\n", "")


def test_a_database_that_cannot_be_used_is_told_in_one_line(jenjang: Jenjang, environment: pytest.MonkeyPatch) -> None:
    jenjang("doctor").assert_refused("run `jenjang migrate`")
    environment.setenv("JENJANG_DATABASE_URL", "postgresql://localhost:1/nowhere")
    jenjang("doctor").assert_refused("away")


@pytest.mark.usefixtures("migrated")
def test_an_empty_installation_lacks_an_administrator(jenjang: Jenjang) -> None:
    found = jenjang("doctor")
    assert (found.exit_code, found.out.count("\n")) == (1, 1)
    assert "administrator" in found.out


@pytest.mark.usefixtures("migrated")
def test_a_process_that_waits_for_its_first_approval_is_named(jenjang: Jenjang) -> None:
    jenjang("deploy", str(SOP_FOLDER))
    for number, role in enumerate(HOLDERS):
        assert jenjang("user", "add", f"person{number}", "--role", role).exit_code == 0
    found = jenjang("doctor")
    assert (found.exit_code, found.out.count("\n")) == (1, 1)
    assert found.out.startswith("penjenjangan_kinerja, version 1: It waits for approval by somebody else than system;")


@pytest.mark.usefixtures("office")
def test_a_lane_that_nobody_holds_is_named(jenjang: Jenjang) -> None:
    jenjang("user", "deactivate", "person2")
    found = jenjang("doctor")
    assert found.exit_code == 1
    assert any("Sekretaris" in line and line.startswith("penjenjangan_kinerja") for line in found.out.splitlines())


@pytest.mark.usefixtures("office")
def test_four_eyes_that_leave_nobody_are_named(jenjang: Jenjang) -> None:
    jenjang("role", "grant", "person1", "Sekretaris")
    jenjang("user", "deactivate", "person2")
    found = jenjang("doctor")
    assert found.exit_code == 1
    assert found.out.startswith("penjenjangan_kinerja, version 1: Nobody may be left to do")
    assert found.out.count("\n") == 1


def test_open_tasks_that_nobody_can_do_and_the_demo_are_named(
    jenjang: Jenjang, migrated: Path, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("JENJANG_DEMO", "true")
    jenjang("seed-demo", "--json")
    now = datetime.now(UTC)
    with (
        closing_database(Settings(data_dir=migrated, database_url=None)) as database,
        database.transaction() as session,
    ):
        kepala = tokens.find_person(session, "kepala", now=now, demo=True)
        assert kepala is not None
        start_process_instance(session, SOP_KEY, kepala, business_key=None, variables={}, now=now)
    demo_on = jenjang("doctor")
    assert demo_on.exit_code == 1
    assert demo_on.out.startswith("JENJANG_DEMO is set")
    assert demo_on.out.count("\n") == 1
    environment.delenv("JENJANG_DEMO")
    demo_off = jenjang("doctor").out
    assert "Nobody who is let in is an administrator" in demo_off
    assert "People of the demo are here, though not let in: admin, anggota1" in demo_off
    assert "1 open user task(s) that nobody can do: " in demo_off
    assert "(perintah_penyusunan), for Kepala Badan." in demo_off
