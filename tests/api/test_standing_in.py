"""Plh and Plt: a deputy sees and does what the principal may, in the principal's name, and history shows both."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage.database import Database
from tests.conftest import Clock
from tests.diagrams_in_text import single_task
from tests.sop import As, advance, task_of, values_for
from tests.standing_in import LETTER, revoke, stand_in


@pytest.fixture
def instance(as_: As) -> dict[str, Any]:
    """Waits for the Sekretaris."""
    return advance(as_, as_("kepala").start(), "perintah_penyusunan")


def assignment(task: dict[str, Any]) -> str:
    return f"/user-tasks/{task['id']}/assignment"


def test_a_deputy_sees_and_completes_the_principals_task_and_both_are_named(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    deputy = as_("orang_luar")
    assert deputy.get("/user-tasks", candidate="me").json()["items"] == []
    stand_in(database, "orang_luar", "sekretaris", clock.now)

    (task,) = deputy.get("/user-tasks", candidate="me", state="open").json()["items"]
    assert task["element_id"] == "pembentukan_tim"
    done = deputy.complete(task, values_for(deputy, task))
    assert done.status_code == 200
    completed = done.json()["user_task"]
    named = {name: completed[name] for name in ("assignee", "completed_by", "on_behalf_of", "basis")}
    assert named == {
        "assignee": "orang_luar",
        "completed_by": "orang_luar",
        "on_behalf_of": "sekretaris",
        "basis": LETTER,
    }
    events = [event for event in as_("auditor").events(instance["id"]) if event["actor"] == "orang_luar"]
    assert [event["type"] for event in events] == ["user_task_completed", "user_task_opened"]
    assert {(event["on_behalf_of"], event["basis"]) for event in events} == {("sekretaris", LETTER)}


def test_standing_in_lasts_from_its_first_to_its_last_moment(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    deputy, task = as_("orang_luar"), task_of(instance, "pembentukan_tim")
    begins = clock.now
    clock.advance(hours=-1)
    stand_in(database, "orang_luar", "sekretaris", begins, hours=2)
    assert deputy.post(assignment(task)).status_code == 404
    clock.now = begins
    assert deputy.post(assignment(task)).status_code == 200
    clock.advance(hours=2, microseconds=-1)
    assert deputy.get(f"/user-tasks/{task['id']}").json()["on_behalf_of"] == "sekretaris"
    clock.advance(microseconds=1)
    values = values_for(as_("sekretaris"), task)
    # Having acted, the deputy knows of the instance for ever, but decides nothing in it any more.
    assert deputy.get(f"/user-tasks/{task['id']}").status_code == 200
    assert deputy.complete(task, values).status_code == 403
    assert deputy.request("DELETE", assignment(task)).status_code == 403
    assert deputy.post(assignment(task), {"assignee": "sekretaris", "reason": "Sudah kembali."}).status_code == 403


def test_a_claim_in_anothers_name_keeps_nobody_waiting_once_it_lapsed(
    as_: As, clock: Clock, database: Database
) -> None:
    assert as_("perancang").deploy({"satu.bpmn": single_task()}).status_code == 201
    (task,) = as_("anggota1").start("satu")["user_tasks"]
    stand_in(database, "orang_luar", "anggota1", clock.now, hours=1)
    as_("orang_luar").post(assignment(task))
    assert as_("anggota2").post(assignment(task)).status_code == 409
    clock.advance(hours=1)
    assert as_("anggota2").post(assignment(task)).json()["assignee"] == "anggota2"
    event = as_("auditor").events(task["process_instance_id"])[-1]
    assert event["payload"] == {"assignee": "anggota2", "former_assignee": "orang_luar"}


def test_what_a_deputy_claimed_the_principal_may_do_or_give_back(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    task = task_of(instance, "pembentukan_tim")
    stand_in(database, "orang_luar", "sekretaris", clock.now)
    claimed = as_("orang_luar").post(assignment(task)).json()
    assert (claimed["assignee"], claimed["on_behalf_of"], claimed["basis"]) == ("orang_luar", "sekretaris", LETTER)
    returned = as_("sekretaris").request("DELETE", assignment(task)).json()
    assert (returned["assignee"], returned["on_behalf_of"], returned["basis"]) == (None, None, None)
    as_("orang_luar").post(assignment(task))
    done = as_("sekretaris").complete(task, values_for(as_("sekretaris"), task)).json()["user_task"]
    assert (done["completed_by"], done["on_behalf_of"], done["basis"]) == ("sekretaris", None, None)


def test_what_the_principal_claimed_the_deputy_may_complete_but_no_other_candidate(
    as_: As, clock: Clock, database: Database
) -> None:
    assert as_("perancang").deploy({"satu.bpmn": single_task()}).status_code == 201
    (task,) = as_("anggota1").start("satu")["user_tasks"]
    as_("anggota1").post(assignment(task))
    stand_in(database, "orang_luar", "anggota1", clock.now)
    refused = as_("anggota2").complete(task, {})
    assert refused.status_code == 409
    assert "anggota1" in refused.json()["detail"]
    # anggota2, a candidate besides, does it in the name of who has claimed it.
    stand_in(database, "anggota2", "anggota1", clock.now, letter="2")
    done = as_("anggota2").complete(task, {}).json()["user_task"]
    assert (done["completed_by"], done["on_behalf_of"], done["basis"]) == ("anggota2", "anggota1", "2")


def test_two_deputies_of_one_person_do_not_take_each_others_tasks(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    task = task_of(instance, "pembentukan_tim")
    for deputy in ("orang_luar", "anggota3"):
        stand_in(database, deputy, "sekretaris", clock.now, letter=deputy)
    assert as_("orang_luar").post(assignment(task)).status_code == 200
    taken = as_("anggota3").post(assignment(task))
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:jenjang:problem:user_task_claimed")


def test_who_may_do_it_anyway_does_it_in_their_own_name_unless_they_say_otherwise(
    as_: As, clock: Clock, database: Database
) -> None:
    assert as_("perancang").deploy({"satu.bpmn": single_task()}).status_code == 201
    stand_in(database, "anggota1", "anggota2", clock.now)
    for said, expected in (({}, None), ({"on_behalf_of": "anggota2"}, "anggota2")):
        (task,) = as_("anggota1").start("satu", **said)["user_tasks"]
        event = as_("anggota1").events(task["process_instance_id"])[0]
        assert (event["actor"], event["on_behalf_of"]) == ("anggota1", expected)
        done = as_("anggota1").post(f"/user-tasks/{task['id']}/completion", {"variables": {}, **said}).json()
        assert (done["user_task"]["completed_by"], done["user_task"]["on_behalf_of"]) == ("anggota1", expected)


def test_who_stands_in_for_several_must_say_for_whom(as_: As, clock: Clock, database: Database) -> None:
    assert as_("perancang").deploy({"satu.bpmn": single_task()}).status_code == 201
    (task,) = as_("anggota3").start("satu")["user_tasks"]
    for principal in ("anggota1", "anggota2"):
        stand_in(database, "orang_luar", principal, clock.now, letter=principal)
    deputy = as_("orang_luar")
    ambiguous = deputy.complete(task, {})
    assert (ambiguous.status_code, ambiguous.json()["type"]) == (409, "urn:jenjang:problem:principal_ambiguous")
    assert "anggota1, anggota2" in ambiguous.json()["detail"]
    # Having claimed it in one's name, one goes on in that name.
    claimed = deputy.post(assignment(task), {"on_behalf_of": "anggota2"}).json()
    assert (claimed["assignee"], claimed["on_behalf_of"]) == ("orang_luar", "anggota2")
    done = deputy.complete(task, {}).json()["user_task"]
    assert (done["on_behalf_of"], done["basis"]) == ("anggota2", "anggota2")


@pytest.mark.parametrize("named", ["kepala", "tak_dikenal", "orang_luar"])
def test_nobody_acts_for_somebody_for_whom_they_do_not_stand_in(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any], named: str
) -> None:
    stand_in(database, "orang_luar", "sekretaris", clock.now)
    task = task_of(instance, "pembentukan_tim")
    refused = as_("orang_luar").post(assignment(task), {"on_behalf_of": named})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:jenjang:problem:not_standing_in")
    refused = as_("sekretaris").post(assignment(task), {"on_behalf_of": named})
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:jenjang:problem:not_standing_in")
    assert as_("sekretaris").get(f"/user-tasks/{task['id']}").json()["assignee"] is None


def test_a_revoked_substitution_ends_at_once(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    task = task_of(instance, "pembentukan_tim")
    substitution = stand_in(database, "orang_luar", "sekretaris", clock.now)
    assert as_("orang_luar").get(f"/user-tasks/{task['id']}").status_code == 200
    revoke(database, substitution, clock.now)
    assert as_("orang_luar").get(f"/user-tasks/{task['id']}").status_code == 404
    assert as_("orang_luar").post(assignment(task)).status_code == 404


def test_standing_in_is_not_handed_on_and_gives_no_system_role(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    stand_in(database, "anggota3", "sekretaris", clock.now)
    stand_in(database, "orang_luar", "anggota3", clock.now)
    assert as_("orang_luar").post(assignment(task_of(instance, "pembentukan_tim"))).status_code == 403
    stand_in(database, "ketua", "admin", clock.now)
    assert as_("ketua").post(f"/process-instances/{instance['id']}/suspension", {"reason": "coba"}).status_code == 403
    stand_in(database, "anggota2", "auditor", clock.now)
    assert as_("anggota2").get("/process-instances").json() == as_("anggota1").get("/process-instances").json()


def test_drafts_and_comments_of_a_deputy_name_both(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    task = task_of(instance, "pembentukan_tim")
    stand_in(database, "orang_luar", "sekretaris", clock.now)
    draft = {"variables": {"nomor_surat_tugas": "1"}}
    assert as_("orang_luar").request("PUT", f"/user-tasks/{task['id']}/draft", json=draft).status_code == 200
    assert as_("orang_luar").post(f"/user-tasks/{task['id']}/comments", {"text": "Menunggu nama."}).status_code == 201
    drafted, commented = as_("auditor").events(instance["id"])[-2:]
    assert {drafted["type"], commented["type"]} == {"user_task_draft_saved", "user_task_commented"}
    assert {(e["actor"], e["on_behalf_of"]) for e in (drafted, commented)} == {("orang_luar", "sekretaris")}


def test_what_an_administrator_does_as_such_is_done_in_nobody_elses_name(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    stand_in(database, "admin", "sekretaris", clock.now)
    task = task_of(instance, "pembentukan_tim")
    as_("sekretaris").post(assignment(task))
    assert as_("admin").request("DELETE", assignment(task)).status_code == 200
    event = as_("auditor").events(instance["id"])[-1]
    assert (event["type"], event["actor"], event["on_behalf_of"]) == ("user_task_released", "admin", None)
