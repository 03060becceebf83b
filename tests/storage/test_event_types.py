"""Every documented type of event, really caused: what its payload holds is what is documented."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.permissions import TABLE, Ground
from app.storage import event_types, tables
from app.storage.database import Database
from tests.api.test_every_route_and_role import (  # noqa: F401 - a fixture
    REQUESTS,
    SYSTEM_GROUNDS,
    make_target,
    world,
)
from tests.conftest import Clock
from tests.diagrams_in_text import parallel_teams, single_task
from tests.robustness.invariants import check_payload
from tests.sop import As, advance, advance_through

#: the service waits for no timer yet, so none runs out
NOT_YET = {"timer_fired"}
ADMINISTERED = (
    *(tables.user_account, tables.person_identity, tables.user_role, tables.position, tables.token),
    *(tables.substitution, tables.process_definition, tables.form),
)
TO_THE_EXAMINATION = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep")
TO_THE_END = ("penyusunan_konsep", "pemeriksaan_konsep", "penetapan")
RECEIPTS = ("distribusi_bidang", "unggah_esr", "unggah_situs_bappeda")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_every_type_occurs_and_its_payload_holds_what_is_documented(as_: As, clock: Clock, database: Database) -> None:
    _ask_everything(as_, clock, database)
    _send_back(as_)
    _change_people(as_)
    _name_a_team(as_)
    _fail_and_move(as_)
    found: dict[str, set[str]] = {}
    with database.reading() as session:
        for event in session.execute(select(tables.event)).mappings():
            check_payload(event, event_types.OF_INSTANCES)
            found.setdefault("instances", set()).add(event["type"])
        for entry in session.execute(select(tables.stream_event)).mappings():
            types = event_types.OF_ACCESS if entry["stream"] == "access" else event_types.OF_ADMINISTRATION
            check_payload(entry, types)
            found.setdefault(entry["stream"], set()).add(entry["type"])
    assert found["instances"] ^ event_types.OF_INSTANCES.keys() == NOT_YET
    assert found["administration"] ^ event_types.OF_ADMINISTRATION.keys() == set()
    assert found["access"] ^ event_types.OF_ACCESS.keys() == set()


def _ask_everything(as_: As, clock: Clock, database: Database) -> None:
    """Every request of the interface, by somebody who may, told in `administration` just where it changes something
    there; and one that is refused.
    """
    target = make_target(as_, clock)
    for (route, operation), send in REQUESTS.items():
        grounds = TABLE[operation].grounds
        by_role = "perancang" if Ground.DESIGNER in grounds else "admin"
        person = "kepala" if grounds - SYSTEM_GROUNDS else by_role
        is_command = not route.startswith("GET ")
        used_up = is_command and any(noun in route for noun in ("{instance_id}", "{task_id}", "{substitution_id}"))
        asked = make_target(as_, clock) if used_up else target
        rows, told = _administered(database)
        answer = send(as_(person if is_command else "auditor"), asked)
        assert answer.is_success, (route, answer.text)
        rows_after, told_after = _administered(database)
        # The version that is deleted was deployed in between: told, and as it was.
        is_undone = route == "DELETE /process-definitions/{definition_id}"
        assert (rows_after != rows or is_undone) == (told_after > told), route
    assert as_("orang_luar").get("/users").status_code == 403


def _administered(database: Database) -> tuple[list[str], int]:
    """All that `administration` tells of; and how much it has told."""
    with database.reading() as session:
        rows = [
            str(row)
            for table in ADMINISTERED
            for row in session.execute(select(*(column for column in table.c if column.name != "last_used_at")))
        ]
        told = select(tables.stream.c.last_sequence).where(tables.stream.c.name == "administration")
        return sorted(rows), session.scalars(told).one()


def _send_back(as_: As) -> None:
    instance = advance_through(as_, as_("kepala").start(), TO_THE_EXAMINATION)
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
    advance_through(as_, instance, TO_THE_END + RECEIPTS)


def _change_people(as_: As) -> None:
    admin = as_("admin")
    assert admin.request("PUT", "/users/anggota3/roles/Sekretaris").status_code == 200
    position = admin.post("/positions", {"name": "Analis", "unit": "Sekretariat"}).json()["id"]
    changes: list[dict[str, Any]] = [{"name": "Lain", "position_id": position, "email": "a@b.go.id"}]
    for change in [*changes, {"nip": "196801011990031001"}, {"active": False}, {"active": True}]:
        assert admin.request("PATCH", "/users/anggota3", json=change).status_code == 200


def _name_a_team(as_: As) -> None:
    """Other candidates for an open task, which its assignee loses by that."""
    _deploy(as_, parallel_teams())
    instance = as_("sekretaris").start("regu")
    naming, work = sorted(instance["user_tasks"], key=lambda task: str(task["role"]))
    assert as_("anggota1").post(f"/user-tasks/{work['id']}/assignment").status_code == 200
    assert as_("sekretaris").complete(naming, {}).status_code == 200


def _fail_and_move(as_: As) -> None:
    """A task that a migration moves, and an error that nothing catches."""
    error = b'<bpmn:endEvent id="selesai"><bpmn:errorEventDefinition errorRef="gagal"/></bpmn:endEvent>'
    thrown = single_task().replace(b'<bpmn:endEvent id="selesai"/>', error)
    failing = thrown.replace(b"</bpmn:definitions>", b'<bpmn:error id="gagal" errorCode="E1"/></bpmn:definitions>')
    _deploy(as_, failing)
    instance = as_("anggota1").start("satu")
    target = _deploy(as_, failing.replace(b'name="Isi"', b'name="Isilah"'))
    moved = as_("admin").post(
        f"/process-instances/{instance['id']}/migration", {"target_process_definition_id": target}
    )
    assert as_("anggota1").complete(moved.json()["user_tasks"][0], {}).status_code == 200


def _deploy(as_: As, diagram: bytes) -> str:
    deployed = as_("perancang").deploy({"uji.bpmn": diagram})
    assert deployed.status_code == 201, deployed.text
    version = str(deployed.json()["process_definitions"][0]["id"])
    assert as_("admin").post(f"/process-definitions/{version}/approval").status_code == 200
    return version
