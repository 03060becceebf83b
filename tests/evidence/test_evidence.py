"""The evidence of an instance over HTTP, and what `verify.py` says of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app.documents.evidence import EvidenceFolder
from app.proof import audit_keys
from app.proof.seal import event_hash, payload_digest, told_of_event
from app.queries.gather_evidence import gather_evidence
from app.storage import tables, tokens
from tests.evidence.conftest import NOTE, Office, members_of, verified
from tests.sop import advance
from tests.standing_in import LETTER


def oldest() -> str:
    """The oldest Python that it promises to run on, where that is installed; else this one."""
    found = shutil.which("python3.9")
    works = found is not None and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
    return found if found is not None and works else sys.executable


def test_an_honest_package_is_proven_in_an_empty_directory(office: Office, storied: str, tmp_path: Path) -> None:
    package = office.evidence(storied)
    count = len(office.as_("auditor").events(storied))
    code, said = verified(package, tmp_path / "empty", python=oldest())
    assert code == 0, said
    assert f"{count} events proven" in said
    assert f"kejadian 1-{count} di bawah checkpoint" in said
    [(key_id, _)] = audit_keys.public(office.audit).items()
    assert key_id in said
    assert "/.well-known/jenjang-audit-key" in said


def test_a_package_is_proven_in_the_folder_that_it_was_unpacked_to(
    office: Office, storied: str, tmp_path: Path
) -> None:
    for name, content in members_of(office.evidence(storied)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-I", str(tmp_path / "verify.py")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    (tmp_path / "path.json").write_bytes(b"[]\n")
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "path.json" in ran.stdout


def test_without_a_checkpoint_it_is_said_that_all_may_have_been_rewritten(office: Office, tmp_path: Path) -> None:
    instance = office.as_("kepala").start()
    code, said = verified(office.evidence(instance["id"]), tmp_path / "empty")
    assert (code, "no checkpoint" in said) == (0, True)
    assert "2 events proven" in said


def test_what_happened_after_the_checkpoint_is_said_to_be_only_chained(office: Office, tmp_path: Path) -> None:
    instance = office.as_("kepala").start()
    number = office.checkpoint()
    instance = advance(office.as_, instance, "perintah_penyusunan")
    code, said = verified(office.evidence(instance["id"]), tmp_path / "empty")
    assert (code, "4 events proven" in said) == (0, True), said
    assert f"kejadian 1-2 di bawah checkpoint {number}" in said
    assert "kejadian 3-4 sesudah checkpoint itu: hanya berantai" in said


def test_a_key_from_a_trusted_source_is_compared(office: Office, storied: str, tmp_path: Path) -> None:
    package = office.evidence(storied)
    trusted, other = tmp_path / "trusted.json", tmp_path / "other.json"
    trusted.write_bytes(members_of(package)["public-keys.json"])
    other.write_text(json.dumps(audit_keys.make(tmp_path / "another").jwk))
    code, said = verified(package, tmp_path / "one", "--key", str(trusted))
    assert (code, "as good as its source" in said) == (0, False), said
    code, said = verified(package, tmp_path / "two", "--key", str(other))
    assert (code, "no such key" in said) == (1, True), said


def test_the_same_history_gives_the_same_bytes_at_any_time(office: Office, storied: str) -> None:
    first = office.evidence(storied)
    office.clock.advance(days=400)
    assert office.evidence(storied, "admin") == first


def test_the_package_holds_what_happened(office: Office, storied: str) -> None:
    members = members_of(office.evidence(storied))
    events = [json.loads(line) for line in members["events.jsonl"].splitlines()]
    assert [event["hash"] for event in events] == [e["hash"] for e in office.as_("auditor").events(storied)]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    comments = json.loads(members["comments.json"])
    assert [(c["actor"], c["on_behalf_of"], c["text"]) for c in comments] == [
        ("sekretaris", None, NOTE),
        ("ketua", "kepala", "Ditetapkan."),
    ]
    *after, last = json.loads(members["values.json"])
    assert last == {"complete": True, "final": office.as_("auditor").instance(storied)["variables"]}
    assert after[-1]["unchanged_since"]["ringkasan_konsep"] < after[-1]["sequence"]
    flows = [flow for taken in json.loads(members["path.json"]) for flow in taken["flows"]]
    told = [flow for event in events for flow in event["payload"].get("flows", []) if isinstance(flow, str)]
    assert flows == told != []
    states = {name for name in members if name.startswith("states/")}
    assert states == {f"states/{e['sequence']:06d}.state" for e in events if e["state_sha256"]}


def test_every_version_that_ran_is_there_byte_for_byte(office: Office, storied: str) -> None:
    members = members_of(office.evidence(storied))
    versions = json.loads(members["definitions.json"])
    assert len(versions) == 2
    for version in versions:
        path = f"/process-definitions/{version['id']}"
        assert office.as_("auditor").get(f"{path}/xml").content == members[version["diagram"]]
        for form in version["forms"]:
            assert office.as_("auditor").get(f"{path}/forms/{form['name']}").content == members[form["file"]]


def test_the_answer_is_a_file_to_keep(office: Office, storied: str) -> None:
    response = office.as_("auditor").get(f"/history/process-instances/{storied}/evidence")
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == f'attachment; filename="bukti-{storied}.zip"'
    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize(("username", "status"), [("kepala", 200), ("anggota1", 200), ("orang_luar", 404)])
def test_who_takes_part_may_have_it_and_others_do_not_know_of_it(office: Office, username: str, status: int) -> None:
    instance = office.as_("kepala").start()
    path = f"/history/process-instances/{instance['id']}/evidence"
    assert office.as_(username).get(path).status_code == status
    assert office.as_(username).get(path.replace(instance["id"], str(uuid4()))).status_code == 404


def test_reading_it_leaves_a_trace(office: Office, storied: str) -> None:
    office.evidence(storied)
    path = f"/api/v1/history/process-instances/{storied}/evidence"
    with office.database.reading() as session:
        [*_, entry] = session.execute(select(tables.stream_event).order_by(tables.stream_event.c.sequence)).mappings()
    assert (entry["type"], entry["actor"], entry["payload"]["path"]) == ("history_exported", "auditor", path)


def test_the_dossier_names_who_stood_in_and_what_was_late(office: Office, storied: str) -> None:
    words = said_of(office, storied)
    assert [step["late"] for step in words["steps"]["first"]].count("terlambat (mutu baku 1 bulan)") == 2
    assert f"mewakili kepala, surat {LETTER}" in {step["stood_in"] for step in words["steps"]["first"]}
    assert [entry["round"] for entry in words["returns"]["first"]] == ["2", "3", "4"]
    [signature] = [each for each in words["approvals"]["first"] if each["kind"] == "Tanda tangan"]
    assert (signature["name"], signature["behalf"], signature["basis"]) == ("Ketua", "Kepala, –", LETTER)


def said_of(office: Office, instance_id: str) -> dict[str, Any]:
    """The words of an instance's dossier."""
    with TemporaryDirectory() as folder, office.database.reading() as session:
        user = tokens.find_person(session, "auditor", now=office.clock.now, demo=False)
        assert user is not None
        with EvidenceFolder(Path(folder)) as gathered:
            return gather_evidence(session, UUID(instance_id), user, {}, gathered)


def test_events_of_an_older_release_are_proven_too(office: Office, tmp_path: Path) -> None:
    """They told neither of the version nor of the way that the tokens took."""
    instance = advance(office.as_, office.as_("kepala").start(), "perintah_penyusunan")

    def as_before(row: dict[str, Any]) -> None:
        row["format"] = 1
        row["payload"] = {name: value for name, value in row["payload"].items() if name not in {"flows", "timing"}}

    rewrite(office, instance["id"], as_before)
    package = office.evidence(instance["id"])
    code, said = verified(package, tmp_path / "empty")
    assert (code, "4 events proven" in said) == (0, True), said
    members = members_of(package)
    assert {json.loads(line)["format"] for line in members["events.jsonl"].splitlines()} == {1}
    assert [taken["flows"] for taken in json.loads(members["path.json"])] == [None, None]


def test_what_was_removed_by_law_is_carried_by_its_digest_and_said(office: Office, tmp_path: Path) -> None:
    instance = advance(office.as_, office.as_("kepala").start(), "perintah_penyusunan")
    office.checkpoint()

    def remove(row: dict[str, Any]) -> None:
        if row["sequence"] == 3:
            digest = payload_digest(row["payload_salt"], row["payload"])
            row |= {"payload": {}, "payload_salt": b"", "payload_sha256": digest}
        if row["sequence"] == 4:
            digest = hashlib.sha256(row["state_after"]).digest()
            row |= {"state_after": None, "state_sha256": digest}

    rewrite(office, instance["id"], remove)
    package = office.evidence(instance["id"])
    code, said = verified(package, tmp_path / "empty")
    assert (code, "4 events proven" in said) == (0, True), said
    assert "kejadian [3, 4] dihapus, tinggal sidik jarinya (redacted: digests only)" in said
    members = members_of(package)
    assert json.loads(members["events.jsonl"].splitlines()[2])["payload"] is None
    assert "states/000004.state" not in members
    assert [entry["complete"] for entry in json.loads(members["values.json"])] == [True, False, False]


def rewrite(office: Office, instance_id: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the rows of an instance's events behind the back of the database, and chain them anew."""
    event = tables.event.c
    with office.database.transaction() as session:
        _let_events_be_changed(session)
        mine = event.process_instance_id == UUID(instance_id)
        previous = None
        for row in session.execute(select(tables.event).where(mine).order_by(event.sequence)).mappings().all():
            changed = dict(row)
            change(changed)
            changed["previous_hash"] = row["previous_hash"] if previous is None else previous
            digest = changed["payload_sha256"] or payload_digest(changed["payload_salt"], changed["payload"])
            changed["hash"] = previous = event_hash(told_of_event(changed), digest, changed["previous_hash"])
            session.execute(update(tables.event).where(mine, event.sequence == row["sequence"]).values(**changed))


def _let_events_be_changed(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        return
    for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'")):
        session.execute(text(f"DROP TRIGGER {name}"))
