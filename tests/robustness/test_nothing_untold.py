"""Nothing is told that was rolled back, and nothing happens untold: random calls, each with a request id of its own,
compared both ways with all that is written down; and commands that fail when they have written everything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import RowMapping, select
from starlette.testclient import TestClient

from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock, World
from tests.robustness.invariants import check_every_instance, verify_stream
from tests.robustness.replay import check_told
from tests.robustness.test_random_walk import FORMS, Walk
from tests.sop import Client
from tests.standing_in import LETTER, stand_in

#: what a call says it does → the event that its effect begins with
CAUSES = {
    ("POST", "process-instances"): {"process_instance_started"},
    ("POST", "assignment"): {"user_task_claimed", "user_task_assigned"},
    ("DELETE", "assignment"): {"user_task_released"},
    ("PUT", "draft"): {"user_task_draft_saved"},
    ("POST", "comments"): {"user_task_commented"},
    ("POST", "completion"): {"user_task_completed"},
    ("POST", "suspension"): {"process_instance_suspended"},
    ("POST", "resumption"): {"process_instance_resumed"},
    ("POST", "cancellation"): {"user_task_cancelled", "process_instance_cancelled"},
}
#: what a completion or a start leads to
CONSEQUENCES = {
    *("gateway_decided", "user_task_candidates_changed", "user_task_released", "user_task_cancelled"),
    *("user_task_returned", "user_task_opened", "process_instance_completed"),
}
#: refusals that are told, besides every 403 and 404 of what is there
OUT_OF_TURN = {"user_task_claimed", "user_task_closed", "process_instance_not_active"}
#: what hangs on an instance; where its events end stands in its own row
WATCHED = (tables.user_task, tables.comment, tables.participant)


@dataclass(frozen=True)
class Call:
    """One request, and what became of it."""

    request_id: str
    username: str
    method: str
    path: str
    body: Mapping[str, Any]
    status: int
    #: of the problem, where it was refused
    code: str | None
    #: whether any row of the instance is another than before
    changed: bool

    @property
    def noun(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def is_success(self) -> bool:
        return self.status < 300

    @property
    def must_be_told_as_refused(self) -> bool:
        return self.status in {403, 404} or self.code in OUT_OF_TURN


@dataclass
class Calls:
    """Every call of the walk."""

    database: Database
    made: list[Call] = field(default_factory=list)
    #: of the instance that was started last
    rows: list[str] = field(default_factory=list)
    instance_id: UUID | None = None

    def note(self, client: Client, method: str, path: str, body: Any, response: Response) -> None:
        before, changed = self.rows, False
        if method != "GET":
            if path == "/process-instances" and response.is_success:
                self.instance_id = UUID(response.json()["id"])
            self.rows = self._rows()
            changed = self.rows != before
        code = None if response.is_success else response.json()["type"].rpartition(":")[2]
        request_id = response.headers["X-Request-ID"]
        call = Call(request_id, client.username, method, path, body or {}, response.status_code, code, changed)
        self.made.append(call)

    def _rows(self) -> list[str]:
        with self.database.reading() as session:
            columns = [tables.process_instance.c.id, *(table.c.process_instance_id for table in WATCHED)]
            queries = [select(column.table).where(column == self.instance_id) for column in columns]
            return sorted(str(row) for query in queries for row in session.execute(query))


class Traced(Client):
    """A client whose every request has an id of its own, and is noted."""

    def __init__(self, http: TestClient, token: str, username: str, calls: Calls) -> None:
        super().__init__(http, token, username)
        self._calls = calls

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> Response:
        request_id = f"uji-{len(self._calls.made)}"
        response = super().request(method, path, {"X-Request-ID": request_id} | dict(headers or {}), **options)
        assert response.headers["X-Request-ID"] == request_id
        self._calls.note(self, method, path, options.get("json"), response)
        return response


class ToldWalk(Walk):
    """The walk, with somebody who stands in for others, and tasks that are handed on."""

    def the_instance_tells_one_story(self) -> None:
        """Asked once at the end: no invariant here."""

    @rule(pick=st.integers(0, 3), principal=st.sampled_from(["kepala", "sekretaris", "ketua", "anggota1"]))
    def act_in_anothers_name(self, pick: int, principal: str) -> None:
        task = self.model.tasks[-1 - pick % len(self.model.tasks)]
        values = {"variables": FORMS[task.element_id], "comment": "Atas nama.", "on_behalf_of": principal}
        response = self.as_("perancang").post(f"/user-tasks/{task.id}/completion", values)
        assert response.status_code in {200, 403, 404, 409}
        if response.is_success:
            self.model.acted |= {"perancang", principal}
            self.model.complete(task, "perancang", FORMS[task.element_id])
            self._open(response.json()["next_user_tasks"])
            if not any(other.is_open for other in self.model.tasks):
                self.model.status = "completed"
        self.known = self._contents()

    @rule(assignee=st.sampled_from(["kepala", "sekretaris", "ketua", "anggota1", "anggota2", "orang_luar"]))
    def hand_on(self, assignee: str) -> None:
        task = self.model.tasks[-1]
        body = {"assignee": assignee, "reason": "Cuti."}
        response = self.as_("admin").post(f"/user-tasks/{task.id}/assignment", body)
        assert response.status_code in {200, 409, 422}
        if response.is_success:
            task.assignee = assignee
            self.model.acted.add("admin")
        self.known = self._contents()


@pytest.fixture
def calls(database: Database, clock: Clock) -> Calls:
    for principal in ("kepala", "sekretaris", "ketua", "anggota1"):
        stand_in(database, "perancang", principal, clock.now, hours=10_000)
    return Calls(database)


def test_what_is_told_is_what_happened_and_what_happened_is_told(
    http: TestClient, world: World, database: Database, clock: Clock, calls: Calls
) -> None:
    def traced(username: str) -> Traced:
        return Traced(http, world.tokens[username], username, calls)

    run_state_machine_as_test(
        lambda: ToldWalk(traced, database, clock),  # type: ignore[arg-type]  # it only calls it
        settings=settings(
            max_examples=5,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert check_every_instance(database) > 0
    verify_stream(database, "access")
    _check_instances(database, calls)
    _check_access(database, calls)


def _check_instances(database: Database, calls: Calls) -> None:
    with database.reading() as session:
        tokens = dict(
            session.execute(
                select(tables.token.c.id, tables.user_account.c.username).join_from(tables.token, tables.user_account)
            )
            .tuples()
            .all()
        )
        ids = session.scalars(select(tables.process_instance.c.id)).all()
    told: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for instance_id in ids:
        for one in check_told(database, instance_id):
            told[one["request_id"]].append(one)
    for call in calls.made:
        found = told.pop(call.request_id, [])
        assert bool(found) == call.changed, call
        if not call.is_success or call.method == "GET":
            assert not found, call
        if found:
            _check_story(call, found)
            assert {tokens[one["channel"]] for one in found} == {call.username}
    assert not told, "an event of no call that there was"


def _check_story(call: Call, found: list[RowMapping]) -> None:
    cause, *consequences = found
    assert cause["type"] in CAUSES[call.method, call.noun], call
    possible = {"user_task_cancelled", "process_instance_cancelled"} if call.noun == "cancellation" else CONSEQUENCES
    assert {one["type"] for one in consequences} <= possible, call
    assert not consequences or call.noun in {"completion", "cancellation", "process-instances"}
    assert {one["actor"] for one in found} == {call.username}
    in_name_of = call.body.get("on_behalf_of")
    assert {(one["on_behalf_of"], one["basis"]) for one in found} == {(in_name_of, in_name_of and LETTER)}
    assert {one["version"] for one in found} == {1}
    if call.path.startswith("/user-tasks/"):
        assert str(cause["user_task_id"]) == call.path.split("/")[2]
    assert [one["state_after"] is not None for one in found[:-1]] == [False] * len(consequences)


def _check_access(database: Database, calls: Calls) -> None:
    told: defaultdict[str, list[RowMapping]] = defaultdict(list)
    with database.reading() as session:
        query = select(tables.stream_event).where(tables.stream_event.c.stream == "access")
        for entry in session.execute(query).mappings():
            told[entry["request_id"]].append(entry)
    for call in calls.made:
        found = told.pop(call.request_id, [])
        if call.must_be_told_as_refused:
            (refusal,) = found
            assert (refusal["type"], refusal["actor"]) == ("attempt_refused", call.username)
            assert (refusal["payload"]["method"], refusal["payload"]["code"]) == (call.method, call.code)
            assert refusal["payload"]["path"] == f"/api/v1{call.path}"
            assert refusal["payload"]["on_behalf_of"] == call.body.get("on_behalf_of")
            assert refusal["process_instance_id"] is not None
        else:
            is_reading = call.is_success and call.method == "GET" and call.username == "auditor"
            assert [entry["type"] for entry in found] == ["history_read"] * is_reading, call
    assert not told, "an entry of no call that there was"
