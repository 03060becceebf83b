"""`jenjang audit`: the key, checkpoints in the database and outside it, and what a verification tells an operator."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Jenjang


@pytest.fixture
def audit(environment: pytest.MonkeyPatch, migrated: Path, tmp_path: Path) -> Path:
    """The folder of keys and checkpoints, not made yet; the database is migrated."""
    environment.setenv("JENJANG_AUDIT_DIR", str(tmp_path / "audit"))
    return tmp_path / "audit"


@pytest.fixture
def file(audit: Path, jenjang: Jenjang) -> Path:
    """The copy of two checkpoints outside the database."""
    assert jenjang("audit", "keygen").exit_code == 0
    for username in ("budi", "siti"):
        assert jenjang("user", "add", username, "--role", "auditor").exit_code == 0
        assert jenjang("audit", "checkpoint").exit_code == 0
    return audit / "checkpoints.jsonl"


def test_a_key_is_made_once_and_replaced_only_when_asked(audit: Path, jenjang: Jenjang) -> None:
    jenjang("audit", "checkpoint").assert_refused("run `jenjang audit keygen`")
    assert jenjang("audit", "keygen").exit_code == 0
    private = (audit / "key.pem").read_bytes()
    assert stat.S_IMODE((audit / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(audit.stat().st_mode) == 0o700
    jenjang("audit", "keygen").assert_refused("--rotate")
    assert (audit / "key.pem").read_bytes() == private
    assert jenjang("audit", "checkpoint").exit_code == 0
    assert jenjang("audit", "keygen", "--rotate").exit_code == 0
    assert (audit / "key.pem").read_bytes() != private
    assert jenjang("audit", "checkpoint").exit_code == 0
    assert len(list(audit.glob("*.pub.pem"))) == 2
    assert jenjang("audit", "verify").exit_code == 0


def test_what_is_proven_is_told_in_a_few_sentences(file: Path, jenjang: Jenjang) -> None:
    assert jenjang("user", "add", "agus", "--role", "auditor").exit_code == 0
    outcome = jenjang("audit", "verify")
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert outcome.out.startswith(
        "3 event(s) of 0 process instance(s) and of 2 other streams are chained without a gap.\n"
        "2 are under checkpoint 2 of "
    )
    assert outcome.out.endswith("; 1 only chained since.\n")


@pytest.mark.parametrize(
    ("since", "looked_at"), [("1", "2 since checkpoint 1"), ("9999-12-31", "1 since checkpoint 2")]
)
def test_a_verification_can_trust_a_checkpoint(file: Path, jenjang: Jenjang, since: str, looked_at: str) -> None:
    assert jenjang("user", "add", "agus", "--role", "auditor").exit_code == 0
    outcome = jenjang("audit", "verify", "--since", since)
    assert (outcome.exit_code, looked_at in outcome.out) == (0, True), outcome


@pytest.mark.parametrize("since", ["3", "2020-01-01", "kemarin", "0"])
def test_a_checkpoint_to_trust_must_be_there(file: Path, jenjang: Jenjang, since: str) -> None:
    jenjang("audit", "verify", "--since", since).assert_refused(f"--since {since}")


def test_what_was_altered_is_named_with_its_place(file: Path, jenjang: Jenjang, migrated: Path) -> None:
    with sqlite3.connect(migrated / "jenjang.sqlite3") as connection:
        connection.execute("DROP TRIGGER stream_event_refuses_update")
        connection.execute("UPDATE stream_event SET actor = 'budi' WHERE sequence = 2")
    connection.close()
    outcome = jenjang("audit", "verify")
    assert outcome.exit_code == 1
    assert outcome.err.splitlines() == [
        "jenjang: 1 finding(s), the first of them:",
        "administration, 2: event_altered: It is not what was sealed: its hash is another.",
    ]


def test_a_line_that_a_power_cut_kept_from_the_file_is_written_the_next_time(file: Path, jenjang: Jenjang) -> None:
    whole = file.read_bytes()
    first, second = whole.splitlines(keepends=True)
    for left in (b"", first, first + second[:40], first + second[:-1]):
        file.write_bytes(left)
        assert jenjang("audit", "checkpoint").exit_code == 0
        assert file.read_bytes().startswith(whole)
        assert jenjang("audit", "verify").exit_code == 0


def test_of_checkpoints_made_at_once_each_counts_or_says_that_another_is_made(file: Path, jenjang: Jenjang) -> None:
    command = [sys.executable, "-m", "app.cli", "audit", "checkpoint"]
    together = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=90)[1] for process in together]
    codes = [process.returncode for process in together]
    assert all(code == 0 or "Somebody else" in words for code, words in zip(codes, told, strict=True)), told
    assert codes.count(0) >= 1
    assert len(file.read_text().splitlines()) == 2 + codes.count(0)
    outcome = jenjang("audit", "verify")
    assert (outcome.exit_code, outcome.err) == (0, "")


def test_a_database_that_was_set_back_is_found_by_the_file(file: Path, jenjang: Jenjang, migrated: Path) -> None:
    copy = migrated.with_name("copy")
    shutil.copytree(migrated, copy)
    assert jenjang("user", "add", "agus", "--role", "auditor").exit_code == 0
    assert jenjang("audit", "checkpoint").exit_code == 0
    shutil.rmtree(migrated)
    copy.rename(migrated)
    jenjang("audit", "checkpoint").assert_refused("has checkpoint 3, which the database does not have")
    outcome = jenjang("audit", "verify")
    assert (outcome.exit_code, "checkpoints, 3: checkpoint_missing" in outcome.err) == (1, True)


def test_a_file_of_other_checkpoints_is_refused(file: Path, jenjang: Jenjang) -> None:
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + second.replace(b'"event_count":2', b'"event_count":3'))
    jenjang("audit", "checkpoint").assert_refused("has another checkpoint 2 than the database")
    outcome = jenjang("audit", "verify")
    assert (outcome.exit_code, "checkpoints, 2: checkpoint_replaced" in outcome.err) == (1, True)
    file.write_bytes(first + b"nothing\n")
    jenjang("audit", "verify").assert_refused("line 2: this is no checkpoint")


def test_a_copy_kept_elsewhere_can_be_trusted_instead(file: Path, jenjang: Jenjang, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    elsewhere.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    outcome = jenjang("audit", "verify", "--checkpoints", str(elsewhere))
    assert (outcome.exit_code, "ends before checkpoint 2" in outcome.out) == (0, True)
    file.unlink()
    jenjang("audit", "verify").assert_refused("--checkpoints")
    assert jenjang("audit", "verify", "--checkpoints", str(elsewhere)).exit_code == 0
    jenjang("audit", "verify", "--checkpoints", str(tmp_path / "absent")).assert_refused("absent")
