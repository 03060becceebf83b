"""Standing in: who may order it, for how long, and that there are no chains."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from app.storage.database import Database
from tests.administration import entries_about_people
from tests.conftest import Clock
from tests.sop import As, Client

LETTER = "800.1.11.1/027/2026"


def order(person: Client, deputy: str, start: str = "2026-07-01", end: str = "2026-07-10", **more: Any) -> Response:
    times = {"starts_at": f"{start}T00:00:00Z", "ends_at": f"{end}T00:00:00Z"}
    return person.post("/substitutions", {"deputy": deputy, "letter": LETTER} | times | more)


def test_a_deputy_acts_in_the_principals_name_until_it_is_revoked(as_: As, database: Database) -> None:
    ordered = order(as_("kepala"), "sekretaris")
    assert ordered.status_code == 201
    made = ordered.json()
    assert (made["principal"], made["deputy"], made["letter"]) == ("kepala", "sekretaris", LETTER)
    assert as_("sekretaris").get(ordered.headers["location"].removeprefix("/api/v1")).json() == made
    assert as_("sekretaris").start()["user_tasks"][0]["element_id"] == "perintah_penyusunan"

    path = f"/substitutions/{made['id']}/revocation"
    assert as_("sekretaris").post(path).status_code == 403
    assert as_("ketua").post(path).status_code == 404
    for _ in range(2):
        revoked = as_("kepala").post(path).json()
        assert (revoked["revoked_by"], revoked["revoked_at"]) == ("kepala", "2026-07-01T01:00:00.000000Z")
    refused = as_("sekretaris").post("/process-instances", {"process_definition_key": "penjenjangan_kinerja"})
    assert refused.status_code == 403
    assert [entry[1:3] for entry in entries_about_people(database)] == [
        ("substitution_made", "kepala"),
        ("substitution_revoked", "kepala"),
    ]


def test_only_administrators_order_it_for_others(as_: As) -> None:
    assert order(as_("sekretaris"), "ketua", principal="kepala").status_code == 403
    assert order(as_("auditor"), "ketua", principal="kepala").status_code == 403
    assert order(as_("admin"), "ketua", principal="kepala").json()["created_by"] == "admin"


@pytest.mark.parametrize(
    ("deputy", "changed", "pointer"),
    [
        ("kepala", {}, "/deputy"),
        ("nobody", {}, "/deputy"),
        ("anggota3", {}, "/deputy"),
        ("sekretaris", {"ends_at": "2026-07-01T00:00:00Z"}, "/ends_at"),
        ("sekretaris", {"starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-07-01T01:00:00Z"}, "/ends_at"),
        ("sekretaris", {"ends_at": "2062-07-06T00:00:00Z"}, "/ends_at"),
        ("sekretaris", {"starts_at": "0001-01-01T00:00:00Z", "ends_at": "9999-12-31T23:59:59Z"}, "/ends_at"),
        ("sekretaris", {"letter": " "}, "/letter"),
        ("sekretaris", {"letter": "1\n2"}, "/letter"),
        ("sekretaris", {"starts_at": "2026-07-01"}, "/starts_at"),
        ("sekretaris", {"starts_at": 2026}, "/starts_at"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    as_: As, deputy: str, changed: dict[str, Any], pointer: str
) -> None:
    as_("admin").request("PATCH", "/users/anggota3", json={"active": False})
    refused = order(as_("kepala"), deputy, **changed)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_nobody_is_deputy_and_principal_at_one_time(as_: As) -> None:
    assert order(as_("kepala"), "sekretaris", "2026-07-05", "2026-07-10").status_code == 201
    for principal, deputy in (("sekretaris", "ketua"), ("ketua", "kepala"), ("sekretaris", "kepala")):
        refused = order(as_(principal), deputy, "2026-07-09", "2026-07-20")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:jenjang:problem:substitution_chain")
        assert LETTER in refused.json()["detail"]
    assert order(as_("sekretaris"), "ketua", "2026-07-10", "2026-07-20").status_code == 201
    assert order(as_("kepala"), "ketua", "2026-07-06", "2026-07-07").status_code == 201


def test_a_revoked_one_is_in_nobodys_way(as_: As) -> None:
    made = order(as_("kepala"), "sekretaris").json()
    assert order(as_("sekretaris"), "ketua").status_code == 409
    as_("admin").post(f"/substitutions/{made['id']}/revocation")
    assert order(as_("sekretaris"), "ketua").status_code == 201


def test_each_side_sees_it_and_supervisors_see_all(as_: As, clock: Clock) -> None:
    made = order(as_("kepala"), "sekretaris").json()
    later = order(as_("admin"), "anggota2", "2026-08-01", "2026-08-02", principal="anggota1").json()
    for username, seen in (
        ("kepala", [made]),
        ("sekretaris", [made]),
        ("anggota2", [later]),
        ("ketua", []),
        ("auditor", [later, made]),
    ):
        assert as_(username).get("/substitutions").json()["items"] == seen
    assert as_("ketua").get(f"/substitutions/{made['id']}").status_code == 404
    assert as_("auditor").get(f"/substitutions/{made['id']}").json() == made
    assert as_("admin").get("/substitutions", username="anggota2").json()["items"] == [later]
    assert as_("admin").get("/substitutions", in_force="true").json()["items"] == [made]
    clock.advance(days=31)
    assert as_("admin").get("/substitutions", in_force="true").json()["items"] == [later]
    as_("admin").request("PATCH", "/users/anggota1", json={"active": False})
    assert as_("admin").get("/substitutions", in_force="true").json()["items"] == []
    assert as_("admin").get(f"/substitutions/{later['id']}").status_code == 200
