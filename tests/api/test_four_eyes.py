"""Four eyes: whoever drafted in the latest round does not examine, in nobody's name."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text

from app.storage.database import Database
from tests.conftest import Clock
from tests.diagrams_in_text import four_eyes
from tests.sop import As, advance_through, task_of, values_for
from tests.standing_in import stand_in

STEPS = ["perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi"]


def grant(database: Database, username: str, role: str) -> None:
    with database.transaction() as session:
        session.execute(
            text("INSERT INTO user_role SELECT id, :role FROM user_account WHERE username = :username"),
            {"username": username, "role": role},
        )


@pytest.fixture
def drafted(as_: As, database: Database) -> dict[str, Any]:
    """A drafts, who may examine too: the examination is open."""
    assert as_("perancang").deploy({"dua.bpmn": four_eyes()}).status_code == 201
    grant(database, "anggota1", "Sekretaris")
    instance = as_("anggota1").start("dua")
    done = as_("anggota1").complete(task_of(instance, "susun"), {})
    return dict(done.json()["process_instance"])


def assert_four_eyes(response: Response, who: str = "anggota1", round_: int = 1, element: str = "susun") -> None:
    problem = response.json()
    assert (response.status_code, problem["type"]) == (403, "urn:jenjang:problem:four_eyes")
    for said in (who, f"({element})", f"round {round_}", "pisah_tugas"):
        assert said in problem["detail"]


def test_the_drafter_neither_claims_nor_drafts_nor_completes_the_examination(as_: As, drafted: dict[str, Any]) -> None:
    task, drafter = task_of(drafted, "periksa"), as_("anggota1")
    before = as_("sekretaris").get(f"/user-tasks/{task['id']}")
    assert_four_eyes(drafter.post(f"/user-tasks/{task['id']}/assignment"))
    assert_four_eyes(drafter.request("PUT", f"/user-tasks/{task['id']}/draft", json={"variables": {}}))
    assert_four_eyes(drafter.complete(task, {}))
    after = as_("sekretaris").get(f"/user-tasks/{task['id']}")
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])
    assert as_("sekretaris").complete(task, {}).status_code == 200


def test_an_administrator_cannot_assign_it_to_the_drafter(as_: As, drafted: dict[str, Any]) -> None:
    path = f"/user-tasks/{task_of(drafted, 'periksa')['id']}/assignment"
    assert_four_eyes(as_("admin").post(path, {"assignee": "anggota1", "reason": "Sekretaris cuti."}))


def test_the_drafter_does_not_examine_by_standing_in_for_the_examiner(
    as_: As, clock: Clock, database: Database
) -> None:
    assert as_("perancang").deploy({"dua.bpmn": four_eyes()}).status_code == 201
    drafted = as_("anggota1").complete(task_of(as_("anggota1").start("dua"), "susun"), {}).json()["process_instance"]
    stand_in(database, "anggota1", "sekretaris", clock.now)
    assert_four_eyes(as_("anggota1").complete(task_of(drafted, "periksa"), {}))
    # Nor does anybody in the drafter's name.
    grant(database, "anggota1", "Sekretaris")
    stand_in(database, "orang_luar", "anggota1", clock.now)
    assert_four_eyes(as_("orang_luar").complete(task_of(drafted, "periksa"), {}))


def test_neither_the_deputy_who_drafted_nor_the_principal_examines(as_: As, clock: Clock, database: Database) -> None:
    assert as_("perancang").deploy({"dua.bpmn": four_eyes()}).status_code == 201
    stand_in(database, "orang_luar", "anggota1", clock.now)
    instance = as_("orang_luar").start("dua")
    drafted = as_("orang_luar").complete(task_of(instance, "susun"), {}).json()["process_instance"]
    for username in ("orang_luar", "anggota1"):
        grant(database, username, "Sekretaris")
        assert_four_eyes(as_(username).complete(task_of(drafted, "periksa"), {}), username)


def test_in_the_sop_only_the_latest_round_counts(as_: As, database: Database) -> None:
    """Who drafted round 1 may examine round 2, which somebody else drafted."""
    for username, role in (("sekretaris", "Ketua Tim Kerja Sekretariat"), ("anggota3", "Sekretaris")):
        grant(database, username, role)
    instance = advance_through(as_, as_("kepala").start(), STEPS)

    def complete(username: str, element_id: str, **chosen: Any) -> Response:
        person, task = as_(username), task_of(as_("auditor").instance(instance["id"]), element_id)
        return person.complete(task, values_for(as_("auditor"), task, **chosen))

    assert complete("sekretaris", "penyusunan_konsep").status_code == 200
    assert_four_eyes(complete("sekretaris", "pemeriksaan_konsep"), "sekretaris", 1, "penyusunan_konsep")
    assert complete("anggota3", "pemeriksaan_konsep", keputusan="tidak").status_code == 200
    assert complete("ketua", "penyusunan_konsep").status_code == 200
    assert complete("sekretaris", "pemeriksaan_konsep").status_code == 200


def test_of_two_who_draft_side_by_side_neither_examines(as_: As, database: Database) -> None:
    """Two branches lead to one task: neither of its two rounds is the earlier, whoever ends first."""
    content = four_eyes().replace(
        b"""<bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="susun"/>""",
        b"""<bpmn:parallelGateway id="bagi"/><bpmn:exclusiveGateway id="lewat"/><bpmn:exclusiveGateway id="temu"/>
        <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="bagi"/>
        <bpmn:sequenceFlow id="a1" sourceRef="bagi" targetRef="temu"/>
        <bpmn:sequenceFlow id="a2" sourceRef="bagi" targetRef="lewat"/>
        <bpmn:sequenceFlow id="a4" sourceRef="lewat" targetRef="temu"/>
        <bpmn:sequenceFlow id="a3" sourceRef="temu" targetRef="susun"/>""",
    )
    assert as_("perancang").deploy({"dua.bpmn": content}).status_code == 201
    for username in ("anggota1", "anggota2"):
        grant(database, username, "Sekretaris")
    instance = as_("anggota1").start("dua")
    for username, task in zip(("anggota1", "anggota2"), instance["user_tasks"], strict=True):
        assert as_(username).complete(task, {}).status_code == 200
    for task in as_("auditor").instance(instance["id"])["user_tasks"]:
        assert task["element_id"] == "periksa"
        assert_four_eyes(as_("anggota1").complete(task, {}), "anggota1", 1)
        assert_four_eyes(as_("anggota2").complete(task, {}), "anggota2", 2)
        assert as_("sekretaris").complete(task, {}).status_code == 200
