"""The life of a version: proposed, approved by a second person or rejected, retired and reinstated, deleted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from app.cli.acting import OPERATOR
from app.commands.deploy_definition import deploy_definition
from app.queries.examine_upload import examine_upload, stored_in
from app.storage import people, process_definitions, tables, tokens
from app.storage.database import Database
from tests.administration import entries
from tests.conftest import Clock, World, closing_database
from tests.diagrams_in_text import single_task
from tests.sop import As, Client

FORM = b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}'
FIRST, SECOND, THIRD = (single_task(lane=lane) for lane in ("Tim", "Sekretaris", "Kepala Badan"))
both_databases = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """SQLite, where a test does not ask for both: what they decide by does not depend on the database."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def clock() -> Clock:
    """Later than the machine's, by which the template was deployed: no stream lets time run backwards."""
    return Clock(datetime(2100, 1, 1, 1, 0, tzinfo=UTC))


@pytest.fixture
def world(world: World, clock: Clock) -> World:
    """Where a second person is asked, and there is a second designer."""
    with closing_database(world.settings) as database, database.transaction() as session:
        user_id = people.add(session, "perancang2", "Perancang Kedua", ["designer"], now=clock.now)
        secret = tokens.issue(session, user_id, now=clock.now).secret
    settings = world.settings.model_copy(update={"approval_required": True})
    return World(settings, dict(world.tokens) | {"perancang2": secret})


def propose(designer: Client, diagram: bytes = FIRST, **params: Any) -> dict[str, Any]:
    deployed = designer.deploy({"satu.bpmn": diagram}, **params)
    assert deployed.status_code == 201, deployed.text
    return dict(deployed.json()["process_definitions"][0])


def act(person: Client, version: dict[str, Any], deed: str, **body: Any) -> Response:
    """A deed such as `POST /approval`, or `DELETE ` for the version itself."""
    method, noun = deed.split(" ")
    sent = body or None
    return person.request(method, f"/process-definitions/{version['id']}{noun}", json=sent)


def approve(as_: As, version: dict[str, Any]) -> dict[str, Any]:
    approved = act(as_("perancang2"), version, "POST /approval")
    assert approved.status_code == 200, approved.text
    return dict(approved.json())


def start(person: Client, **wanted: Any) -> Response:
    return person.post("/process-instances", wanted)


def assert_refused(response: Response, status: int, code: str, words: str) -> None:
    assert (response.status_code, response.json()["type"]) == (status, f"urn:jenjang:problem:{code}"), response.text
    assert words in response.json()["detail"]


@both_databases
def test_a_version_starts_only_when_a_second_person_has_approved_it(as_: As, database: Database, clock: Clock) -> None:
    version = propose(as_("perancang"))
    assert version["status"] == "proposed"
    for wanted in ({"process_definition_key": "satu"}, {"process_definition_id": version["id"]}):
        refused = start(as_("anggota1"), **wanted)
        words = "Version 1 of satu was proposed by perancang at 2100-01-01T01:00:00Z."
        assert_refused(refused, 409, "process_definition_not_approved", words)

    clock.advance(hours=1)
    approved = act(as_("perancang2"), version, "POST /approval", reason="Sudah diperiksa.").json()
    assert approved | {"file_name": "", "deployment_id": ""} == version | {
        "status": "approved",
        "file_name": "",
        "deployment_id": "",
        "deployed_by": "perancang",
        "deployed_at": "2100-01-01T01:00:00.000000Z",
        "reviewed_by": "perancang2",
        "reviewed_at": "2100-01-01T02:00:00.000000Z",
        "review_reason": "Sudah diperiksa.",
    }
    assert as_("auditor").get(f"/process-definitions/{version['id']}").json() == approved
    for wanted in ({"process_definition_key": "satu"}, {"process_definition_id": version["id"]}):
        assert start(as_("anggota1"), **wanted).status_code == 201

    *_, proposed, decided = entries(database)
    assert [entry[:3] for entry in (proposed, decided)] == [
        ("perancang", "process_definition_proposed", version["id"]),
        ("perancang2", "process_definition_approved", version["id"]),
    ]
    assert decided[3] == proposed[3] | {"reason": "Sudah diperiksa."}
    assert decided[3]["sha256"] == version["sha256"]


def test_nobody_approves_what_they_deployed_whatever_their_roles_and_tokens(as_: As, http: TestClient) -> None:
    version = propose(as_("perancang"))
    assert as_("admin").request("PUT", "/users/perancang/roles/administrator").status_code == 200
    other = as_("perancang").post("/tokens", {"name": "lain", "scopes": ["deploy"]}).json()["token"]
    for author in (as_("perancang"), Client(http, other)):
        words = "Version 1 of satu was deployed by perancang: somebody else must approve it."
        assert_refused(act(author, version, "POST /approval"), 403, "four_eyes", words)
    assert act(as_("admin"), version, "POST /approval").status_code == 200


def test_a_deputy_does_not_approve_by_the_role_of_whom_they_stand_in_for(as_: As, clock: Clock) -> None:
    version = propose(as_("perancang"))
    times = {"starts_at": clock.now.isoformat(), "ends_at": (clock.now + timedelta(days=1)).isoformat()}
    letter = {"deputy": "anggota1", "letter": "800/1"} | times
    assert as_("perancang2").post("/substitutions", letter).status_code == 201
    assert_refused(act(as_("anggota1"), version, "POST /approval"), 403, "forbidden", "designer")


def test_a_rejection_has_a_reason_and_is_final(as_: As) -> None:
    version = propose(as_("perancang"))
    assert act(as_("perancang2"), version, "POST /rejection", reason=" ").status_code == 422
    rejected = act(as_("perancang2"), version, "POST /rejection", reason="Jalur keliru.").json()
    assert (rejected["status"], rejected["reviewed_by"], rejected["review_reason"]) == (
        "rejected",
        "perancang2",
        "Jalur keliru.",
    )
    same = as_("perancang").deploy({"satu.bpmn": FIRST})
    assert (same.status_code, same.json()["process_definitions"][0]["status"]) == (200, "rejected")
    assert act(as_("perancang"), version, "DELETE ").status_code == 200
    assert propose(as_("perancang"))["version"] == 2


def test_whoever_deployed_a_version_may_withdraw_it(as_: As) -> None:
    withdrawn = act(as_("perancang"), propose(as_("perancang")), "POST /rejection", reason="Keliru unggah.")
    assert withdrawn.json()["status"] == "rejected"


STORIES = {
    "proposed": [],
    "approved": ["POST /approval"],
    "rejected": ["POST /rejection"],
    "retired": ["POST /approval", "POST /retirement"],
    "reinstated": ["POST /approval", "POST /retirement", "DELETE /retirement"],
}
#: status that each deed asks for, and what it is called where it is another one
DEEDS = {
    "POST /approval": ({"proposed"}, "process_definition_not_proposed"),
    "POST /rejection": ({"proposed"}, "process_definition_not_proposed"),
    "POST /retirement": ({"approved", "reinstated"}, "process_definition_not_approved"),
    "DELETE /retirement": ({"retired"}, "process_definition_not_retired"),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_the_status_does_not_allow_is_refused_and_says_who_did_what_and_when(
    as_: As, clock: Clock, story: str
) -> None:
    version = propose(as_("perancang"))
    for deed in STORIES[story]:
        clock.advance(minutes=1)
        assert act(as_("admin"), version, deed, reason="Uji.").status_code == 200
    who = "admin" if STORIES[story] else "perancang"
    words = f"Version 1 of satu was {story} by {who} at 2100-01-01T01:0{len(STORIES[story])}:00Z."
    for deed, (allowed, code) in DEEDS.items():
        if story not in allowed:
            assert_refused(act(as_("perancang2"), version, deed, reason="Uji."), 409, code, words)
    assert (start(as_("anggota1"), process_definition_id=version["id"]).status_code == 201) == (
        story in {"approved", "reinstated"}
    )


@both_databases
def test_a_key_starts_its_newest_approved_version_and_an_id_any_approved_one(as_: As) -> None:
    first, second, third = (propose(as_("perancang"), diagram) for diagram in (FIRST, SECOND, THIRD))
    approve(as_, first)
    approve(as_, second)
    admin, anybody = as_("admin"), as_("sekretaris")
    assert admin.request("PUT", "/users/sekretaris/roles/starter").status_code == 200
    assert start(anybody, process_definition_key="satu").json()["version"] == 2
    assert start(anybody, process_definition_id=first["id"]).json()["version"] == 1

    running = start(anybody, process_definition_key="satu").json()
    assert act(admin, second, "POST /retirement", reason="Diganti.").json()["status"] == "retired"
    assert start(anybody, process_definition_key="satu").json()["version"] == 1
    assert anybody.complete(running["user_tasks"][0], {}).status_code == 200
    assert act(admin, first, "POST /retirement").status_code == 200
    none_left = start(anybody, process_definition_key="satu")
    assert_refused(none_left, 409, "process_definition_not_approved", "Version 3 of satu was proposed by perancang at")
    reinstated = act(admin, second, "DELETE /retirement").json()
    assert (reinstated["status"], reinstated["reviewed_by"]) == ("approved", "perancang2")
    assert start(anybody, process_definition_key="satu").json()["version"] == 2
    assert start(anybody, process_definition_id=third["id"]).status_code == 409
    assert start(anybody, process_definition_key="tidak-ada").status_code == 404


@both_databases
def test_a_version_is_deleted_with_its_forms_and_its_number_is_never_given_again(as_: As, database: Database) -> None:
    with_form = {"satu.bpmn": single_task(form="isi.json"), "isi.json": FORM}
    kept = as_("perancang").deploy(with_form).json()["process_definitions"][0]
    version = propose(as_("perancang"), single_task(form="isi.json", script="x = 1"))
    assert act(as_("perancang"), version, "DELETE ").json()["version"] == 2
    assert as_("auditor").get(f"/process-definitions/{version['id']}").status_code == 404
    assert act(as_("admin"), version, "DELETE ").status_code == 404
    with database.reading() as session:
        assert set(session.scalars(select(tables.form.c.process_definition_id))) >= {UUID(kept["id"])}
        assert process_definitions.forms_of(session, UUID(version["id"])) == {}
    assert propose(as_("perancang"), THIRD)["version"] == 3
    told = as_("auditor").get(f"/process-definitions/{version['id']}/history").json()["items"]
    assert [(event["actor"], event["type"].removeprefix("process_definition_")) for event in told] == [
        ("perancang", "proposed"),
        ("perancang", "deleted"),
    ]


def test_a_version_on_which_instances_run_or_ran_stays(as_: As) -> None:
    version = approve(as_, propose(as_("perancang")))
    ended = as_("anggota1").start("satu")
    assert as_("anggota1").complete(ended["user_tasks"][0], {}).json()["process_instance"]["status"] == "completed"
    as_("anggota1").start("satu")
    words = "Version 1 of satu stays: 2 process instance(s) run or ran on it."
    assert_refused(act(as_("admin"), version, "DELETE "), 409, "process_definition_in_use", words)


@both_databases
def test_a_version_that_instances_have_left_stays_because_their_history_began_on_it(as_: As) -> None:
    versions = [approve(as_, propose(as_("perancang"), diagram)) for diagram in (FIRST, SECOND, THIRD)]
    assert as_("admin").request("PUT", "/users/anggota1/roles/starter").status_code == 200
    started = [start(as_("anggota1"), process_definition_id=versions[0]["id"]).json()["id"] for _ in range(2)]
    for target in versions[1:]:
        body = {"target_process_definition_id": target["id"]}
        assert as_("admin").post(f"/process-instances/{started[0]}/migration", body).status_code == 200
    for version, count in zip(versions, (2, 1, 1), strict=True):
        words = f"stays: {count} process instance(s) run or ran on it."
        assert_refused(act(as_("admin"), version, "DELETE "), 409, "process_definition_in_use", words)


def test_roles_of_what_is_started_and_of_what_is_proposed_can_be_granted(as_: As) -> None:
    def grant(lane: str) -> int:
        return as_("admin").request("PUT", f"/users/orang_luar/roles/{lane}").status_code

    approve(as_, propose(as_("perancang"), single_task(lane="Juru Arsip")))
    propose(as_("perancang"), single_task(lane="Juru Tulis"))
    assert [grant(lane) for lane in ("Juru Arsip", "Juru Tulis", "Juru Bayar")] == [200, 200, 422]


def test_versions_are_listed_by_status_and_the_latest_is_the_newest_whatever_its_status(as_: As) -> None:
    approve(as_, propose(as_("perancang"), FIRST))
    propose(as_("perancang"), SECOND)

    def listed(**params: Any) -> list[tuple[int, str]]:
        items = as_("auditor").get("/process-definitions", key="satu", **params).json()["items"]
        return [(item["version"], item["status"]) for item in items]

    assert listed() == [(2, "proposed"), (1, "approved")]
    assert listed(status="approved") == [(1, "approved")]
    assert listed(latest=True) == [(2, "proposed")]
    assert listed(latest=True, status="approved") == []
    assert as_("auditor").get("/process-definitions", status="baru").status_code == 422


def test_the_history_of_a_version_tells_who_did_what_when_and_why(as_: As, clock: Clock) -> None:
    version = propose(as_("perancang"))
    deeds = [("admin", "POST /approval"), ("perancang", "POST /retirement"), ("perancang2", "DELETE /retirement")]
    for person, deed in deeds:
        clock.advance(minutes=1)
        assert act(as_(person), version, deed, reason=f"Oleh {person}.").status_code == 200
    path = f"/process-definitions/{version['id']}/history"
    told = as_("anggota1").get(path).json()["items"]
    assert [
        (e["type"].removeprefix("process_definition_"), e["actor"], e["occurred_at"][14:16], e["payload"].get("reason"))
        for e in told
    ] == [
        ("proposed", "perancang", "00", None),
        ("approved", "admin", "01", "Oleh admin."),
        ("retired", "perancang", "02", "Oleh perancang."),
        ("reinstated", "perancang2", "03", None),
    ]
    assert {event["payload"]["sha256"] for event in told} == {version["sha256"]}
    page = as_("anggota1").get(path, limit=1, sort="-sequence").json()
    assert page["items"] == told[-1:]
    unknown = as_("anggota1").get("/process-definitions/01890000-0000-7000-8000-000000000000/history")
    assert unknown.status_code == 404


def test_an_approval_that_is_repeated_with_its_key_is_answered_alike(as_: As, database: Database) -> None:
    path = f"/process-definitions/{propose(as_('perancang'))['id']}/approval"
    answers = [as_("perancang2").post(path, None, Idempotency_Key="satu") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert [entry[1] for entry in entries(database)].count("process_definition_approved") == 2, "the SOP's and this one"


class TestBasedOn:
    """Two designers edit one diagram: whoever is later learns of the other."""

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_a_newer_version_is_not_overwritten_and_who_deployed_it_is_told(
        self, as_: As, clock: Clock, dry_run: bool
    ) -> None:
        first = propose(as_("perancang"), FIRST)
        clock.advance(minutes=5)
        propose(as_("perancang2"), SECOND, based_on=first["id"])
        refused = as_("perancang").deploy({"satu.bpmn": THIRD}, based_on=first["id"], dry_run=dry_run)
        words = "Version 2 of satu was deployed by perancang2 at 2100-01-01T01:05:00Z."
        assert_refused(refused, 409, "deployment_overtaken", words)

    def test_a_deployment_whose_answer_was_lost_can_be_sent_again(self, as_: As) -> None:
        first = propose(as_("perancang"), FIRST)
        second = propose(as_("perancang"), SECOND, based_on=first["id"])
        again = as_("perancang").deploy({"satu.bpmn": SECOND}, based_on=first["id"])
        assert (again.status_code, again.json()["process_definitions"]) == (200, [second])

    def test_an_unknown_or_deleted_version_is_not_found(self, as_: As) -> None:
        gone = propose(as_("perancang"), FIRST)
        assert act(as_("perancang"), gone, "DELETE ").status_code == 200
        refused = as_("perancang").deploy({"satu.bpmn": SECOND}, based_on=gone["id"])
        assert_refused(refused, 404, "process_definition_not_found", "")

    def test_a_version_of_another_process_is_refused(self, as_: As) -> None:
        other = propose(as_("perancang"), single_task("lain"))
        refused = as_("perancang").deploy({"satu.bpmn": FIRST}, based_on=other["id"])
        assert_refused(refused, 422, "parameter_refused", "")
        assert [(error["pointer"], error["code"]) for error in json.loads(refused.text)["errors"]] == [
            ("based_on", "other_process")
        ]


def test_a_deletion_while_the_next_version_was_examined_is_in_nobodys_way(
    as_: As, database: Database, clock: Clock
) -> None:
    propose(as_("perancang"), FIRST)
    before = examine_upload({"satu.bpmn": THIRD}, stored_in(database)).candidates
    second = propose(as_("perancang"), SECOND)
    between = examine_upload({"satu.bpmn": THIRD}, stored_in(database)).candidates
    assert act(as_("perancang"), second, "DELETE ").status_code == 200
    for examined in (before, between):
        with database.transaction() as session:
            deployment = deploy_definition(session, examined, OPERATOR, approval_required=True, now=clock.now)
        assert [version.version for version in deployment.process_definitions] == [3]


#: columns that say which version it is, and what
CHANGES = {
    "process_definition": [
        "xml = 'lain'",
        "sha256 = ''",
        "fingerprint = ''",
        "key = 'lain'",
        "version = 9",
        "name = ''",
    ],
    "form": ["content = 'lain'", "name = 'lain'"],
}


@both_databases
@pytest.mark.parametrize("table", CHANGES)
def test_the_database_itself_refuses_another_text_for_a_version(database: Database, table: str) -> None:
    statements = [f"UPDATE {table} SET {change}" for change in CHANGES[table]]  # noqa: S608 - written above
    statements.append("DELETE FROM form")
    if database.is_sqlite:
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 - written above
    else:
        statements.append("TRUNCATE form")
    for statement in statements:
        with pytest.raises(DBAPIError, match="a version is immutable"), database.transaction() as session:
            session.execute(text(statement))
