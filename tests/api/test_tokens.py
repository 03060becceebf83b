"""Tokens: what one can make of itself, who sees it, and that it ends when it should."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from app.storage.database import Database
from app.storage.tables import metadata
from tests.administration import entries, entries_about_people
from tests.conftest import Clock
from tests.sop import As, Client


def issue(person: Client, **wanted: Any) -> Response:
    return person.post("/tokens", {"name": "skrip"} | wanted)


@pytest.fixture
def reader(as_: As, http: TestClient) -> Client:
    """The Kepala with a token that can only read, and only until 2 July."""
    issued = issue(as_("kepala"), scopes=["read"], expires_at="2026-07-02T00:00:00Z").json()
    return Client(http, issued["token"], "kepala")


def test_a_secret_is_shown_once_and_kept_nowhere(as_: As, database: Database, http: TestClient) -> None:
    answer = as_("kepala").post("/tokens", {"name": "skrip"}, Idempotency_Key="same")
    issued = answer.json()
    assert answer.status_code == 201
    assert issued["token"].startswith(issued["prefix"])
    assert Client(http, issued["token"]).get("/user-tasks").status_code == 200
    assert issued["token"] not in as_("kepala").get("/tokens").text
    with database.reading() as session:
        kept = [str(row) for name in metadata.tables for row in session.execute(select(metadata.tables[name]))]
    assert not any(issued["token"] in row for row in kept)
    assert ("kepala", "token_issued", "kepala") in [entry[:3] for entry in entries(database)]


def test_a_token_can_make_no_better_one(reader: Client) -> None:
    assert reader.post("/process-instances", {"process_definition_key": "penjenjangan_kinerja"}).status_code == 403
    wider = issue(reader, scopes=["read", "tasks"])
    assert (wider.status_code, wider.json()["errors"][0]["pointer"]) == (422, "/scopes")
    longer = issue(reader, expires_at="2026-07-02T00:00:01Z")
    assert (longer.status_code, longer.json()["errors"][0]["pointer"]) == (422, "/expires_at")
    as_good = issue(reader).json()
    assert (as_good["scopes"], as_good["expires_at"]) == (["read"], "2026-07-02T00:00:00.000000Z")


def test_a_token_that_would_be_useless_is_refused(as_: As) -> None:
    past = issue(as_("kepala"), expires_at="2026-07-01T01:00:00Z")
    assert (past.status_code, past.json()["errors"][0]["pointer"]) == (422, "/expires_at")
    misshapen: list[dict[str, Any]] = [{"scopes": []}, {"scopes": ["all"]}, {"name": " "}, {"username": "admin"}]
    for wrong in misshapen:
        assert issue(as_("kepala"), **wrong).status_code == 422


def test_a_token_ends_when_it_expires(reader: Client, clock: Clock) -> None:
    assert reader.get("/user-tasks").status_code == 200
    clock.advance(days=1)
    assert reader.get("/user-tasks").status_code == 401


def test_a_revoked_token_is_refused_at_once(as_: As, reader: Client, database: Database) -> None:
    (newest, *_) = reader.get("/tokens").json()["items"]
    for _ in range(2):
        revoked = as_("kepala").request("DELETE", f"/tokens/{newest['id']}")
        assert revoked.status_code == 200
        assert revoked.json()["revoked_at"] is not None
    assert reader.get("/user-tasks").status_code == 401
    assert [entry[1] for entry in entries_about_people(database)] == ["token_issued", "token_revoked"]


def test_a_token_of_an_administrator_reaches_those_of_others_only_with_a_scope_for_it(
    as_: As, http: TestClient, reader: Client
) -> None:
    (newest, *_) = reader.get("/tokens").json()["items"]
    for scope, lists, revokes in (("read", 403, 404), ("audit", 200, 403), ("admin", 200, 200)):
        narrow = Client(http, issue(as_("admin"), scopes=[scope]).json()["token"])
        assert narrow.get("/tokens", username="kepala").status_code == lists
        assert narrow.request("DELETE", f"/tokens/{newest['id']}").status_code == revokes
        assert narrow.get("/tokens").status_code == 200


def test_whoever_revokes_a_token_revokes_what_it_made(as_: As, http: TestClient, database: Database) -> None:
    parent = issue(as_("kepala")).json()
    child = issue(Client(http, parent["token"])).json()
    grandchild = issue(Client(http, child["token"])).json()
    assert (child["parent_id"], grandchild["parent_id"]) == (parent["id"], child["id"])
    as_("kepala").request("DELETE", f"/tokens/{child['id']}")
    assert Client(http, grandchild["token"]).get("/user-tasks").status_code == 401
    assert Client(http, parent["token"]).get("/user-tasks").status_code == 200
    second_child = issue(Client(http, parent["token"])).json()
    assert as_("kepala").request("DELETE", f"/tokens/{parent['id']}").status_code == 200
    assert Client(http, second_child["token"]).get("/user-tasks").status_code == 401
    assert as_("kepala").get("/user-tasks").status_code == 200
    ended = [entry[3]["token_id"] for entry in entries(database) if entry[1] == "token_revoked"]
    assert ended == [child["id"], grandchild["id"], parent["id"], second_child["id"]]


def test_a_scope_that_is_asked_for_twice_is_kept_once(as_: As) -> None:
    assert issue(as_("kepala"), scopes=["read", "tasks", "read"]).json()["scopes"] == ["read", "tasks"]


def test_tokens_of_others_are_read_by_supervisors_and_revoked_by_administrators(as_: As, reader: Client) -> None:
    (newest, *_) = as_("auditor").get("/tokens", username="kepala").json()["items"]
    path = f"/tokens/{newest['id']}"
    assert as_("sekretaris").get("/tokens", username="kepala").status_code == 403
    assert as_("sekretaris").request("DELETE", path).status_code == 404
    assert as_("auditor").request("DELETE", path).status_code == 403
    assert reader.get("/user-tasks").status_code == 200
    assert as_("admin").request("DELETE", path).status_code == 200
    assert reader.get("/user-tasks").status_code == 401
    assert as_("admin").request("DELETE", "/tokens/01980000-0000-7000-8000-000000000000").status_code == 404
