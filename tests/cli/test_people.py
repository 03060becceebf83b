"""Looking after people from the command line."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from app.settings import Settings
from tests.administration import entries
from tests.cli.conftest import Jenjang
from tests.conftest import closing_database
from tests.sop import SOP_FOLDER

HEADER = "username,name,email,nip,position,unit,roles,active\n"
PEOPLE = (
    HEADER
    + "admin,Nur Aisyah,,,,,administrator,ya\n"
    + "ratna,Ratna Wulandari,ratna@kota.go.id,198001012005011001,Kepala,Badan,Kepala Badan,ya\n"
    + "agus,Agus Setiawan,,198001012005011002,Analis,Sekretariat,Tim;auditor,tidak\n"
)


@pytest.fixture
def office(jenjang: Jenjang, migrated: Path) -> Path:
    """The SOP is deployed, and `admin` administers."""
    jenjang("user", "add", "admin", "--role", "administrator", "--name", "Nur Aisyah")
    assert jenjang("deploy", str(SOP_FOLDER)).exit_code == 0
    return migrated


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def told(folder: Path) -> list[tuple[str, str, str]]:
    with closing_database(Settings(data_dir=folder, database_url=None)) as database:
        return [entry[:3] for entry in entries(database)]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(jenjang: Jenjang, office: Path, file: Path) -> None:
    before = told(office)
    tried = jenjang("user", "import", str(file))
    assert tried.exit_code == 0
    assert tried.out.splitlines() == [
        "position added: Analis, Sekretariat",
        "position added: Kepala, Badan",
        "user added: ratna: Kepala Badan",
        "user added: agus: Tim, auditor",
        "3 people in the file, 4 changes. Nothing was changed: this was a dry run. Add --apply.",
    ]
    assert told(office) == before
    assert "ratna" not in jenjang("user", "list").out


def test_an_import_changes_who_is_there_and_leaves_who_is_not_in_the_file(
    jenjang: Jenjang, office: Path, file: Path
) -> None:
    jenjang("user", "add", "budi", "--role", "Tim")
    assert jenjang("user", "import", str(file), "--apply").exit_code == 0
    file.write_text(
        HEADER + "ratna,Ratna W.,,198001012005011002,,,Sekretaris,ya\nagus,Agus Setiawan,,198001012005011001,,,,ya\n"
    )
    changed = jenjang("user", "import", str(file), "--apply")
    assert changed.out.splitlines()[:-1] == [
        "user changed: ratna: email, name, nip, position",
        "role granted: ratna: Sekretaris",
        "role revoked: ratna: Kepala Badan",
        "user changed: agus: nip, position",
        "user activated: agus",
        "role revoked: agus: Tim",
        "role revoked: agus: auditor",
    ]
    listed = jenjang("user", "list").out
    assert re.search(r"budi\s+budi\s+Tim", listed)
    assert re.search(r"ratna\s+Ratna W\.\s+Sekretaris\s", listed)
    assert ("system", "role_revoked", "ratna") in told(office)


@pytest.mark.usefixtures("office")
def test_what_was_exported_changes_nothing_when_imported(jenjang: Jenjang, file: Path, tmp_path: Path) -> None:
    jenjang("user", "import", str(file), "--apply")
    exported = tmp_path / "out.csv"
    assert jenjang("user", "export", str(exported)).out == f"3 people written to {exported}.\n"
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    again = jenjang("user", "import", str(exported), "--apply")
    assert again.out == "3 people in the file, 0 changes.\n"
    assert jenjang("user", "export").out.replace("\r", "") == exported.read_text("utf-8-sig").replace("\r", "")


@pytest.mark.usefixtures("office")
def test_a_file_that_others_may_read_is_not_written_into_but_replaced(jenjang: Jenjang, tmp_path: Path) -> None:
    exported = tmp_path / "out.csv"
    exported.write_text("old")
    exported.chmod(0o644)
    with exported.open() as held_open:
        assert jenjang("user", "export", str(exported)).exit_code == 0
        assert held_open.read() == "old"
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*out*")] == ["out.csv"]
    jenjang("user", "export", str(tmp_path)).assert_refused("is not a file")
    jenjang("user", "export", str(tmp_path / "absent" / "out.csv")).assert_refused("No such file")


@pytest.mark.usefixtures("office")
def test_every_bad_line_is_named_with_its_number_and_column_and_nothing_is_done(jenjang: Jenjang, file: Path) -> None:
    jenjang("user", "import", str(file), "--apply")
    file.write_text(
        HEADER
        + "Ratna,Ratna,,,,,,ya\n"
        + "siti,Siti,siti,123,,,Kepala,mungkin\n"
        + "dewi,,dewi@kota.go.id,198001012005011001,Analis,,Kepala,ya\n"
        + "\n"
        + "made,Made,,,,,Tim\n"
        + "made,Made,,,,,Tim,ya\n"
        + 'made,"Made\nSuartana",,,,,Tim,ya\n'
    )
    refused = jenjang("user", "import", str(file), "--apply")
    assert (refused.exit_code, refused.out) == (1, "")
    places = [line.split(": ")[:2] for line in refused.err.splitlines()]
    assert places == [
        ["people.csv:2", "username"],
        ["people.csv:3", "active"],
        ["people.csv:4", "name"],
        ["people.csv:4", "nip"],
        ["people.csv:4", "roles"],
        ["people.csv:4", "unit"],
        ["people.csv:6", "username"],
        ["people.csv:7", "username"],
        ["people.csv:8", "name"],
        ["people.csv:8", "username"],
    ]
    assert "Known: Kepala Badan, Ketua Tim Kerja Sekretariat" in refused.err
    assert "made" not in jenjang("user", "list").out


@pytest.mark.usefixtures("office")
def test_the_last_administrator_stays_on_the_command_line_too(jenjang: Jenjang, file: Path) -> None:
    file.write_text(HEADER + "admin,Nur Aisyah,,,,,administrator,tidak\n")
    jenjang("user", "import", str(file), "--apply").assert_refused("administrator first")
    jenjang("user", "deactivate", "admin").assert_refused("administrator first")
    jenjang("role", "revoke", "admin", "administrator").assert_refused("administrator first")
    file.write_text(HEADER + "admin,Nur Aisyah,,,,,,ya\nratna,Ratna,,,,,administrator,ya\n")
    assert jenjang("user", "import", str(file), "--apply").exit_code == 0


@pytest.mark.usefixtures("office")
def test_people_are_deactivated_and_roles_granted_by_name(jenjang: Jenjang) -> None:
    assert jenjang("role", "grant", "admin", "Tim").out == "admin holds: Tim, administrator.\n"
    jenjang("role", "grant", "admin", "Kepala").assert_refused("Unknown role: Kepala. Known: Kepala Badan,")
    assert jenjang("role", "revoke", "admin", "Tim").out == "admin holds: administrator.\n"
    jenjang("role", "grant", "nobody", "Tim").assert_refused("There is no user named nobody.")
    jenjang("user", "add", "budi", "--role", "Tim")
    assert jenjang("user", "deactivate", "budi").out == "budi is not active.\n"
    jenjang("token", "new", "budi").assert_refused("There is no active user named budi.")
    assert jenjang("user", "activate", "budi").out == "budi is active.\n"


@pytest.mark.usefixtures("office")
def test_a_token_is_made_narrow_listed_and_revoked(jenjang: Jenjang) -> None:
    options = ("--scope", "read", "--scope", "tasks", "--expires-in", "90d", "--label", "skrip laporan")
    secret = jenjang("token", "new", "admin", *options).out.strip()
    listed = jenjang("token", "list", "admin").out
    row = re.search(rf"(\S+)\s+{re.escape(secret[:12])}\s+skrip laporan\s+read tasks\s+valid until", listed)
    assert row is not None, listed
    assert secret not in listed
    for _ in range(2):
        assert jenjang("token", "revoke", row[1]).out == f"Revoked {secret[:12]}… of admin.\n"
    assert "revoked" in jenjang("token", "list", "admin").out
    jenjang("token", "revoke", "x").assert_refused("jenjang token list")
    jenjang("token", "list", "nobody").assert_refused("There is no user named nobody.")
    jenjang("token", "new", "admin", "--expires-in", "soon").assert_refused("90d")
    jenjang("token", "new", "admin", "--label", "x" * 101).assert_refused("100 characters")
    jenjang("token", "new", "admin", "--scope", "all").assert_refused("", exit_code=2)
