"""Positions: added and changed, never taken away."""

from __future__ import annotations

from typing import Any

import pytest

from app.storage.database import Database
from tests.administration import entries
from tests.sop import As

ANALYST = {"name": "Analis Kebijakan", "unit": "Sekretariat"}


@pytest.fixture
def position(as_: As) -> dict[str, Any]:
    added = as_("admin").post("/positions", ANALYST)
    assert added.status_code == 201
    assert added.headers["location"] == f"/api/v1/positions/{added.json()['id']}"
    return dict(added.json())


def test_a_position_is_unique_within_its_unit(as_: As, position: dict[str, Any]) -> None:
    again = as_("admin").post("/positions", ANALYST)
    assert (again.status_code, again.json()["type"]) == (409, "urn:jenjang:problem:position_taken")
    other = as_("admin").post("/positions", ANALYST | {"unit": "Bidang II"}).json()
    renamed = as_("admin").request("PATCH", f"/positions/{other['id']}", json={"unit": position["unit"]})
    assert (renamed.status_code, renamed.json()["type"]) == (409, "urn:jenjang:problem:position_taken")


def test_a_position_is_renamed_for_everybody_who_holds_it(
    as_: As, position: dict[str, Any], database: Database
) -> None:
    admin, path = as_("admin"), f"/positions/{position['id']}"
    admin.request("PATCH", "/users/kepala", json={"position_id": position["id"]})
    seen = admin.get(path).headers["etag"]
    changed = admin.request("PATCH", path, json={"name": "Analis"}, headers={"If-Match": seen})
    assert changed.json() == position | {"name": "Analis"}
    assert admin.request("PATCH", path, json={"name": "X"}, headers={"If-Match": seen}).status_code == 412
    assert admin.get("/users/kepala").json()["position"]["name"] == "Analis"
    told = {"old": ANALYST, "new": ANALYST | {"name": "Analis"}}
    assert entries(database)[-1] == ("admin", "position_changed", position["id"], told)


def test_positions_are_found_by_name_and_unit(as_: As, position: dict[str, Any]) -> None:
    as_("admin").post("/positions", {"name": "Sekretaris", "unit": "Sekretariat"})
    auditor = as_("auditor")
    assert auditor.get("/positions", q="analis").json()["items"] == [position]
    found = auditor.get("/positions", unit="Sekretariat", sort="-name", include_total=True).json()
    assert ([item["name"] for item in found["items"]], found["total"]) == (["Sekretaris", "Analis Kebijakan"], 2)


def test_positions_are_for_administrators(as_: As, position: dict[str, Any]) -> None:
    path = f"/positions/{position['id']}"
    for username, readable in (("auditor", 200), ("kepala", 403)):
        person = as_(username)
        assert person.get(path).status_code == readable
        assert person.post("/positions", {"name": "X", "unit": "Y"}).status_code == 403
        assert person.request("PATCH", path, json={"name": "X"}).status_code == 403
    assert as_("admin").get("/positions/01980000-0000-7000-8000-000000000000").status_code == 404
