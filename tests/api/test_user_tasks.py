"""Claiming, drafting, commenting and completing one user task."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Clock
from tests.sop import As, Client, advance, task_of, values_for


@pytest.fixture
def team_task(as_: As) -> dict[str, Any]:
    """Step 3, which any of three people may do."""
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    instance = advance(as_, instance, "pembentukan_tim", anggota_tim=["anggota1", "anggota2"])
    return task_of(instance, "rapat_koordinasi")


def path(task: dict[str, Any], part: str = "") -> str:
    return f"/user-tasks/{task['id']}{part}"


def current(person: Client, task: dict[str, Any]) -> dict[str, Any]:
    return dict(person.get(path(task)).json())


def test_second_completion_of_a_task_is_refused_and_says_who_did_it(as_: As, team_task: dict[str, Any]) -> None:
    values = values_for(as_("anggota1"), team_task)
    assert as_("anggota1").complete(team_task, values).status_code == 200
    again = as_("anggota2").complete(team_task, values)
    assert again.status_code == 409
    assert again.json()["type"] == "urn:jenjang:problem:user_task_closed"
    assert "anggota1" in again.json()["detail"]
    assert "2026-07-01T01:00:00" in again.json()["detail"]


def test_completing_without_a_claim_claims_and_completes(as_: As, team_task: dict[str, Any]) -> None:
    done = as_("anggota1").complete(team_task, values_for(as_("anggota1"), team_task)).json()["user_task"]
    assert (done["state"], done["assignee"], done["completed_by"]) == ("completed", "anggota1", "anggota1")
    assert done["claimed_at"] == done["completed_at"]


def test_a_claimed_task_is_refused_to_others_by_name_and_time(as_: As, team_task: dict[str, Any]) -> None:
    claimed = as_("anggota1").post(path(team_task, "/assignment"))
    assert claimed.status_code == 200
    assert claimed.json()["assignee"] == "anggota1"
    values = values_for(as_("anggota2"), team_task)
    for refused in (
        as_("anggota2").post(path(team_task, "/assignment")),
        as_("anggota2").complete(team_task, values),
        as_("anggota2").request("PUT", path(team_task, "/draft"), json={"variables": {}}),
    ):
        assert refused.status_code == 409
        assert "anggota1" in refused.json()["detail"]


def test_claiming_twice_is_claiming_once(as_: As, team_task: dict[str, Any]) -> None:
    person = as_("anggota1")
    first, second = person.post(path(team_task, "/assignment")), person.post(path(team_task, "/assignment"))
    assert first.json() == second.json()
    assert first.headers["etag"] == second.headers["etag"]
    events = as_("auditor").events(team_task["process_instance_id"])
    assert [event["type"] for event in events].count("user_task_claimed") == 1


def test_a_released_task_can_be_claimed_by_another_and_keeps_its_draft(as_: As, team_task: dict[str, Any]) -> None:
    as_("anggota1").post(path(team_task, "/assignment"))
    as_("anggota1").request("PUT", path(team_task, "/draft"), json={"variables": {"notulen": "Setengah jadi."}})
    assert as_("anggota2").request("DELETE", path(team_task, "/assignment")).status_code == 403
    released = as_("anggota1").request("DELETE", path(team_task, "/assignment"))
    assert released.status_code == 200
    assert released.json()["assignee"] is None
    assert as_("anggota1").request("DELETE", path(team_task, "/assignment")).status_code == 403
    assert as_("anggota2").post(path(team_task, "/assignment")).status_code == 200
    assert as_("anggota2").get(path(team_task, "/form")).json()["values"] == {"notulen": "Setengah jadi."}


def test_an_administrator_assigns_to_a_candidate_only(as_: As, team_task: dict[str, Any]) -> None:
    admin = as_("admin")
    refused = admin.post(path(team_task, "/assignment"), {"assignee": "anggota3"})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/assignee", "/reason"]
    given = {"assignee": "anggota2", "reason": "Anggota lain sedang cuti."}
    unknown = given | {"assignee": "tak_dikenal"}
    assert admin.post(path(team_task, "/assignment"), unknown).status_code == 422
    assert as_("anggota1").post(path(team_task, "/assignment"), given).status_code == 403
    assert admin.post(path(team_task, "/assignment"), given).json()["assignee"] == "anggota2"
    event = as_("auditor").events(team_task["process_instance_id"])[-1]
    assert (event["type"], event["actor"]) == ("user_task_assigned", "admin")
    assert event["payload"] == {
        "assignee": "anggota2",
        "former_assignee": None,
        "reason": "Anggota lain sedang cuti.",
    }


def test_an_assignee_hands_a_task_on_with_a_reason(as_: As, team_task: dict[str, Any]) -> None:
    as_("anggota1").post(path(team_task, "/assignment"))
    without = as_("anggota1").post(path(team_task, "/assignment"), {"assignee": "anggota2"})
    assert (without.status_code, without.json()["errors"][0]["pointer"]) == (422, "/reason")
    given = {"assignee": "anggota2", "reason": "Saya dinas luar."}
    assert as_("anggota1").post(path(team_task, "/assignment"), given).json()["assignee"] == "anggota2"
    assert as_("anggota1").post(path(team_task, "/assignment"), given).status_code == 403
    event = as_("auditor").events(team_task["process_instance_id"])[-1]
    assert event["payload"] == {"assignee": "anggota2", "former_assignee": "anggota1", "reason": "Saya dinas luar."}


def test_a_draft_may_be_incomplete_but_holds_only_declared_values(as_: As, team_task: dict[str, Any]) -> None:
    person = as_("anggota1")
    saved = person.request("PUT", path(team_task, "/draft"), json={"variables": {"notulen": "Awal."}})
    assert saved.status_code == 200
    assert person.get(path(team_task, "/form")).json()["values"] == {"notulen": "Awal."}
    refused = person.request("PUT", path(team_task, "/draft"), json={"variables": {"lane_owners": {}, "x": 1}})
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/variables/lane_owners", "/variables/x"}


def test_a_completion_is_the_whole_form_not_merged_with_the_draft(as_: As, team_task: dict[str, Any]) -> None:
    person = as_("anggota1")
    values = values_for(person, team_task)
    person.request("PUT", path(team_task, "/draft"), json={"variables": values})
    refused = person.complete(team_task, {})
    assert refused.status_code == 422
    assert "/variables/notulen" in {error["pointer"] for error in refused.json()["errors"]}


def test_every_violation_of_a_form_is_named_with_its_pointer(as_: As) -> None:
    task = as_("kepala").start()["user_tasks"][0]
    values = values_for(as_("kepala"), task) | {"tahun": "dua ribu", "tanggal_surat": "kemarin", "asing": 1}
    del values["nomor_surat"]
    response = as_("kepala").complete(task, values)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    pointers = {error["pointer"] for error in response.json()["errors"]}
    assert pointers == {"/variables/tahun", "/variables/tanggal_surat", "/variables/asing", "/variables/nomor_surat"}


def test_a_write_with_a_stale_etag_is_refused_and_changes_nothing(as_: As, team_task: dict[str, Any]) -> None:
    person = as_("anggota1")
    seen = person.get(path(team_task)).headers["etag"]
    person.request("PUT", path(team_task, "/draft"), json={"variables": {"notulen": "Lain."}})
    events = len(as_("auditor").events(team_task["process_instance_id"]))
    refused = person.complete(team_task, values_for(person, team_task), If_Match=seen)
    assert refused.status_code == 412
    assert len(as_("auditor").events(team_task["process_instance_id"])) == events
    fresh = person.get(path(team_task)).headers["etag"]
    assert person.complete(team_task, values_for(person, team_task), If_Match=fresh).status_code == 200


def test_comments_are_kept_in_order_and_page(as_: As, team_task: dict[str, Any], clock: Clock) -> None:
    for number in range(3):
        clock.advance(seconds=1)
        response = as_("anggota1").post(path(team_task, "/comments"), {"text": f"Catatan {number}"})
        assert response.status_code == 201
    first = as_("anggota2").get(path(team_task, "/comments"), limit=2, include_total=True).json()
    assert ([item["text"] for item in first["items"]], first["total"]) == (["Catatan 0", "Catatan 1"], 3)
    rest = as_("anggota2").get(path(team_task, "/comments"), limit=2, cursor=first["next_cursor"]).json()
    assert ([item["text"] for item in rest["items"]], rest["next_cursor"]) == (["Catatan 2"], None)
    assert as_("anggota1").post(path(team_task, "/comments"), {"text": "   "}).status_code == 422


def test_a_comment_with_a_completion_is_kept_with_it(as_: As, team_task: dict[str, Any]) -> None:
    person = as_("anggota1")
    body = {"variables": values_for(person, team_task), "comment": "Sesuai hasil rapat."}
    assert person.post(path(team_task, "/completion"), body).status_code == 200
    assert person.get(path(team_task, "/comments")).json()["items"][0]["text"] == "Sesuai hasil rapat."


def test_a_task_shows_its_quality_standard(as_: As, team_task: dict[str, Any]) -> None:
    quality = current(as_("anggota1"), team_task)["quality"]
    assert quality["waktu"] == "P1W"
    assert quality["kelengkapan"] == "Tim penyusun penjenjangan kinerja"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"state": "open"}, {"rapat_koordinasi"}),
        ({"state": "completed"}, {"perintah_penyusunan", "pembentukan_tim"}),
        ({"role": "Tim"}, {"rapat_koordinasi"}),
        ({"element_id": "pembentukan_tim"}, {"pembentukan_tim"}),
        ({"assignee": "kepala"}, {"perintah_penyusunan"}),
        ({"due_before": "2030-01-01T00:00:00Z"}, set()),
    ],
)
def test_tasks_are_found_by_every_filter(
    as_: As, team_task: dict[str, Any], filters: dict[str, str], expected: set[str]
) -> None:
    items = as_("auditor").get("/user-tasks", process_instance_id=team_task["process_instance_id"], **filters).json()
    assert {item["element_id"] for item in items["items"]} == expected


def test_an_inbox_holds_what_the_caller_can_do_and_no_more(as_: As, team_task: dict[str, Any]) -> None:
    inbox = {"candidate": "me", "state": "open"}
    assert [item["id"] for item in as_("anggota1").get("/user-tasks", **inbox).json()["items"]] == [team_task["id"]]
    for username in ("anggota3", "sekretaris", "admin", "auditor", "orang_luar"):
        assert as_(username).get("/user-tasks", **inbox).json()["items"] == []
    as_("anggota1").post(path(team_task, "/assignment"))
    assert len(as_("anggota1").get("/user-tasks", assignee="me", state="open").json()["items"]) == 1


def test_an_inbox_is_counted_without_being_fetched(as_: As, team_task: dict[str, Any]) -> None:
    as_("kepala").start()

    def count(username: str, **filters: Any) -> int:
        page = as_(username).get("/user-tasks", state="open", limit=1, include_total=True, **filters).json()
        assert len(page["items"]) == min(1, page["total"])
        return int(page["total"])

    assert (count("anggota1", candidate="me"), count("anggota1", assignee="me")) == (1, 0)
    as_("anggota1").post(path(team_task, "/assignment"))
    assert (count("anggota1", candidate="me"), count("anggota1", assignee="me")) == (1, 1)
    assert (count("anggota2", candidate="me"), count("anggota2", assignee="me")) == (1, 0)
    assert (count("kepala", candidate="me"), count("kepala", role="Tim"), count("kepala")) == (1, 1, 2)
