"""An Idempotency-Key stands for one intent of one person: one effect, one answer, for 24 hours."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import delete, insert, select
from starlette.testclient import TestClient

from app.main import create_app
from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock, World
from tests.robustness.invariants import check_every_instance, events_of
from tests.sop import SOP_FOLDER, SOP_KEY, As, Client, read_folder, values_for

START = {"process_definition_key": SOP_KEY}


def start(person: Client, key: str = "satu", **body: Any) -> Response:
    return person.post("/process-instances", START | body, Idempotency_Key=key)


def count_instances(as_: As) -> int:
    return int(as_("auditor").get("/process-instances", include_total=True).json()["total"])


def test_a_repeated_request_gets_the_first_answer_and_has_no_second_effect(as_: As, clock: Clock) -> None:
    first = start(as_("kepala"))
    clock.advance(hours=23, minutes=59)
    again = start(as_("kepala"))
    assert (again.status_code, again.content) == (201, first.content)
    assert {name: again.headers[name] for name in ("etag", "location", "content-type")} == {
        name: first.headers[name] for name in ("etag", "location", "content-type")
    }
    assert count_instances(as_) == 1


def test_the_answer_stays_the_first_one_though_the_thing_went_on(as_: As, database: Database) -> None:
    kepala = as_("kepala")
    task = kepala.start()["user_tasks"][0]
    claim = f"/user-tasks/{task['id']}/assignment"
    first = kepala.post(claim, Idempotency_Key="klaim")
    kepala.request("DELETE", claim)
    assert kepala.post(claim, Idempotency_Key="klaim").content == first.content
    assert kepala.get(f"/user-tasks/{task['id']}").json()["assignee"] is None
    check_every_instance(database)


def test_after_24_hours_the_key_is_a_new_one(as_: As, clock: Clock) -> None:
    first = start(as_("kepala"))
    clock.advance(hours=24, seconds=1)
    second = start(as_("kepala"), business_key="lain")
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]
    assert start(as_("kepala"), business_key="lain").content == second.content
    assert count_instances(as_) == 2


def test_the_same_key_with_another_body_is_refused_and_changes_nothing(as_: As, database: Database) -> None:
    kepala = as_("kepala")
    start(kepala)
    refused = start(kepala, business_key="lain")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:jenjang:problem:idempotency_key_reused")
    task = kepala.start()["user_tasks"][0]
    values = values_for(kepala, task)
    assert kepala.complete(task, values, Idempotency_Key="selesai").status_code == 200
    reused = kepala.complete(task, values | {"tahun": 2031}, Idempotency_Key="selesai")
    assert (reused.status_code, reused.json()["type"]) == (422, "urn:jenjang:problem:idempotency_key_reused")
    assert check_every_instance(database) == 2


def test_the_same_key_with_other_files_is_refused_and_with_the_same_files_answered_again(as_: As) -> None:
    designer = as_("perancang")
    diagram = read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"] + b"\n"

    def deploy(content: bytes) -> Response:
        files = [("file", ("penjenjangan-kinerja.bpmn", content))]
        return designer.request("POST", "/deployments", files=files, headers={"Idempotency-Key": "satu"})

    first = deploy(diagram)
    assert first.status_code == 201
    assert deploy(diagram).content == first.content
    refused = deploy(diagram + b"\n")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:jenjang:problem:idempotency_key_reused")
    versions = designer.get("/process-definitions", key=SOP_KEY).json()["items"]
    assert [version["version"] for version in versions] == [2, 1]


def test_the_same_key_with_other_parameters_of_a_deployment_is_refused(as_: As) -> None:
    designer = as_("perancang")
    [base] = designer.get("/process-definitions", key=SOP_KEY).json()["items"]
    diagram = read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"] + b"\n"

    def deploy(**parameters: str) -> Response:
        files = [("file", ("penjenjangan-kinerja.bpmn", diagram))]
        key = {"Idempotency-Key": "satu"}
        return designer.request("POST", "/deployments", files=files, headers=key, params=parameters)

    first = deploy(based_on=base["id"])
    assert first.status_code == 201
    assert deploy(based_on=base["id"].upper(), restore_extensions="false").content == first.content
    for others in ({}, {"based_on": base["id"], "restore_extensions": "true"}):
        refused = deploy(**others)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:jenjang:problem:idempotency_key_reused")


def test_a_key_belongs_to_one_person_and_one_path(as_: As, database: Database) -> None:
    instance = start(as_("kepala")).json()
    task = instance["user_tasks"][0]
    assignment = as_("kepala").post(f"/user-tasks/{task['id']}/assignment", Idempotency_Key="satu")
    assert assignment.json()["assignee"] == "kepala"
    text = {"text": "Mohon segera."}
    comments = [
        as_(username).post(f"/user-tasks/{task['id']}/comments", text, Idempotency_Key="satu").json()
        for username in ("kepala", "sekretaris", "kepala")
    ]
    assert [comment["author"] for comment in comments] == ["kepala", "sekretaris", "kepala"]
    assert comments[0] == comments[2]
    told = [event["type"] for event in events_of(database, instance["id"])]
    assert told.count("user_task_commented") == 2


def test_an_answer_is_not_repeated_to_whoever_has_lost_the_role_for_it(as_: As, database: Database) -> None:
    instance = as_("kepala").start()
    requests: list[tuple[str, Any]] = [
        ("/users", {"username": "baru", "name": "Baru", "email": "baru@kota.go.id"}),
        ("/positions", {"name": "Analis", "unit": "Bidang"}),
        (f"/process-instances/{instance['id']}/suspension", None),
    ]
    for path, body in requests:
        assert as_("admin").post(path, body, Idempotency_Key="satu").is_success
        assert as_("admin").post(path, body, Idempotency_Key="satu").is_success
    with database.transaction() as session:
        session.execute(delete(tables.user_role).where(tables.user_role.c.role == "administrator"))
    for path, body in requests:
        refused = as_("admin").post(path, body, Idempotency_Key="satu")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:jenjang:problem:forbidden")


def test_an_answer_about_ones_own_work_is_repeated_though_the_lane_was_lost(as_: As, database: Database) -> None:
    first = start(as_("kepala"))
    with database.transaction() as session:
        session.execute(delete(tables.user_role).where(tables.user_role.c.role == "Kepala Badan"))
    assert start(as_("kepala")).content == first.content


@pytest.mark.parametrize("wrong", [{}, {"asing": 1}])
def test_a_refusal_is_not_kept_so_that_a_mended_request_may_use_the_key(as_: As, wrong: dict[str, Any]) -> None:
    kepala = as_("kepala")
    task = kepala.start()["user_tasks"][0]
    assert kepala.complete(task, wrong, Idempotency_Key="selesai").status_code == 422
    assert kepala.complete(task, values_for(kepala, task), Idempotency_Key="selesai").status_code == 200


def test_a_refused_command_answers_each_time_by_the_state_of_then(as_: As) -> None:
    kepala = as_("kepala")
    instance = kepala.start()
    path = f"/process-instances/{instance['id']}/resumption"
    assert as_("admin").post(path, Idempotency_Key="lanjut").status_code == 409
    as_("admin").post(f"/process-instances/{instance['id']}/suspension")
    assert as_("admin").post(path, Idempotency_Key="lanjut").status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(as_: As, key: str) -> None:
    assert start(as_("kepala"), key=key).status_code == 422
    assert count_instances(as_) == 0


def test_the_longest_key_is_kept(as_: As) -> None:
    first = start(as_("kepala"), key="x" * 255)
    assert start(as_("kepala"), key="x" * 255).content == first.content


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_while_the_first_request_with_a_key_runs_on_the_second_is_told_to_come_again(
    world: World, database: Database
) -> None:
    impatient = world.settings.model_copy(update={"database_timeout": 0.3})
    account, key = tables.user_account.c, tables.idempotency_key
    with TestClient(create_app(impatient)) as http, database.transaction() as first_request:
        row = {
            "user_id": first_request.scalar(select(account.id).where(account.username == "kepala")),
            "method": "POST",
            "path": "/api/v1/process-instances",
            "key": "satu",
            "request_hash": b"",
            "created_at": Clock().now,
        }
        first_request.execute(insert(key), row)
        second = start(Client(http, world.tokens["kepala"]))
    assert (second.status_code, second.json()["type"]) == (409, "urn:jenjang:problem:idempotency_key_in_use")
    assert int(second.headers["retry-after"]) > 0
