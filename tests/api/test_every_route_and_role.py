"""Every route × every role (and no role), compared with the table of permissions; and every route × every scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import select
from starlette.testclient import TestClient

from app.permissions import TABLE, Ground, Operation, Scope
from app.storage import people, tables, tokens
from app.storage.database import Database
from tests.conftest import PEOPLE, Clock, World
from tests.diagrams_in_text import single_task
from tests.sop import SOP_FOLDER, As, Client, read_folder, values_for

#: who holds nothing but this
HOLDERS = {
    None: "orang_luar",
    Ground.ADMINISTRATOR: "admin",
    Ground.DESIGNER: "perancang",
    Ground.AUDITOR: "auditor",
    Ground.STARTER: "pemula",
    "Kepala Badan": "kepala",
    "Sekretaris": "sekretaris",
    "Tim": "anggota1",
}
#: how the people stand to an instance that waits for the Kepala, who has claimed the task
RELATIONS = {
    "kepala": {Ground.FIRST_PERFORMER, Ground.PARTICIPANT, Ground.CANDIDATE, Ground.ASSIGNEE, Ground.OWNER},
    "sekretaris": {Ground.PARTICIPANT},
    "anggota1": {Ground.PARTICIPANT},
}
#: roles of the people whom these tests need besides
OTHERS = {
    "pemula": ["starter"],
    "kepala2": ["Kepala Badan"],
    "perancang2": ["designer"],
    "orang_lain": ["Tim"],
}
SYSTEM_GROUNDS = {Ground.ADMINISTRATOR, Ground.DESIGNER, Ground.AUDITOR, Ground.STARTER}
#: what everybody is of what they make for themselves
OWNING = {"GET /tokens", "POST /tokens", "DELETE /tokens/{token_id}", "POST /substitutions"}
#: what everybody may read, or everybody of their own: an auditor's reading of it is nothing to be recorded
UNRECORDED = {
    *(("GET /process-definitions" + rest, Operation.READ_DEFINITION) for rest in ("", "/{definition_id}")),
    *(
        (f"GET /process-definitions/{{definition_id}}/{rest}", Operation.READ_DEFINITION)
        for rest in ("xml", "forms/{name}", "diff", "sop-sheet")
    ),
    ("GET /tokens", Operation.READ_TOKEN),
}


@dataclass
class Target:
    """What the requests are about: all of it the Kepala's, but the token, which is the second Kepala's."""

    as_: As
    clock: Clock
    instance: dict[str, Any]
    token: str
    substitution: str
    position: dict[str, Any]

    @property
    def task(self) -> dict[str, Any]:
        return dict(self.instance["user_tasks"][0])


Send = Callable[[Client, Target], Response]


def _listed(path: str, identify: Callable[[Target], str], **params: Any) -> Send:
    """A list that everybody may ask for: whether the thing is in it is the question."""

    def send(person: Client, target: Target) -> Response:
        response = person.get(path, **params)
        if response.status_code == 200 and identify(target) not in response.text:
            response.status_code = 404
        return response

    return send


def _task(method: str, noun: str, body: Any = None) -> Send:
    return lambda person, target: person.request(method, f"/user-tasks/{target.task['id']}{noun}", json=body, params={})


def _instance(noun: str) -> Send:
    return lambda person, target: person.post(f"/process-instances/{target.instance['id']}{noun}", {"reason": "Uji."})


def _definition(rest: str) -> Send:
    return lambda person, target: person.get(f"/process-definitions/{target.instance['process_definition_id']}{rest}")


def _version(method: str, rest: str, *, reached_by: tuple[str, ...] = ()) -> Send:
    """About a new version that a second designer proposed, and of which an administrator did the rest before."""

    def send(person: Client, target: Target) -> Response:
        deployed = target.as_("perancang2").deploy({"satu.bpmn": single_task(f"k{uuid4().hex}")})
        path = f"/process-definitions/{deployed.json()['process_definitions'][0]['id']}"
        for noun in reached_by:
            assert target.as_("admin").post(f"{path}/{noun}").status_code == 200
        return person.request(method, f"{path}{rest}", json={"reason": "Uji."} if method == "POST" else None)

    return send


def _get(path: str) -> Send:
    return lambda person, _: person.get(path)


def _complete(person: Client, target: Target) -> Response:
    return person.complete(target.task, values_for(target.as_("kepala"), target.task))


def _resume(person: Client, target: Target) -> Response:
    suspended = target.as_("admin").post(f"/process-instances/{target.instance['id']}/suspension")
    # Or it is so already, where somebody before was refused.
    assert suspended.status_code in {200, 409}
    return _instance("/resumption")(person, target)


def _migrate(person: Client, target: Target) -> Response:
    new_name = f"Penetapan {uuid4()}".encode()
    files = {name: content.replace(b"Penetapan", new_name) for name, content in read_folder(SOP_FOLDER).items()}
    deployed = target.as_("perancang2").deploy(files).json()["process_definitions"][0]
    assert target.as_("admin").post(f"/process-definitions/{deployed['id']}/approval").status_code == 200
    body = {"target_process_definition_id": deployed["id"]}
    return person.post(f"/process-instances/{target.instance['id']}/migration", body)


def _stand_in(person: Client, target: Target) -> Response:
    deputy = "anggota3" if person.username != "anggota3" else "ketua"
    return person.post("/substitutions", _letter(target.clock, deputy))


def _letter(clock: Clock, deputy: str) -> dict[str, Any]:
    start = clock.now.replace(year=clock.now.year + 1)
    return {
        "deputy": deputy,
        "letter": "800/1",
        "starts_at": start.isoformat(),
        "ends_at": start.replace(month=12).isoformat(),
    }


def _revoke_own(person: Client, _: Target) -> Response:
    own = person.post("/tokens", {"name": "sementara"}).json()
    return person.request("DELETE", f"/tokens/{own['id']}")


def _grant(method: str) -> Send:
    return lambda person, _: person.request(method, "/users/orang_lain/roles/Tim")


HANDED_ON = {"assignee": "kepala2", "reason": "Cuti."}
REQUESTS: dict[tuple[str, Operation], Send] = {
    ("POST /deployments", Operation.DEPLOY): lambda person, _: person.deploy(read_folder(SOP_FOLDER)),
    ("GET /process-definitions", Operation.READ_DEFINITION): _get("/process-definitions"),
    ("GET /process-definitions/{definition_id}", Operation.READ_DEFINITION): _definition(""),
    ("GET /process-definitions/{definition_id}/xml", Operation.READ_DEFINITION): _definition("/xml"),
    ("GET /process-definitions/{definition_id}/forms/{name}", Operation.READ_DEFINITION): _definition(
        "/forms/penetapan.json"
    ),
    ("GET /process-definitions/{definition_id}/history", Operation.READ_DEFINITION): _definition("/history"),
    ("POST /process-definitions/{definition_id}/approval", Operation.REVIEW_DEFINITION): _version("POST", "/approval"),
    ("POST /process-definitions/{definition_id}/rejection", Operation.REVIEW_DEFINITION): _version(
        "POST", "/rejection"
    ),
    ("POST /process-definitions/{definition_id}/retirement", Operation.RETIRE_DEFINITION): _version(
        "POST", "/retirement", reached_by=("approval",)
    ),
    ("DELETE /process-definitions/{definition_id}/retirement", Operation.RETIRE_DEFINITION): _version(
        "DELETE", "/retirement", reached_by=("approval", "retirement")
    ),
    ("DELETE /process-definitions/{definition_id}", Operation.DELETE_DEFINITION): _version("DELETE", ""),
    ("GET /process-definitions/{definition_id}/diff", Operation.READ_DEFINITION): _definition("/diff"),
    ("GET /process-definitions/{definition_id}/sop-sheet", Operation.READ_DEFINITION): _definition("/sop-sheet"),
    ("POST /process-instances", Operation.START): lambda person, _: person.post(
        "/process-instances", {"process_definition_key": "penjenjangan_kinerja"}
    ),
    ("GET /process-instances", Operation.READ_INSTANCE): _listed("/process-instances", lambda t: t.instance["id"]),
    ("GET /process-instances/{instance_id}", Operation.READ_INSTANCE): lambda person, target: person.get(
        f"/process-instances/{target.instance['id']}"
    ),
    ("POST /process-instances/{instance_id}/cancellation", Operation.CANCEL): _instance("/cancellation"),
    ("POST /process-instances/{instance_id}/suspension", Operation.SUSPEND): _instance("/suspension"),
    ("POST /process-instances/{instance_id}/resumption", Operation.RESUME): _resume,
    ("POST /process-instances/{instance_id}/migration", Operation.MIGRATE): _migrate,
    ("GET /user-tasks", Operation.READ_TASK): _listed("/user-tasks", lambda t: t.task["id"]),
    ("GET /user-tasks/{task_id}", Operation.READ_TASK): _task("GET", ""),
    ("GET /user-tasks/{task_id}/form", Operation.READ_TASK): _task("GET", "/form"),
    ("GET /user-tasks/{task_id}/comments", Operation.READ_TASK): _task("GET", "/comments"),
    ("POST /user-tasks/{task_id}/completion", Operation.COMPLETE): _complete,
    ("POST /user-tasks/{task_id}/assignment", Operation.CLAIM): _task("POST", "/assignment", {}),
    ("POST /user-tasks/{task_id}/assignment", Operation.ASSIGN_TO_OTHER): _task("POST", "/assignment", HANDED_ON),
    ("DELETE /user-tasks/{task_id}/assignment", Operation.RELEASE): _task("DELETE", "/assignment"),
    ("PUT /user-tasks/{task_id}/draft", Operation.SAVE_DRAFT): _task("PUT", "/draft", {"variables": {}}),
    ("POST /user-tasks/{task_id}/comments", Operation.COMMENT): _task("POST", "/comments", {"text": "Uji."}),
    ("GET /history/process-instances/{instance_id}/events", Operation.READ_HISTORY): lambda person, target: person.get(
        f"/history/process-instances/{target.instance['id']}/events"
    ),
    ("GET /history/process-instances/{instance_id}/as-of", Operation.READ_HISTORY): lambda person, target: person.get(
        f"/history/process-instances/{target.instance['id']}/as-of", seq=1
    ),
    ("GET /history/process-instances/{instance_id}/evidence", Operation.READ_HISTORY): lambda person, target: (
        person.get(f"/history/process-instances/{target.instance['id']}/evidence")
    ),
    ("GET /history/events", Operation.READ_HISTORY): _listed("/history/events", lambda t: t.instance["id"]),
    ("GET /history/statistics", Operation.READ_STATISTICS): _get("/history/statistics"),
    ("GET /history/streams/{stream}/events", Operation.READ_STREAM): _get("/history/streams/administration/events"),
    ("GET /history/process-instances/{instance_id}/rounds", Operation.READ_HISTORY): lambda person, target: person.get(
        f"/history/process-instances/{target.instance['id']}/rounds"
    ),
    ("GET /history/export", Operation.EXPORT_HISTORY): lambda person, _: person.get("/history/export", format="csv"),
    (
        "GET /history/process-instances/{instance_id}/verification",
        Operation.READ_HISTORY,
    ): lambda person, target: person.get(f"/history/process-instances/{target.instance['id']}/verification"),
    ("GET /users", Operation.READ_USER): _get("/users"),
    ("POST /users", Operation.CHANGE_USER): lambda person, _: person.post(
        "/users", {"username": f"baru-{uuid4().hex[:8]}", "name": "Baru"}
    ),
    ("GET /users/{username}", Operation.READ_USER): _get("/users/orang_lain"),
    ("PATCH /users/{username}", Operation.CHANGE_USER): lambda person, _: person.request(
        "PATCH", "/users/orang_lain", json={"name": "Nama Lain"}
    ),
    ("PUT /users/{username}/roles/{role}", Operation.CHANGE_ROLE): _grant("PUT"),
    ("DELETE /users/{username}/roles/{role}", Operation.CHANGE_ROLE): _grant("DELETE"),
    ("GET /roles", Operation.READ_ROLE): _get("/roles"),
    ("GET /positions", Operation.READ_POSITION): _get("/positions"),
    ("POST /positions", Operation.CHANGE_POSITION): lambda person, _: person.post(
        "/positions", {"name": f"Jabatan {uuid4()}", "unit": "Sekretariat"}
    ),
    ("GET /positions/{position_id}", Operation.READ_POSITION): lambda person, target: person.get(
        f"/positions/{target.position['id']}"
    ),
    ("PATCH /positions/{position_id}", Operation.CHANGE_POSITION): lambda person, target: person.request(
        "PATCH", f"/positions/{target.position['id']}", json={"unit": "Bidang"}
    ),
    ("GET /tokens", Operation.READ_TOKEN): _get("/tokens"),
    ("GET /tokens", Operation.READ_ANY_TOKEN): lambda person, _: person.get("/tokens", username="kepala2"),
    ("POST /tokens", Operation.ISSUE_TOKEN): lambda person, _: person.post("/tokens", {"name": "uji"}),
    ("DELETE /tokens/{token_id}", Operation.REVOKE_TOKEN): _revoke_own,
    ("DELETE /tokens/{token_id}", Operation.REVOKE_ANY_TOKEN): lambda person, target: person.request(
        "DELETE", f"/tokens/{target.token}"
    ),
    ("GET /substitutions", Operation.READ_SUBSTITUTION): _listed("/substitutions", lambda t: t.substitution),
    ("POST /substitutions", Operation.MAKE_SUBSTITUTION): _stand_in,
    ("GET /substitutions/{substitution_id}", Operation.READ_SUBSTITUTION): lambda person, target: person.get(
        f"/substitutions/{target.substitution}"
    ),
    (
        "POST /substitutions/{substitution_id}/revocation",
        Operation.REVOKE_SUBSTITUTION,
    ): lambda person, target: person.post(f"/substitutions/{target.substitution}/revocation"),
}


def routes(application: FastAPI) -> Iterator[tuple[str, list[Operation]]]:
    """Every route of the interface with the rows of the table that it names; a KeyError for one that names none."""
    for path, methods in application.openapi()["paths"].items():
        if path.startswith("/api/"):
            for method, described in methods.items():
                route = f"{method.upper()} {path.removeprefix('/api/v1')}"
                yield route, [Operation(name) for name in described["x-operations"]]


@pytest.fixture
def world(world: World, clock: Clock) -> World:
    """With a starter, a second Kepala, a second designer, whose versions wait for approval, and somebody whom
    administrators may change."""
    database = Database(world.settings)
    secrets = dict(world.tokens)
    with database.transaction() as session:
        for username, roles in OTHERS.items():
            user_id = people.add(session, username, username.title(), roles, now=clock.now)
            secrets[username] = tokens.issue(session, user_id, now=clock.now).secret
    database.dispose()
    return World(world.settings.model_copy(update={"approval_required": True}), secrets)


def make_target(as_: As, clock: Clock) -> Target:
    instance = as_("kepala").start()
    as_("kepala").post(f"/user-tasks/{instance['user_tasks'][0]['id']}/assignment")
    made = as_("kepala").post("/substitutions", _letter(clock, "ketua"))
    assert made.status_code == 201, made.text
    position = as_("admin").post("/positions", {"name": f"Jabatan {uuid4()}", "unit": "Sekretariat"})
    token = as_("kepala2").post("/tokens", {"name": "sementara"})
    assert (position.status_code, token.status_code) == (201, 201)
    return Target(as_, clock, instance, token.json()["id"], made.json()["id"], position.json())


def test_every_route_names_rows_of_the_table_and_every_row_is_tried(http: TestClient) -> None:
    assert isinstance(http.app, FastAPI)
    named = {(route, operation) for route, operations in routes(http.app) for operation in operations}
    assert named == set(REQUESTS)
    # Whether a NIP is shown is asked inside a route that has another row.
    assert {operation for _, operation in named} | {Operation.READ_IDENTITY} == set(Operation) == set(TABLE)


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("route", "operation"), REQUESTS, ids=str)
def test_each_role_may_do_what_the_table_says_and_nothing_else(
    as_: As, clock: Clock, route: str, operation: Operation
) -> None:
    target = make_target(as_, clock)
    for role, username in HOLDERS.items():
        grounds = {Ground.AUTHENTICATED} | RELATIONS.get(username, set())
        grounds |= {Ground(role)} if role in SYSTEM_GROUNDS else set()
        grounds |= {Ground.OWNER} if route in OWNING else set()
        expected = bool(TABLE[operation].grounds & grounds)
        response = REQUESTS[route, operation](as_(username), target)
        allowed = response.status_code not in {403, 404}
        assert allowed == expected, (role, route, response.status_code, response.text)
        assert response.is_success == expected, (role, route, response.status_code, response.text)
        if expected and not route.startswith("GET "):
            # What was done to this one cannot be done to it again.
            as_("admin").post(f"/substitutions/{target.substitution}/revocation")
            target = make_target(as_, clock)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_every_reading_by_an_auditor_leaves_one_trace(as_: As, clock: Clock, database: Database) -> None:
    target, seen = make_target(as_, clock), 0
    readings = {asked: send for asked, send in REQUESTS.items() if asked[0].startswith("GET ")}
    assert readings.keys() >= UNRECORDED
    for (route, operation), send in readings.items():
        response = send(as_("auditor"), target)
        assert response.status_code == 200, (route, response.text)
        with database.reading() as session:
            entry = tables.stream_event.c
            entries = select(entry.type, entry.actor, entry.request_id).where(entry.stream == "access")
            traces = session.execute(entries.where(entry.sequence > seen)).all()
        seen += len(traces)
        is_taken_out = operation is Operation.EXPORT_HISTORY or route.endswith("/evidence")
        type_ = "history_exported" if is_taken_out else "history_read"
        recorded = [] if (route, operation) in UNRECORDED else [(type_, "auditor", response.headers["X-Request-ID"])]
        assert traces == recorded, route


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_nobody_without_a_token_is_let_in_anywhere(http: TestClient) -> None:
    assert isinstance(http.app, FastAPI)
    for route, _ in routes(http.app):
        method, path = route.split()
        assert http.request(method, f"/api/v1{path}").status_code == 401, route


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_is_good_for_what_its_scope_says_and_nothing_else(
    http: TestClient, world: World, clock: Clock, database: Database, scope: Scope
) -> None:
    assert isinstance(http.app, FastAPI)
    with database.transaction() as session:
        roles = {role for held in PEOPLE.values() for role in held} | {"starter"}
        user_id = people.add(session, "semua", "Semua", sorted(roles), now=clock.now)
        secret = tokens.issue(session, user_id, now=clock.now, scopes=[scope]).secret
    for route, operations in routes(http.app):
        method, path = route.split()
        response = Client(http, secret).request(method, path)
        expected = any(scope in TABLE[operation].scopes for operation in operations)
        refused = response.headers["content-type"].startswith("application/problem+json") and response.json()[
            "type"
        ].endswith(":scope_missing")
        assert refused != expected, (route, response.text)
        assert response.status_code != 401
