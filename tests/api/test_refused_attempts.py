"""Who tried what and was refused is told in the `access` stream, though what was refused was rolled back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient
from structlog.testing import CapturingLogger

from app.api import refusals as recording
from app.permissions import Scope
from app.storage import people, tables, tokens
from app.storage.database import Database
from tests.conftest import Clock, World
from tests.diagrams_in_text import four_eyes
from tests.robustness.invariants import verify_stream
from tests.sop import As, Client, advance, values_for
from tests.standing_in import stand_in


def refusals(database: Database) -> list[Any]:
    columns = tables.stream_event.c
    query = select(tables.stream_event).where(columns.stream == "access", columns.type == "attempt_refused")
    with database.reading() as session:
        return list(session.execute(query.order_by(columns.sequence)).mappings())


def told(database: Database) -> list[tuple[str, str]]:
    """Who was refused, and why."""
    return [(refusal["actor"], refusal["payload"]["code"]) for refusal in refusals(database)]


@pytest.fixture
def instance(as_: As) -> dict[str, Any]:
    return as_("kepala").start()


def test_a_completion_of_a_task_that_somebody_else_has_claimed_is_told_with_the_task(
    as_: As, database: Database, clock: Clock, instance: dict[str, Any]
) -> None:
    instance = advance(as_, advance(as_, instance, "perintah_penyusunan"), "pembentukan_tim")
    (task,) = instance["user_tasks"]
    values = values_for(as_("anggota1"), task)
    assert as_("anggota2").post(f"/user-tasks/{task['id']}/assignment").status_code == 200
    before = as_("kepala").events(instance["id"])
    refused = as_("anggota1").complete(task, values)
    assert refused.status_code == 409
    (refusal,) = refusals(database)
    assert refusal["payload"] == {
        "method": "POST",
        "path": f"/api/v1/user-tasks/{task['id']}/completion",
        "operations": ["user_task.complete"],
        "code": "user_task_claimed",
        "on_behalf_of": None,
        "user_task_id": task["id"],
        "element_id": "rapat_koordinasi",
    }
    assert (refusal["actor"], refusal["occurred_at"]) == ("anggota1", clock.now)
    assert (refusal["subject"], str(refusal["process_instance_id"])) == (task["id"], instance["id"])
    assert refusal["channel"] is not None
    assert refusal["request_id"] == refused.headers["X-Request-ID"]
    assert as_("kepala").events(instance["id"]) == before


def test_everything_that_is_refused_by_right_or_turn_is_told(
    as_: As, database: Database, clock: Clock, instance: dict[str, Any]
) -> None:
    task, path = f"/user-tasks/{instance['user_tasks'][0]['id']}", f"/process-instances/{instance['id']}"
    assert as_("anggota1").post(f"{task}/assignment").status_code == 403
    assert as_("kepala").post(f"{path}/suspension", {"reason": "Uji."}).status_code == 403
    assert as_("kepala").get("/users").status_code == 403
    assert as_("kepala").post(f"{task}/comments", {"text": "x", "on_behalf_of": "sekretaris"}).status_code == 403
    assert as_("admin").post(f"{path}/suspension", {"reason": "Uji."}).status_code == 200
    assert as_("kepala").post(f"{task}/assignment").status_code == 409
    assert as_("admin").post(f"{path}/resumption", {"reason": "Uji."}).status_code == 200
    advance(as_, instance, "perintah_penyusunan")
    assert as_("kepala").post(f"{task}/assignment").status_code == 409
    assert told(database) == [
        ("anggota1", "forbidden"),
        ("kepala", "forbidden"),
        ("kepala", "forbidden"),
        ("kepala", "not_standing_in"),
        ("kepala", "process_instance_not_active"),
        ("kepala", "user_task_closed"),
    ]
    found = refusals(database)
    assert found[3]["payload"]["on_behalf_of"] == "sekretaris"
    assert found[2]["payload"] == {
        "method": "GET",
        "path": "/api/v1/users",
        "operations": ["user.read"],
        "code": "forbidden",
        "on_behalf_of": None,
        "user_task_id": None,
        "element_id": None,
    }
    assert (found[2]["subject"], found[2]["process_instance_id"]) == ("/api/v1/users", None)
    assert {str(refusal["process_instance_id"]) for refusal in found if refusal is not found[2]} == {instance["id"]}
    verify_stream(database, "access")


def test_who_may_not_do_a_task_because_they_did_another_is_told(as_: As, database: Database) -> None:
    assert as_("perancang").deploy({"dua.bpmn": four_eyes(examiner="Tim")}).status_code == 201
    drafted = as_("anggota1").post("/process-instances", {"process_definition_key": "dua"}).json()
    (draft,) = drafted["user_tasks"]
    (examination,) = as_("anggota1").complete(draft, {}).json()["next_user_tasks"]
    assert as_("anggota1").complete(examination, {}).status_code == 403
    assert told(database) == [("anggota1", "four_eyes")]


def test_what_somebody_may_not_know_of_is_told_where_it_is_there_and_looks_to_them_as_if_it_were_not(
    as_: As, database: Database, clock: Clock, instance: dict[str, Any]
) -> None:
    token = as_("kepala").post("/tokens", {"name": "sementara"}).json()["id"]
    substitution = str(stand_in(database, "ketua", "kepala", clock.now))
    task = instance["user_tasks"][0]["id"]
    attempts = [
        ("GET", "/process-instances/{}", instance["id"]),
        ("GET", "/history/process-instances/{}/events", instance["id"]),
        ("POST", "/process-instances/{}/cancellation", instance["id"]),
        ("GET", "/user-tasks/{}/form", task),
        ("PUT", "/user-tasks/{}/draft", task),
        ("DELETE", "/tokens/{}", token),
        ("GET", "/substitutions/{}", substitution),
    ]
    body = {"POST": {"reason": "Uji."}, "PUT": {"variables": {}}}
    for method, template, thing in attempts:
        there, not_there = (
            as_("orang_luar").request(method, template.format(name), json=body.get(method)) for name in (thing, uuid4())
        )
        assert (there.status_code, not_there.status_code) == (404, 404), template
        assert there.json() | {"instance": ""} == not_there.json() | {"instance": ""}
    found = refusals(database)
    assert [(one["payload"]["method"], one["payload"]["path"], one["subject"]) for one in found] == [
        (method, f"/api/v1{template.format(thing)}", thing) for method, template, thing in attempts
    ]
    assert {one["actor"] for one in found} == {"orang_luar"}


def test_what_is_wrong_in_itself_is_no_refused_attempt(
    as_: As, http: TestClient, database: Database, instance: dict[str, Any]
) -> None:
    path = f"/user-tasks/{instance['user_tasks'][0]['id']}"
    kepala, admin = as_("kepala"), as_("admin")
    statuses = [
        kepala.post(f"{path}/completion", {"variables": {"asing": 1}}),
        kepala.request("POST", f"{path}/completion", content=b"{", headers={"Content-Type": "application/json"}),
        kepala.post(f"{path}/assignment", None, If_Match='"77"'),
        kepala.request("DELETE", f"{path}/assignment"),
        admin.post(f"/process-instances/{instance['id']}/resumption", {"reason": "Uji."}),
        admin.get(f"/process-instances/{uuid4()}"),
        admin.get("/users/siapa"),
        kepala.get(f"/process-instances/{instance['id']}", asing="1"),
        Client(http, "jj_salah").get(f"/process-instances/{instance['id']}"),
        as_("orang_luar").get("/process-instances"),
    ]
    expected = [422, 400, 412, 403, 409, 404, 404, 422, 401, 200]
    assert [response.status_code for response in statuses] == expected
    assert told(database) == [("kepala", "forbidden")]


def test_nothing_that_was_written_is_kept_of_a_refused_attempt_and_each_is_told(
    as_: As, database: Database, instance: dict[str, Any]
) -> None:
    path = f"/user-tasks/{instance['user_tasks'][0]['id']}/completion"
    for _ in range(2):
        body = {"variables": {"catatan": "sangat rahasia"}, "comment": "rahasia juga"}
        assert as_("anggota1").post(path, body, Idempotency_Key="satu").status_code == 403
    assert len(refusals(database)) == 2
    assert "rahasia" not in str(refusals(database))


def test_a_token_that_is_not_meant_for_it_is_told_of_whatever_the_path_says(
    http: TestClient, world: World, database: Database, clock: Clock, instance: dict[str, Any]
) -> None:
    with database.transaction() as session:
        user_id = people.get_by_username(session, "kepala").id
        secret = tokens.issue(session, user_id, now=clock.now, scopes=[Scope.READ]).secret
    task = instance["user_tasks"][0]["id"]
    narrow = Client(http, secret)
    for name in (task, "bukan-uuid", "x" * 300):
        assert narrow.post(f"/user-tasks/{name}/assignment").status_code == 403
    assert narrow.post("/user-tasks/%00/assignment").status_code == 403
    found = refusals(database)
    assert {one["payload"]["code"] for one in found} == {"scope_missing"}
    subjects = [one["subject"] for one in found]
    assert subjects == [
        task,
        "/api/v1/user-tasks/bukan-uuid/assignment",
        f"/api/v1/user-tasks/{'x' * 300}/assignment"[:255],
    ]


def test_refusals_at_one_moment_are_told_one_after_the_other(
    as_: As, database: Database, instance: dict[str, Any]
) -> None:
    path = f"/process-instances/{instance['id']}"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: as_("orang_luar").get(path).status_code, range(24)))
    assert answers == [404] * 24
    assert len(refusals(database)) == 24
    verify_stream(database, "access")


def test_a_refusal_that_cannot_be_told_is_answered_all_the_same_and_logged(
    as_: As, database: Database, instance: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_RECORDED_WITHIN", 0.05)
    log = CapturingLogger()
    monkeypatch.setattr(recording, "_log", log)
    with database.transaction() as session:
        session.execute(select(tables.stream).with_for_update())
        assert as_("orang_luar").get(f"/process-instances/{instance['id']}").status_code == 404
        assert as_("kepala").get("/users").status_code == 403
    assert {call.args for call in log.calls} == {("refusal_not_recorded",)}
    assert [(call.method_name, call.kwargs["username"], call.kwargs["code"]) for call in log.calls] == [
        ("error", "orang_luar", "process_instance_not_found"),
        ("error", "kepala", "forbidden"),
    ]
    assert refusals(database) == []
    assert as_("kepala").get("/users").status_code == 403
    assert told(database) == [("kepala", "forbidden")]
