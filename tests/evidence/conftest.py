"""One world with the instances whose evidence is asked for."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.commands.make_checkpoint import make_checkpoint
from app.main import create_app
from app.proof import audit_keys
from app.storage.database import Database
from tests.conftest import Clock, World, closing_database, make_world
from tests.sop import SOP_FOLDER, Client, advance, advance_through, read_folder, task_of, values_for
from tests.standing_in import stand_in

Members = dict[str, bytes]

#: beyond what UTF-16 holds in one unit, and quoted
NOTE = 'Lihat lampiran; "1,5" – 𝄞.'

BEFORE_EXAMINATION = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep")
AFTERWARDS = ("penetapan", "distribusi_bidang", "unggah_esr", "unggah_situs_bappeda")


@dataclass
class Office:
    """The people, the time and the database of one world."""

    http: TestClient
    world: World
    database: Database
    clock: Clock

    def as_(self, username: str) -> Client:
        return Client(self.http, self.world.tokens[username], username)

    def evidence(self, instance_id: str, username: str = "auditor") -> bytes:
        response = self.as_(username).get(f"/history/process-instances/{instance_id}/evidence")
        assert response.status_code == 200, response.text
        return bytes(response.content)

    def checkpoint(self) -> int:
        """Sign where all streams end; gives the checkpoint's number."""
        return make_checkpoint(self.database, audit_keys.private(self.audit), now=self.clock.now).number

    @property
    def audit(self) -> Path:
        return self.world.settings.audit_dir

    def examined(self, instance: dict[str, Any], decision: str) -> dict[str, Any]:
        self.clock.advance(days=2)
        return advance(self.as_, instance, "pemeriksaan_konsep", keputusan=decision)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder, clock = tmp_path_factory.mktemp("office"), Clock()
    with make_world(request, request.param) as made, closing_database(made.settings) as database:
        world = World(made.settings.model_copy(update={"audit_dir": folder / "audit"}), made.tokens)
        audit_keys.make(world.settings.audit_dir)
        with TestClient(create_app(world.settings, clock=clock), raise_server_exceptions=False) as http:
            yield Office(http, world, database, clock)


@pytest.fixture(scope="session")
def storied(office: Office) -> str:
    """An instance with three rejections, drafts, comments, somebody who stands in, and another version."""
    as_ = office.as_
    instance = as_("kepala").start(business_key="2026")
    instance = advance_through(as_, instance, BEFORE_EXAMINATION)
    for _ in range(2):
        instance = office.examined(instance, "tidak")
        office.clock.advance(days=40)
        instance = advance(as_, instance, "penyusunan_konsep")
    task = task_of(instance, "pemeriksaan_konsep")
    assert (
        as_("sekretaris").post(f"/user-tasks/{task['id']}/comments", {"text": 'Lihat lampiran; "1,5" – 𝄞.'}).is_success
    )
    draft = {"variables": {"keputusan": "tidak", "catatan": "Belum"}}
    assert as_("sekretaris").request("PUT", f"/user-tasks/{task['id']}/draft", json=draft).is_success
    stand_in(office.database, "ketua", "kepala", office.clock.now, hours=24 * 30)
    instance = _migrated(office, instance)
    instance = office.examined(instance, "tidak")
    instance = advance(as_, instance, "penyusunan_konsep", ringkasan_konsep="Pokok konsep. " * 1400)
    instance = office.examined(instance, "ya")
    deputy, task = as_("ketua"), task_of(instance, "penetapan")
    etag = deputy.get(f"/user-tasks/{task['id']}/form").headers.get("ETag", "*")
    body = {"variables": values_for(deputy, task), "on_behalf_of": "kepala", "comment": "Ditetapkan."}
    done = deputy.post(f"/user-tasks/{task['id']}/completion", body, If_Match=etag)
    assert done.status_code == 200, done.text
    instance = advance_through(as_, done.json()["process_instance"], AFTERWARDS[1:])
    assert instance["status"] == "completed"
    office.checkpoint()
    return str(instance["id"])


def _migrated(office: Office, instance: dict[str, Any]) -> dict[str, Any]:
    files = read_folder(SOP_FOLDER)
    files["penjenjangan-kinerja.bpmn"] = files["penjenjangan-kinerja.bpmn"].replace(b"Penetapan", b"Penetapan akhir")
    deployed = office.as_("perancang").deploy(files)
    body = {"target_process_definition_id": deployed.json()["process_definitions"][0]["id"]}
    moved = office.as_("admin").post(f"/process-instances/{instance['id']}/migration", body)
    assert moved.status_code == 200, moved.text
    return office.as_("admin").instance(instance["id"])


def members_of(package: bytes) -> Members:
    """The files of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members) -> bytes:
    """A package of these files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def verified(package: bytes, folder: Path, *arguments: str, python: str = sys.executable) -> tuple[int, str]:
    """What `verify.py` of the package says of it in an otherwise empty directory."""
    folder.mkdir()
    (folder / "bukti.zip").write_bytes(package)
    (folder / "verify.py").write_bytes(members_of(package)["verify.py"])
    ran = subprocess.run(
        [python, "-I", "verify.py", "bukti.zip", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.stderr == "", ran.stderr
    return ran.returncode, ran.stdout
