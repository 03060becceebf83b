"""Administering people: who may, what is shown of them, and what becomes of their work."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from httpx2 import Response
from sqlalchemy import select

from app.cli.acting import OPERATOR
from app.commands.import_people import PersonRow, import_people
from app.storage.database import Database
from app.storage.tables import metadata
from tests.administration import entries, entries_about_people
from tests.conftest import Clock
from tests.robustness.invariants import check_instance
from tests.sop import As, Client, advance, task_of, values_for
from tests.standing_in import stand_in

NIP = "198001012005011001"
NEW: dict[str, Any] = {
    "username": "ratna",
    "name": "Ratna Wulandari",
    "email": "ratna@kota.go.id",
    "nip": NIP,
    "roles": ["Tim"],
}


def patch(person: Client, username: str, body: dict[str, Any], **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.request("PATCH", f"/users/{username}", json=body, headers=named)


def role(person: Client, method: str, username: str, name: str) -> Response:
    return person.request(method, f"/users/{username}/roles/{quote(name, safe='')}")


@pytest.fixture
def team_task(as_: As) -> dict[str, Any]:
    """Step 3, claimed by anggota1, whom `lane_owners` names."""
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    instance = advance(as_, instance, "pembentukan_tim", anggota_tim=["anggota1", "anggota2"])
    task = task_of(instance, "rapat_koordinasi")
    assert as_("anggota1").post(f"/user-tasks/{task['id']}/assignment").status_code == 200
    return task


@pytest.fixture
def first_task(as_: As) -> dict[str, Any]:
    """Step 1, claimed by the Kepala by their role."""
    (task,) = as_("kepala").start()["user_tasks"]
    assert as_("kepala").post(f"/user-tasks/{task['id']}/assignment").status_code == 200
    return dict(task)


def test_an_added_person_is_shown_with_what_they_hold_and_the_nip_only_to_administrators(as_: As) -> None:
    added = as_("admin").post("/users", NEW)
    assert added.status_code == 201
    assert added.headers["location"] == "/api/v1/users/ratna"
    assert "nip" not in added.json()
    shown = as_("admin").get("/users/ratna").json()
    assert (shown["nip"], shown["email"], shown["roles"], shown["active"]) == (NIP, NEW["email"], ["Tim"], True)
    assert as_("auditor").get("/users/ratna").json()["nip"] is None


def test_a_nip_stands_in_one_table_only(as_: As, database: Database) -> None:
    as_("admin").post("/users", NEW, Idempotency_Key="same")
    patch(as_("admin"), "ratna", {"nip": NIP[::-1]})
    with database.reading() as session:
        rows = [(name, str(row)) for name, table in metadata.tables.items() for row in session.execute(select(table))]
    assert {name for name, row in rows if NIP in row or NIP[::-1] in row} == {"person_identity"}


def test_a_list_of_people_holds_neither_nip_nor_email(as_: As) -> None:
    as_("admin").post("/users", NEW)
    listed = as_("admin").get("/users", q="WULAN")
    assert [item["username"] for item in listed.json()["items"]] == ["ratna"]
    assert NIP not in listed.text
    assert NEW["email"] not in listed.text


def test_a_list_of_people_is_filtered_counted_and_paged(as_: As) -> None:
    admin = as_("admin")
    patch(admin, "anggota3", {"active": False})
    team = admin.get("/users", role="Tim", active=True, include_total=True, limit=1).json()
    assert (team["total"], [item["username"] for item in team["items"]]) == (2, ["anggota1"])
    rest = admin.get("/users", role="Tim", active=True, limit=1, cursor=team["next_cursor"]).json()
    assert ([item["username"] for item in rest["items"]], rest["next_cursor"]) == (["anggota2"], None)
    assert admin.get("/users", sort="-username", limit=1).json()["items"][0]["username"] == "sekretaris"
    assert admin.get("/users", q="%").json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"username": "Ratna"}, "/username"),
        ({"username": "."}, "/username"),
        ({"username": ".."}, "/username"),
        ({"username": "-ratna"}, "/username"),
        ({"username": "system"}, "/username"),
        ({"name": "a\tb"}, "/name"),
        ({"email": "ratna"}, "/email"),
        ({"email": "a@b"}, "/email"),
        ({"nip": "123"}, "/nip"),
        ({"nip": "١٩٨٠٠١٠١٢٠٠٥٠١١٠٠١"}, "/nip"),
        ({"roles": ["Tim", "Nobody's"]}, "/roles/1"),
        ({"position_id": "01980000-0000-7000-8000-000000000000"}, "/position_id"),
    ],
)
def test_what_cannot_be_written_down_of_a_person_is_refused_at_its_field(
    as_: As, changed: dict[str, Any], pointer: str
) -> None:
    refused = as_("admin").post("/users", NEW | changed)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_a_username_and_a_nip_belong_to_one_person(as_: As) -> None:
    assert as_("admin").post("/users", NEW).status_code == 201
    again = as_("admin").post("/users", NEW | {"nip": None})
    assert (again.status_code, again.json()["type"]) == (409, "urn:jenjang:problem:username_taken")
    other = as_("admin").post("/users", NEW | {"username": "ratna2"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:jenjang:problem:nip_taken")
    assert NIP not in other.text


@pytest.mark.parametrize("username", ["auditor", "perancang", "kepala", "orang_luar"])
def test_only_administrators_change_people(as_: As, username: str) -> None:
    person = as_(username)
    assert person.post("/users", NEW).status_code == 403
    assert patch(person, "anggota1", {"name": "X"}).status_code == 403
    assert role(person, "PUT", username, "administrator").status_code == 403
    assert role(person, "DELETE", "admin", "administrator").status_code == 403
    readable = 200 if username == "auditor" else 403
    assert person.get("/users").status_code == readable
    assert person.get("/users/anggota1").status_code == readable


def test_a_change_leaves_out_what_is_not_named_and_clears_what_is_null(as_: As) -> None:
    admin = as_("admin")
    admin.post("/users", NEW)
    position = admin.post("/positions", {"name": "Analis", "unit": "Sekretariat"}).json()
    patch(admin, "ratna", {"position_id": position["id"]})
    assert patch(admin, "ratna", {"email": None, "nip": None}).status_code == 200
    shown = admin.get("/users/ratna").json()
    assert (shown["email"], shown["nip"], shown["name"]) == (None, None, NEW["name"])
    assert shown["position"] == position
    for field in ("name", "active"):
        refused = patch(admin, "ratna", {field: None})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    assert patch(admin, "ratna", {"username": "other"}).status_code == 422


def test_a_stale_change_of_a_person_is_refused(as_: As) -> None:
    admin = as_("admin")
    seen = admin.get("/users/anggota1").headers["etag"]
    changed = patch(admin, "anggota1", {"name": "Agus Setiawan"}, If_Match=seen)
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen
    assert patch(admin, "anggota1", {"name": "Lain"}, If_Match=seen).status_code == 412
    unchanged = patch(admin, "anggota1", {"name": "Agus Setiawan"})
    assert unchanged.headers["etag"] == changed.headers["etag"]


def test_a_person_who_is_deactivated_is_let_in_no_more_and_again_when_activated(as_: As) -> None:
    assert as_("anggota1").get("/user-tasks").status_code == 200
    patch(as_("admin"), "anggota1", {"active": False})
    assert as_("anggota1").get("/user-tasks").status_code == 401
    patch(as_("admin"), "anggota1", {"active": True})
    assert as_("anggota1").get("/user-tasks").status_code == 200


def test_the_open_tasks_of_who_is_deactivated_go_back_to_the_lane(as_: As, team_task: dict[str, Any]) -> None:
    admin = as_("admin")
    admin.post(f"/process-instances/{team_task['process_instance_id']}/suspension", {"reason": "Libur."})
    assert patch(admin, "anggota1", {"active": False}).status_code == 200
    task = admin.get(f"/user-tasks/{team_task['id']}").json()
    assert (task["state"], task["assignee"], task["claimed_at"]) == ("open", None, None)
    event = as_("auditor").events(team_task["process_instance_id"])[-1]
    assert (event["type"], event["actor"]) == ("user_task_released", "admin")
    assert event["payload"] == {"former_assignee": "anggota1", "reason": "assignee_deactivated"}
    admin.post(f"/process-instances/{team_task['process_instance_id']}/resumption", {})
    anggota2 = as_("anggota2")
    assert anggota2.complete(team_task, values_for(anggota2, team_task)).status_code == 200


def test_a_task_claimed_in_the_name_of_who_is_deactivated_is_released_too(
    as_: As, database: Database, clock: Clock
) -> None:
    (task,) = as_("kepala").start()["user_tasks"]
    stand_in(database, "sekretaris", "kepala", clock.now)
    claimed = as_("sekretaris").post(f"/user-tasks/{task['id']}/assignment").json()
    assert (claimed["assignee"], claimed["on_behalf_of"]) == ("sekretaris", "kepala")
    patch(as_("admin"), "kepala", {"active": False})
    released = as_("admin").get(f"/user-tasks/{task['id']}").json()
    assert (released["assignee"], released["on_behalf_of"], released["basis"]) == (None, None, None)
    assert as_("sekretaris").post(f"/user-tasks/{task['id']}/assignment").status_code == 403


def test_a_revoked_role_takes_the_tasks_that_were_held_by_it(as_: As, first_task: dict[str, Any]) -> None:
    assert role(as_("admin"), "DELETE", "kepala", "Kepala Badan").json()["roles"] == []
    event = as_("auditor").events(first_task["process_instance_id"])[-1]
    assert event["payload"] == {"former_assignee": "kepala", "reason": "role_revoked"}
    assert as_("kepala").post(f"/user-tasks/{first_task['id']}/assignment").status_code == 403


def test_a_revoked_role_leaves_the_tasks_for_which_the_diagram_names_the_person(
    as_: As, team_task: dict[str, Any]
) -> None:
    role(as_("admin"), "DELETE", "anggota1", "Tim")
    assert as_("anggota1").get(f"/user-tasks/{team_task['id']}").json()["assignee"] == "anggota1"


def test_a_role_is_granted_and_revoked_once_however_often_it_is_asked(as_: As, database: Database) -> None:
    admin = as_("admin")
    for _ in range(2):
        assert role(admin, "PUT", "orang_luar", "Kepala Badan").json()["roles"] == ["Kepala Badan"]
    assert as_("orang_luar").start()["started_by"] == "orang_luar"
    for _ in range(2):
        assert role(admin, "DELETE", "orang_luar", "Kepala Badan").json()["roles"] == []
    assert entries_about_people(database) == [
        ("admin", "role_granted", "orang_luar", {"role": "Kepala Badan"}),
        ("admin", "role_revoked", "orang_luar", {"role": "Kepala Badan"}),
    ]


def test_a_role_that_nothing_asks_for_cannot_be_granted(as_: As) -> None:
    refused = role(as_("admin"), "PUT", "kepala", "Kepala/Dinas")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:jenjang:problem:role_unknown")
    assert "Kepala Badan" in refused.json()["detail"]
    assert role(as_("admin"), "PUT", "nobody", "Tim").status_code == 404
    assert role(as_("admin"), "DELETE", "nobody", "Tim").status_code == 404


def test_the_last_administrator_stays(as_: As) -> None:
    admin = as_("admin")
    for refused in (patch(admin, "admin", {"active": False}), role(admin, "DELETE", "admin", "administrator")):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:jenjang:problem:last_administrator")
    role(admin, "PUT", "kepala", "administrator")
    assert role(admin, "DELETE", "admin", "administrator").status_code == 200
    assert admin.get("/users").status_code == 403


def test_the_stream_tells_what_changed_without_nip_and_email(as_: As, database: Database) -> None:
    admin = as_("admin")
    admin.post("/users", NEW)
    position = admin.post("/positions", {"name": "Analis", "unit": "Sekretariat"}).json()
    patch(admin, "ratna", {"name": "Ratna W.", "email": "r@kota.go.id", "nip": None, "position_id": position["id"]})
    patch(admin, "ratna", {"active": False})
    patch(admin, "ratna", {"active": False})
    patch(admin, "ratna", {"active": True})
    place = {"name": "Analis", "unit": "Sekretariat"}
    told = [entry[1:] for entry in entries_about_people(database)]
    assert told == [
        ("user_added", "ratna", {"name": "Ratna Wulandari", "position": None, "roles": ["Tim"], "active": True}),
        ("position_added", position["id"], place),
        (
            "user_changed",
            "ratna",
            {
                "email": "changed",
                "nip": "changed",
                "name": {"old": "Ratna Wulandari", "new": "Ratna W."},
                "position": {"old": None, "new": place},
            },
        ),
        ("user_deactivated", "ratna", {}),
        ("user_activated", "ratna", {}),
    ]


def test_an_import_exchanges_nips_and_gives_back_the_tasks_of_who_may_not_do_them(
    as_: As, database: Database, clock: Clock, first_task: dict[str, Any], team_task: dict[str, Any]
) -> None:
    for username, nip in (("kepala", NIP), ("anggota1", NIP[::-1])):
        patch(as_("admin"), username, {"nip": nip})
    rows = {
        2: PersonRow("kepala", "Kepala", None, NIP[::-1], "Kepala", "Badan", frozenset(), active=True),
        3: PersonRow("anggota1", "Agus", None, NIP, None, None, frozenset({"Tim"}), active=False),
    }
    with database.transaction() as session:
        import_people(session, rows, OPERATOR, now=clock.now)

    assert as_("admin").get("/users/kepala").json()["nip"] == NIP[::-1]
    for task, reason in ((first_task, "role_revoked"), (team_task, "assignee_deactivated")):
        assert as_("admin").get(f"/user-tasks/{task['id']}").json()["assignee"] is None
        event = as_("auditor").events(task["process_instance_id"])[-1]
        assert (event["actor"], event["payload"]["reason"]) == ("system", reason)
        check_instance(database, task["process_instance_id"])
    assert [entry[:2] for entry in entries(database)][-5:] == [
        ("system", "position_added"),
        ("system", "user_changed"),
        ("system", "role_revoked"),
        ("system", "user_changed"),
        ("system", "user_deactivated"),
    ]
