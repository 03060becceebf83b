"""Starting, finding, stopping and resuming process instances."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Clock
from tests.sop import As, advance, values_for


def test_a_start_answers_with_the_place_of_the_instance(as_: As) -> None:
    response = as_("kepala").post("/process-instances", {"process_definition_key": "penjenjangan_kinerja"})
    assert response.status_code == 201
    instance = response.json()
    assert response.headers["location"] == f"/api/v1/process-instances/{instance['id']}"
    again = as_("kepala").get(f"/process-instances/{instance['id']}")
    assert again.json() == instance
    assert again.headers["etag"] == response.headers["etag"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "body_refused"),
        ({"process_definition_key": "tidak_ada"}, 404, "process_definition_not_found"),
        ({"process_definition_id": "01890000-0000-7000-8000-000000000000"}, 404, "process_definition_not_found"),
        ({"process_definition_key": "penjenjangan_kinerja", "asing": 1}, 422, "body_refused"),
        ({"process_definition_key": "penjenjangan_kinerja", "variables": {"tahun": 2026}}, 422, "form_refused"),
    ],
)
def test_a_wrong_start_is_refused(as_: As, body: dict[str, Any], status: int, code: str) -> None:
    response = as_("kepala").post("/process-instances", body)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:jenjang:problem:{code}")
    assert as_("auditor").get("/process-instances").json()["items"] == []


def test_a_version_can_be_started_by_id(as_: As) -> None:
    definition = as_("kepala").get("/process-definitions", latest=True).json()["items"][0]
    response = as_("kepala").post("/process-instances", {"process_definition_id": definition["id"]})
    assert response.status_code == 201
    assert response.json()["process_definition_id"] == definition["id"]


def test_instances_are_found_by_every_filter(as_: As, clock: Clock) -> None:
    first = as_("kepala").start(business_key="satu")
    clock.advance(days=1)
    second = as_("kepala").start(business_key="dua")
    advance(as_, second, "perintah_penyusunan", tahun=2027)
    as_("admin").post(f"/process-instances/{first['id']}/cancellation", {"reason": "Salah mulai."})

    def found(**filters: Any) -> set[str]:
        response = as_("auditor").get("/process-instances", **filters)
        assert response.status_code == 200, response.text
        return {item["business_key"] for item in response.json()["items"]}

    assert found() == {"satu", "dua"}
    assert found(status="cancelled") == {"satu"}
    assert found(business_key="dua") == {"dua"}
    assert found(started_by="kepala") == {"satu", "dua"}
    assert found(started_by="admin") == set()
    assert found(process_definition_key="penjenjangan_kinerja") == {"satu", "dua"}
    assert found(process_definition_key="lain") == set()
    assert found(started_after="2026-07-01T12:00:00Z") == {"dua"}
    assert found(started_before="2026-07-01T12:00:00Z") == {"satu"}
    assert found(variable="tahun:2027") == {"dua"}
    assert found(variable="tahun:2026") == set()
    assert found(variable=["tahun:2027", "lain:1"]) == set()


def test_lists_page_without_gaps_while_new_instances_come(as_: As, clock: Clock) -> None:
    for number in range(5):
        clock.advance(seconds=1)
        as_("kepala").start(business_key=str(number))
    page = as_("kepala").get("/process-instances", limit=2, include_total=True).json()
    assert page["total"] == 5
    seen = [item["business_key"] for item in page["items"]]
    clock.advance(seconds=1)
    as_("kepala").start(business_key="baru")
    while page["next_cursor"] is not None:
        page = as_("kepala").get("/process-instances", limit=2, cursor=page["next_cursor"]).json()
        assert "total" not in page
        seen += [item["business_key"] for item in page["items"]]
    assert seen == ["4", "3", "2", "1", "0"]


def test_lists_sort_by_named_fields_both_ways(as_: As) -> None:
    for key in ("b", "a", None):
        as_("kepala").start(**({"business_key": key} if key else {}))
    up = as_("kepala").get("/process-instances", sort="business_key,-started_at").json()["items"]
    assert [item["business_key"] for item in up] == [None, "a", "b"]
    down = as_("kepala").get("/process-instances", sort="-business_key", limit=1).json()
    assert [item["business_key"] for item in down["items"]] == ["b"]
    rest = as_("kepala").get("/process-instances", sort="-business_key", cursor=down["next_cursor"]).json()
    assert [item["business_key"] for item in rest["items"]] == ["a", None]
    assert as_("kepala").get("/process-instances", cursor=down["next_cursor"]).status_code == 422
    assert as_("kepala").get("/process-instances", sort="revision").status_code == 422


@pytest.mark.parametrize(
    "parameters", [{"limit": 201}, {"limit": 0}, {"cursor": "x"}, {"asing": 1}, {"status": "x"}, {"variable": "tahun"}]
)
def test_wrong_parameters_are_refused_by_name(as_: As, parameters: dict[str, Any]) -> None:
    response = as_("kepala").get("/process-instances", **parameters)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:jenjang:problem:parameter_refused"
    assert next(iter(parameters)) in response.json()["errors"][0]["pointer"]


def test_a_suspended_instance_refuses_every_command_until_it_is_resumed(as_: As) -> None:
    instance = as_("kepala").start()
    task = instance["user_tasks"][0]
    values = values_for(as_("kepala"), task)
    suspended = as_("admin").post(f"/process-instances/{instance['id']}/suspension", {"reason": "Audit."})
    assert suspended.json()["status"] == "suspended"
    for refused in (
        as_("kepala").complete(task, values),
        as_("kepala").post(f"/user-tasks/{task['id']}/assignment"),
        as_("admin").post(f"/process-instances/{instance['id']}/suspension"),
    ):
        assert refused.status_code == 409
        assert "suspended by admin at 2026-07-01T01:00:00" in refused.json()["detail"]
    assert as_("admin").post(f"/process-instances/{instance['id']}/resumption").json()["status"] == "active"
    assert as_("admin").post(f"/process-instances/{instance['id']}/resumption").status_code == 409
    assert as_("kepala").complete(task, values).status_code == 200


def test_a_cancelled_instance_is_closed_for_good_with_its_reason(as_: As) -> None:
    instance = as_("kepala").start()
    task = instance["user_tasks"][0]
    cancelled = as_("admin").post(f"/process-instances/{instance['id']}/cancellation", {"reason": "Salah mulai."})
    assert cancelled.json()["status"] == "cancelled"
    assert cancelled.json()["user_tasks"] == []
    assert cancelled.json()["ended_at"] is not None
    refused = as_("kepala").complete(task, {})
    assert refused.status_code == 409
    assert "cancelled by admin" in refused.json()["detail"]
    again = as_("admin").post(f"/process-instances/{instance['id']}/cancellation", {"reason": "Lagi."})
    assert again.status_code == 409
    event = as_("auditor").events(instance["id"])[-1]
    told = {"from": "active", "to": "cancelled", "reason": "Salah mulai."}
    timing = {"started_at": "2026-07-01T01:00:00.000000+00:00"}
    assert (event["type"], event["payload"]) == ("process_instance_cancelled", told | {"timing": timing})
    assert as_("admin").post(f"/process-instances/{instance['id']}/cancellation", {}).status_code == 422


def test_an_instance_of_which_somebody_read_an_older_revision_is_not_cancelled(as_: As) -> None:
    response = as_("kepala").post("/process-instances", {"process_definition_key": "penjenjangan_kinerja"})
    instance = response.json()
    advance(as_, instance, "perintah_penyusunan")
    path = f"/process-instances/{instance['id']}/cancellation"
    stale = as_("admin").post(path, {"reason": "x"}, If_Match=response.headers["etag"])
    assert stale.status_code == 412
    assert as_("admin").instance(instance["id"])["status"] == "active"
