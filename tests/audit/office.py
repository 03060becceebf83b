"""A history in which everything has happened that the proof must be able to follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.commands.make_checkpoint import make_checkpoint
from app.proof import audit_keys
from app.storage import checkpoint_file, checkpoints
from app.storage.database import Database
from tests.conftest import Clock
from tests.sop import SOP_FOLDER, As, advance, advance_through, read_folder, task_of

_TO_THE_DRAFT = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi")
_TO_THE_END = ("pemeriksaan_konsep", "penetapan", "distribusi_bidang", "unggah_esr", "unggah_situs_bappeda")


def play(as_: As, clock: Clock, database: Database, audit: Path) -> None:
    """Instances that wait, were sent back, commented, suspended, cancelled, migrated and completed; two checkpoints;
    and events since."""
    finished = _play_to_the_end(as_, clock)
    waiting = [as_("kepala").start(business_key=f"2025-{number}") for number in range(2)]
    suspended, cancelled, migrated = (as_("kepala").start() for _ in range(3))
    as_("auditor").get(f"/process-instances/{finished['id']}")
    checkpoint(database, audit, clock)
    clock.advance(hours=1)
    migrated = advance(as_, migrated, "perintah_penyusunan")
    _command(as_, suspended, "suspension", {"reason": "Menunggu."})
    _command(as_, cancelled, "cancellation", {"reason": "Batal."})
    _migrate(as_, migrated)
    migrated = advance(as_, as_("admin").instance(migrated["id"]), "pembentukan_tim")
    as_("auditor").get("/process-instances")
    as_("admin").request("PUT", "/users/orang_luar/roles/starter")
    checkpoint(database, audit, clock)
    clock.advance(hours=1)
    advance(as_, waiting[0], "perintah_penyusunan")
    as_("auditor").get(f"/process-instances/{waiting[0]['id']}")


def checkpoint(database: Database, audit: Path, clock: Clock) -> None:
    """Make a checkpoint as the command line does."""
    if not audit_keys.exists(audit):
        audit_keys.make(audit)
    with checkpoint_file.held(audit) as file:
        with database.reading() as session:
            file.complete(checkpoints.every(session))
        file.append([make_checkpoint(database, audit_keys.private(audit), now=clock.now)])


def _play_to_the_end(as_: As, clock: Clock) -> dict[str, Any]:
    instance = advance_through(as_, as_("kepala").start(variables={}), _TO_THE_DRAFT)
    task = task_of(instance, "penyusunan_konsep")
    assert as_("ketua").post(f"/user-tasks/{task['id']}/assignment").status_code == 200
    assert as_("ketua").post(f"/user-tasks/{task['id']}/comments", {"text": "Menunggu data."}).status_code == 201
    clock.advance(minutes=10)
    instance = advance(as_, instance, "penyusunan_konsep")
    clock.advance(days=2)
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
    return advance_through(as_, instance, ("penyusunan_konsep", *_TO_THE_END))


def _command(as_: As, instance: dict[str, Any], noun: str, body: dict[str, Any]) -> None:
    response = as_("admin").post(f"/process-instances/{instance['id']}/{noun}", body)
    assert response.is_success, response.text


def _migrate(as_: As, instance: dict[str, Any]) -> None:
    files = {name: content.replace(b"Penetapan", b"Pengesahan") for name, content in read_folder(SOP_FOLDER).items()}
    deployed = as_("perancang").deploy(files)
    assert deployed.status_code == 201, deployed.text
    target = deployed.json()["process_definitions"][0]["id"]
    _command(as_, instance, "migration", {"target_process_definition_id": target})
