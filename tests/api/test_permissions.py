"""Who may do what, and who may know of what."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.storage.database import Database
from tests.sop import As, advance, task_of, values_for


def test_without_a_token_nothing_is_told(http: TestClient) -> None:
    challenges = {None: "Bearer", "Basic a2VwYWxhOng=": "Bearer", "Bearer jjg_wrong": 'Bearer error="invalid_token"'}
    for shown, challenge in challenges.items():
        response = http.get("/api/v1/user-tasks", headers={"Authorization": shown} if shown else {})
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == challenge
        assert response.headers["content-type"] == "application/problem+json"


def test_only_the_lane_of_the_first_task_may_start(as_: As) -> None:
    body = {"process_definition_key": "penjenjangan_kinerja"}
    for username in ("sekretaris", "ketua", "anggota1", "auditor", "perancang", "admin", "orang_luar"):
        assert as_(username).post("/process-instances", body).status_code == 403, username
    assert as_("kepala").post("/process-instances", body).status_code == 201


@pytest.mark.parametrize("username", ["perancang", "orang_luar"])
def test_an_instance_is_not_there_for_those_who_take_no_part(as_: As, username: str) -> None:
    instance = as_("kepala").start()
    task = instance["user_tasks"][0]
    stranger = as_(username)
    assert stranger.get(f"/process-instances/{instance['id']}").status_code == 404
    assert stranger.get(f"/user-tasks/{task['id']}").status_code == 404
    assert stranger.get(f"/user-tasks/{task['id']}/form").status_code == 404
    assert stranger.get(f"/history/process-instances/{instance['id']}/events").status_code == 404
    assert stranger.complete(task, {}).status_code == 404
    assert stranger.get("/process-instances").json()["items"] == []
    assert stranger.get("/user-tasks").json()["items"] == []


@pytest.mark.parametrize("username", ["sekretaris", "auditor", "admin"])
def test_who_may_know_of_a_task_but_not_do_it_is_told_so(as_: As, username: str) -> None:
    task = as_("kepala").start()["user_tasks"][0]
    values = values_for(as_("kepala"), task)
    person = as_(username)
    assert person.get(f"/user-tasks/{task['id']}").status_code == 200
    assert person.complete(task, values).status_code == 403
    assert person.post(f"/user-tasks/{task['id']}/assignment").status_code == 403
    assert person.request("PUT", f"/user-tasks/{task['id']}/draft", json={"variables": {}}).status_code == 403


def test_only_administrators_cancel_suspend_and_resume(as_: As) -> None:
    instance = as_("kepala").start()
    for noun in ("cancellation", "suspension", "resumption"):
        for username in ("kepala", "auditor"):
            response = as_(username).post(f"/process-instances/{instance['id']}/{noun}", {"reason": "coba"})
            assert response.status_code == 403
        response = as_("perancang").post(f"/process-instances/{instance['id']}/{noun}", {"reason": "coba"})
        assert response.status_code == 404


def test_only_designers_and_administrators_deploy(as_: As) -> None:
    for username in ("kepala", "auditor", "orang_luar"):
        assert as_(username).deploy({"a.bpmn": b"<x/>"}).status_code == 403


def test_who_acted_keeps_knowing_of_the_instance_after_losing_the_role(as_: As, database: Database) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    with database.transaction() as session:
        session.execute(text("DELETE FROM user_role WHERE role = 'Kepala Badan'"))
    assert as_("kepala").get(f"/process-instances/{instance['id']}").status_code == 200


def test_a_team_member_who_was_not_named_no_longer_knows_of_the_instance(as_: As) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    assert as_("anggota3").get(f"/process-instances/{instance['id']}").status_code == 200
    instance = advance(as_, instance, "pembentukan_tim", anggota_tim=["anggota1"])
    assert as_("anggota3").get(f"/process-instances/{instance['id']}").status_code == 404
    assert as_("anggota1").get(f"/process-instances/{instance['id']}").status_code == 200
    assert task_of(instance, "rapat_koordinasi")["candidates"] == ["anggota1"]


def test_lane_owners_from_a_client_is_refused(as_: As) -> None:
    task = as_("kepala").start()["user_tasks"][0]
    values = values_for(as_("kepala"), task) | {"lane_owners": {"Kepala Badan": ["orang_luar"]}}
    assert as_("kepala").complete(task, values).status_code == 422
    body = {"process_definition_key": "penjenjangan_kinerja", "variables": {"lane_owners": {"Tim": ["orang_luar"]}}}
    assert as_("kepala").post("/process-instances", body).status_code == 422
