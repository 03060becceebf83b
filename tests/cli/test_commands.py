"""What an operator sees: exit codes, one plain line for what was expected, and only the answer on standard output."""

from __future__ import annotations

import json
import re
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.settings import Settings
from app.storage import tokens
from app.storage.database import Database
from tests.cli.conftest import Jenjang
from tests.sop import SOP_FOLDER

LANES = ["Kepala Badan", "Ketua Tim Kerja Sekretariat", "Sekretaris", "Tim"]


def test_help_names_every_command(jenjang: Jenjang) -> None:
    shown = jenjang("--help")
    assert shown.exit_code == 0
    for command in ("serve", "migrate", "deploy", "doctor", "user", "role", "token", "seed-demo", "demo"):
        assert command in shown.out


@pytest.mark.parametrize("arguments", [["deploy"], ["serve", "--port", "x"], ["fly"], ["user", "add", "budi"]])
def test_wrong_usage_is_one_line_with_exit_code_2(jenjang: Jenjang, arguments: list[str]) -> None:
    jenjang(*arguments).assert_refused("", exit_code=2)


def test_migrate_can_be_repeated(jenjang: Jenjang) -> None:
    assert jenjang("migrate").exit_code == 0
    repeated = jenjang("migrate")
    assert repeated.exit_code == 0
    assert "up to date" in repeated.out


@pytest.mark.parametrize(
    "arguments",
    [["serve"], ["deploy", str(SOP_FOLDER)], ["user", "add", "budi", "--role", "auditor"], ["token", "new", "budi"]],
)
def test_a_database_that_is_not_migrated_is_refused_with_what_to_do(jenjang: Jenjang, arguments: list[str]) -> None:
    jenjang(*arguments).assert_refused("run `jenjang migrate`")


def test_a_database_that_is_away_is_told_in_one_line(jenjang: Jenjang, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("JENJANG_DATABASE_URL", "postgresql://localhost:1/nowhere")
    jenjang("migrate").assert_refused("away")


@pytest.mark.parametrize(
    ("name", "value"),
    [("JENJANG_DATABASE_URL", "no address"), ("JENJANG_LOG_LEVEL", "loud"), ("JENJANG_DATABASE_POOL_SIZE", "0")],
)
def test_a_setting_that_cannot_be_used_is_named(
    jenjang: Jenjang, environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    jenjang("migrate").assert_refused(name)


def test_a_database_of_a_newer_release_is_left_alone(jenjang: Jenjang, migrated: Path) -> None:
    database = Database(Settings(data_dir=migrated, database_url=None))
    with database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = 'from_the_future'")
    database.dispose()
    jenjang("migrate").assert_refused("newer release")


@pytest.mark.usefixtures("migrated")
def test_a_port_in_use_is_told_in_one_line(jenjang: Jenjang) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        jenjang("serve", "--port", str(port)).assert_refused(f"port {port}: Address already in use.")


@pytest.mark.usefixtures("migrated")
def test_deploying_a_folder_twice_leaves_the_version(jenjang: Jenjang) -> None:
    first = jenjang("deploy", str(SOP_FOLDER))
    assert first.exit_code == 0
    assert re.search(r"penjenjangan_kinerja\W+1\W+new", first.out)
    again = jenjang("deploy", str(SOP_FOLDER))
    assert re.search(r"penjenjangan_kinerja\W+1\W+unchanged", again.out)


@pytest.mark.usefixtures("migrated")
def test_what_was_deployed_is_only_proposed_and_who_can_approve_it_is_told(jenjang: Jenjang) -> None:
    first = jenjang("deploy", str(SOP_FOLDER)).out
    assert "Version 1 of penjenjangan_kinerja is only proposed" in first
    assert "Who can: nobody yet, add somebody by `jenjang user add USER --role designer`." in first
    for username, role in (("rizky", "designer"), ("aisyah", "administrator"), ("bambang", "Sekretaris")):
        assert jenjang("user", "add", username, "--role", role).exit_code == 0
    again = jenjang("deploy", str(SOP_FOLDER)).out
    assert re.search(r"1\W+unchanged, proposed", again)
    assert "Who can: aisyah, rizky." in again
    assert re.search(r"POST /api/v1/process-definitions/[0-9a-f-]{36}/approval\n", again)


@pytest.mark.usefixtures("migrated")
def test_where_nobody_is_asked_what_was_deployed_can_be_started(
    jenjang: Jenjang, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("JENJANG_APPROVAL_REQUIRED", "false")
    deployed = jenjang("deploy", str(SOP_FOLDER)).out
    assert re.search(r"1\W+new, approved", deployed)
    assert "proposed" not in deployed


@pytest.mark.usefixtures("migrated")
def test_each_problem_of_a_refused_diagram_has_a_line_with_file_line_code_and_element(
    jenjang: Jenjang, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(SOP_FOLDER, tmp_path / "broken"))
    diagram = folder / "penjenjangan-kinerja.bpmn"
    text = diagram.read_text().replace('keputusan == "ya"', 'open("ya")').replace('value="rapat-', 'value="rapt-')
    diagram.write_text(text)

    refused = jenjang("deploy", str(folder))

    assert refused.exit_code == 1
    assert refused.out == ""
    lines = refused.err.splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert re.fullmatch(r"penjenjangan-kinerja\.bpmn:[1-9]\d*: [a-z_]+: .+ \(\w+\)", line), line
    assert any(line.endswith("(rapat_koordinasi)") for line in lines)
    assert jenjang("user", "add", "budi", "--role", "Tim").exit_code == 1, "nothing was deployed"


@pytest.mark.usefixtures("migrated")
def test_warnings_do_not_keep_a_diagram_from_being_deployed(jenjang: Jenjang, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SOP_FOLDER, tmp_path / "folder"))
    (folder / "forms" / "nobody-uses-it.json").write_text('{"type": "object"}')
    deployed = jenjang("deploy", str(folder))
    assert deployed.exit_code == 0
    assert "form_unused" in deployed.err


@pytest.mark.usefixtures("migrated")
def test_a_folder_that_cannot_be_deployed_is_told_in_one_line(jenjang: Jenjang, tmp_path: Path) -> None:
    jenjang("deploy", str(tmp_path / "nowhere")).assert_refused("There is no folder")
    empty = tmp_path / "empty"
    empty.mkdir()
    jenjang("deploy", str(empty)).assert_refused("no .bpmn file")
    twice = Path(shutil.copytree(SOP_FOLDER, tmp_path / "twice"))
    shutil.copy(twice / "forms" / "penetapan.json", twice)
    jenjang("deploy", str(twice)).assert_refused("keep one of the two")


@pytest.mark.usefixtures("migrated")
def test_a_person_gets_the_lanes_of_deployed_diagrams_as_roles(jenjang: Jenjang) -> None:
    before = jenjang("user", "add", "budi", "--role", "Tim")
    before.assert_refused("Unknown role: Tim. Known: administrator, auditor, designer, starter.")
    jenjang("deploy", str(SOP_FOLDER))
    added = jenjang("user", "add", "budi", "--role", "Tim", "--role", "auditor", "--name", "Budi Santoso")
    assert (added.exit_code, added.out) == (0, "Added budi: Tim, auditor.\n")
    unknown = jenjang("user", "add", "siti", "--role", "Kepala")
    for lane in LANES:
        assert lane in unknown.err


@pytest.mark.usefixtures("migrated")
def test_a_username_is_unique(jenjang: Jenjang) -> None:
    assert jenjang("user", "add", "budi", "--role", "auditor").exit_code == 0
    jenjang("user", "add", "budi", "--role", "auditor").assert_refused("There is a user named budi already.")


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("username", ["system", "me", "Budi", "budi santoso", "b" * 65, "", "bú", "budi\n"])
def test_a_username_that_cannot_be_used_is_refused(jenjang: Jenjang, username: str) -> None:
    jenjang("user", "add", username, "--role", "auditor").assert_refused("username")


def test_a_new_token_stands_alone_on_standard_output_and_lets_its_user_in(jenjang: Jenjang, migrated: Path) -> None:
    jenjang("user", "add", "budi", "--role", "auditor")
    printed = jenjang("token", "new", "budi")
    assert (printed.exit_code, printed.err) == (0, "")
    assert re.fullmatch(r"jjg_[\w-]{43}\n", printed.out)
    database = Database(Settings(data_dir=migrated, database_url=None))
    with database.reading() as session:
        found = tokens.find(session, printed.out.strip(), now=datetime.now(UTC), demo=False)
    database.dispose()
    assert found is not None
    assert (found.actor.username, found.actor.roles) == ("budi", frozenset({"auditor"}))


@pytest.mark.usefixtures("migrated")
def test_a_token_for_nobody_is_refused(jenjang: Jenjang) -> None:
    jenjang("token", "new", "nobody").assert_refused("There is no active user named nobody.")


@pytest.mark.usefixtures("migrated")
def test_the_demo_is_not_seeded_unless_it_is_allowed(jenjang: Jenjang) -> None:
    jenjang("seed-demo").assert_refused("JENJANG_DEMO=true")
    jenjang("seed-demo", "--fresh-tokens").assert_refused("JENJANG_DEMO=true")


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("option", [[], ["--fresh-tokens"]])
def test_the_demo_is_not_seeded_among_real_people(
    jenjang: Jenjang, environment: pytest.MonkeyPatch, option: list[str]
) -> None:
    jenjang("user", "add", "kepala", "--role", "auditor")
    environment.setenv("JENJANG_DEMO", "true")
    jenjang("seed-demo", *option).assert_refused("database")


@pytest.mark.usefixtures("migrated")
def test_the_demo_is_seeded_once_and_its_tokens_can_be_replaced(
    jenjang: Jenjang, environment: pytest.MonkeyPatch, migrated: Path
) -> None:
    environment.setenv("JENJANG_DEMO", "true")
    first = json.loads(jenjang("seed-demo", "--json").out)
    assert list(first) == ["tokens"]
    assert set(first["tokens"]) == {
        *("kepala", "sekretaris", "ketua", "anggota1", "anggota2", "anggota3"),
        *("auditor", "perancang", "admin"),
    }
    jenjang("seed-demo").assert_refused("There are people in this database already")

    replaced = json.loads(jenjang("seed-demo", "--json", "--fresh-tokens").out)

    database = Database(Settings(data_dir=migrated, database_url=None))
    now = datetime.now(UTC)
    with database.reading() as session:
        for username, token in replaced["tokens"].items():
            assert tokens.find(session, first["tokens"][username], now=now, demo=True) is None
            found = tokens.find(session, token, now=now, demo=True)
            assert found is not None
            assert found.actor.username == username
            assert tokens.find(session, token, now=now, demo=False) is None
    database.dispose()


@pytest.mark.usefixtures("migrated")
def test_the_demo_people_are_shown_with_roles_and_tokens_that_can_be_copied(
    jenjang: Jenjang, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("JENJANG_DEMO", "true")
    shown = jenjang("seed-demo", "--fresh-tokens")
    assert len(re.findall(r"jjg_[\w-]{43}\b", shown.out)) == 9
    for lane in LANES:
        assert lane in shown.out


def test_the_commands_work_on_postgresql(
    jenjang: Jenjang, environment: pytest.MonkeyPatch, postgres_server: str
) -> None:
    environment.setenv("JENJANG_DATABASE_URL", postgres_server)
    environment.setenv("JENJANG_DEMO", "true")
    jenjang("deploy", str(SOP_FOLDER)).assert_refused("run `jenjang migrate`")
    assert jenjang("migrate").exit_code == 0
    assert jenjang("migrate").exit_code == 0
    assert len(json.loads(jenjang("seed-demo", "--json").out)["tokens"]) == 9
    assert re.search(r"1\W+unchanged", jenjang("deploy", str(SOP_FOLDER)).out)
    jenjang("user", "add", "kepala", "--role", "Tim").assert_refused("There is a user named kepala already.")
