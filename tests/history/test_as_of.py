"""How an instance was at an earlier time is told exactly as it could be read then."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text

from app.permissions import Actor
from app.queries.read_as_of import read_as_of
from app.storage import past, process_instances, tables
from app.storage.database import Database
from tests.conftest import PEOPLE, Clock
from tests.diagrams_in_text import parallel_teams
from tests.history.old_events import write_as_before
from tests.sop import PERFORMERS, SOP_FOLDER, As, advance, advance_through, example_values, read_folder, task_of
from tests.standing_in import stand_in

FORMS = {
    path.stem.replace("-", "_"): example_values(json.loads(path.read_text()))
    for path in SOP_FOLDER.glob("forms/*.json")
}
#: element → what it is called in the other version
RENAMED = {"penyusunan_konsep": "susun_konsep", "pemeriksaan_konsep": "periksa_konsep"}
FORMER = {new: old for old, new in RENAMED.items()}
ADDED = ("sequence", "as_of", "tokens")
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])


def as_of(as_: As, instance: dict[str, Any], **params: Any) -> dict[str, Any]:
    response = as_("auditor").get(f"/history/process-instances/{instance['id']}/as-of", **params)
    assert response.status_code == 200, response.text
    return dict(response.json())


def seen(told: dict[str, Any]) -> dict[str, Any]:
    """What is told of then, without what is told besides."""
    return {name: value for name, value in told.items() if name not in ADDED}


def last_sequence(database: Database, instance_id: str) -> int:
    with database.reading() as session:
        return process_instances.get(session, UUID(instance_id)).last_sequence


def other_version(as_: As) -> str:
    """Deploy the SOP with two of its user tasks called otherwise; gives the id of the version."""
    files = read_folder(SOP_FOLDER)
    name = next(name for name in files if name.endswith(".bpmn"))
    for old, new in RENAMED.items():
        files[name] = files[name].replace(f'"{old}"'.encode(), f'"{new}"'.encode())
        files[name] = files[name].replace(f">{old}<".encode(), f">{new}<".encode())
    response = as_("perancang").deploy(files)
    assert response.status_code == 201, response.text
    return str(response.json()["process_definitions"][0]["id"])


@dataclass
class Walk:
    """One instance to which people do what comes to their minds, and what could be read of it after each of it."""

    as_: As
    clock: Clock
    database: Database
    versions: tuple[str, str]
    shown: dict[str, Any] = field(default_factory=dict)
    last: int = 0
    #: time → what was read then
    at: dict[datetime, dict[str, Any]] = field(default_factory=dict)
    #: sequence → what was read once its command was done
    after: dict[int, dict[str, Any]] = field(default_factory=dict)

    def start(self, steps: int) -> None:
        """With so many of the first six steps done."""
        started = self.as_("kepala").post("/process-instances", {"process_definition_id": self.versions[0]})
        self.shown = advance_through(self.as_, started.json(), list(PERFORMERS)[:steps])
        self.last = last_sequence(self.database, self.shown["id"]) - 1
        self.note()

    def note(self) -> None:
        """Read it, and write down what was read."""
        self.shown = self.as_("admin").instance(self.shown["id"])
        before, self.last = self.last, last_sequence(self.database, self.shown["id"])
        if self.last > before:
            # What happens within a command is never seen: each of its events stands for all of it.
            self.after |= {before + 1: self.shown, self.last: self.shown}
        self.at[max(self.clock.now, *self.at, self.clock.now)] = self.shown

    def play(self, move: Callable[[Walk, int], Any], pick: int) -> None:
        if self.shown["user_tasks"]:
            response = move(self, pick)
            assert response is None or response.status_code < 500, response.text
            self.note()

    def task(self, pick: int) -> tuple[dict[str, Any], str, str]:
        """An open user task, its element in the first version, and who does it."""
        task = self.shown["user_tasks"][pick % len(self.shown["user_tasks"])]
        element = FORMER.get(task["element_id"], task["element_id"])
        return task, element, (task["candidates"] or [PERFORMERS[element]])[0]


def complete(walk: Walk, pick: int) -> Any:
    task, element, person = walk.task(pick)
    # Whoever has it does it, most of the time.
    person = task["assignee"] or person if pick < 5 else person
    chosen = {"keputusan": "tidak" if pick % 3 else "ya", "catatan": f"Catatan {pick}.", "anggota_tim": ["anggota2"]}
    if pick % 2:
        chosen["anggota_tim"] = ["anggota1", "sekretaris"]
    form = FORMS[element]
    values = form | {name: value for name, value in chosen.items() if name in form}
    deputy = walk.as_("orang_luar")
    if pick == 4 and person in {"ketua", "sekretaris"}:
        return deputy.post(f"/user-tasks/{task['id']}/completion", {"variables": values, "on_behalf_of": person})
    return walk.as_(person).complete(task, values)


def claim(walk: Walk, pick: int) -> Any:
    task, _, person = walk.task(pick)
    path = f"/user-tasks/{task['id']}/assignment"
    if pick % 2 and person in {"ketua", "sekretaris"}:
        return walk.as_("orang_luar").post(path, {"on_behalf_of": person})
    return walk.as_(person).post(path, {})


def assign(walk: Walk, pick: int) -> Any:
    task, _, person = walk.task(pick)
    to = sorted(name for name, roles in PEOPLE.items() if task["role"] in roles) or [person]
    body = {"assignee": to[pick % len(to)], "reason": "Giliran."}
    return walk.as_("admin").post(f"/user-tasks/{task['id']}/assignment", body)


def release(walk: Walk, pick: int) -> Any:
    task, _, _ = walk.task(pick)
    return walk.as_("admin").request("DELETE", f"/user-tasks/{task['id']}/assignment")


def save_a_draft(walk: Walk, pick: int) -> Any:
    task, element, person = walk.task(pick)
    path, body = f"/user-tasks/{task['id']}/draft", {"variables": FORMS[element] if pick % 2 else {}}
    return walk.as_(task["assignee"] or person).request("PUT", path, json=body)


def comment(walk: Walk, pick: int) -> Any:
    task, _, _ = walk.task(pick)
    return walk.as_("admin").post(f"/user-tasks/{task['id']}/comments", {"text": "Mohon segera."})


def suspend_or_resume(walk: Walk, _: int) -> Any:
    noun = "suspension" if walk.shown["status"] == "active" else "resumption"
    return walk.as_("admin").post(f"/process-instances/{walk.shown['id']}/{noun}")


def migrate(walk: Walk, _: int) -> Any:
    here, there = walk.versions if walk.shown["process_definition_id"] == walk.versions[0] else walk.versions[::-1]
    names = RENAMED if here == walk.versions[0] else FORMER
    body = {"target_process_definition_id": there, "mapping": names}
    return walk.as_("admin").post(f"/process-instances/{walk.shown['id']}/migration", body)


def lose_a_role(walk: Walk, pick: int) -> None:
    """Whoever loses the role loses all user tasks that they have by it, in one command."""
    task, _, person = walk.task(pick)
    path = f"/users/{person}/roles/{task['role']}"
    assert walk.as_("admin").request("DELETE", path).status_code in {200, 404, 409}
    walk.note()
    assert walk.as_("admin").request("PUT", path).status_code == 200


def cancel(walk: Walk, pick: int) -> Any:
    body = {"reason": "Dibatalkan."}
    return walk.as_("admin").post(f"/process-instances/{walk.shown['id']}/cancellation", body) if pick == 0 else None


def let_time_pass(walk: Walk, pick: int) -> None:
    """Sometimes backwards, as the clocks of several machines do."""
    walk.clock.advance(minutes=(-7, 0, 1, 30, 60, 1440)[pick])


Move = Callable[[Walk, int], Any]
MOVES: list[Move] = [complete] * 6 + [let_time_pass] * 3 + [claim, claim, assign, release, save_a_draft, comment]
MOVES += [suspend_or_resume, suspend_or_resume, migrate, migrate, lose_a_role, cancel]
moves = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 5)), min_size=14, max_size=22)


def test_what_could_be_read_then_is_told_exactly_so_ever_after(as_: As, clock: Clock, database: Database) -> None:
    first = as_("perancang").get("/process-definitions").json()["items"][0]["id"]
    versions = (str(first), other_version(as_))
    for principal in ("ketua", "sekretaris"):
        stand_in(database, "orang_luar", principal, clock.now - timedelta(days=9), hours=24 * 900)

    @settings(max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([0, 3, 4, 6]), moves)
    def walk_and_look_back(steps: int, plan: list[tuple[Move, int]]) -> None:
        walk = Walk(as_, clock, database, versions)
        walk.start(steps)
        for move, pick in plan:
            walk.play(move, pick)
        clock.now = max(walk.at)
        for moment, read in walk.at.items():
            assert seen(as_of(as_, walk.shown, at=moment.isoformat())) == read
        for sequence, read in walk.after.items():
            assert seen(as_of(as_, walk.shown, seq=sequence)) == read

    walk_and_look_back()


@on_sqlite
def test_a_moment_before_the_start_after_now_or_none_at_all_is_refused(as_: As, clock: Clock) -> None:
    instance = as_("kepala").start()
    start = clock.now
    clock.advance(hours=1)
    path = f"/history/process-instances/{instance['id']}/as-of"
    refusals: list[tuple[dict[str, Any], str, str]] = [
        ({}, "at", "exactly_one"),
        ({"at": start.isoformat(), "seq": 1}, "at", "exactly_one"),
        ({"at": (start - timedelta(microseconds=1)).isoformat()}, "at", "before_the_start"),
        ({"at": (clock.now + timedelta(microseconds=1)).isoformat()}, "at", "in_the_future"),
        ({"seq": 3}, "seq", "not_reached"),
        ({"seq": 2**31 - 1}, "seq", "not_reached"),
    ]
    for params, parameter, code in refusals:
        response = as_("auditor").get(path, **params)
        assert response.status_code == 422, (params, response.text)
        assert [(each["pointer"], each["code"]) for each in response.json()["errors"]] == [(parameter, code)]
    for malformed in ({"seq": 0}, {"seq": 2**31}, {"seq": "x"}, {"at": "2026"}, {"at": "2026-07-01T01:00:00"}):
        assert as_("auditor").get(path, **malformed).status_code == 422
    for moment in (start, clock.now):
        assert as_of(as_, instance, at=moment.isoformat())["sequence"] == 2


@on_sqlite
def test_what_another_machine_wrote_ahead_of_this_clock_can_be_asked_for(as_: As, clock: Clock) -> None:
    instance = as_("kepala").start()
    moment = clock.now
    clock.advance(minutes=-5)
    assert seen(as_of(as_, instance, at=moment.isoformat())) == instance


@on_sqlite
def test_it_is_told_where_the_tokens_stood(as_: As) -> None:
    assert as_("perancang").deploy({"regu.bpmn": parallel_teams()}).status_code == 201
    started = as_("sekretaris").start("regu")
    assert as_("sekretaris").complete(task_of(started, "tunjuk"), {}).status_code == 200
    assert as_("anggota2").complete(task_of(started, "kerja"), {}).status_code == 200
    told = [as_of(as_, started, seq=sequence) for sequence in range(1, last_of(as_, started) + 1)]
    stood = [[(token["element_id"], token["count"]) for token in each["tokens"]] for each in told]
    assert stood[:3] == [[("tunjuk", 1), ("kerja", 1)]] * 3
    assert [("gabung", 1), ("kerja", 1)] in [sorted(each) for each in stood]
    assert (stood[-1], told[-1]["status"], told[-1]["user_tasks"]) == ([], "completed", [])
    assert told[0]["tokens"][0]["element_name"] == "Tunjuk"


def last_of(as_: As, instance: dict[str, Any]) -> int:
    return int(as_("admin").events(instance["id"])[-1]["sequence"])


@pytest.fixture
def three_receipts(as_: As) -> dict[str, Any]:
    """An instance with three user tasks open, all of them given to one person."""
    instance = advance_through(as_, as_("kepala").start(), list(PERFORMERS)[:6])
    for task in instance["user_tasks"]:
        body = {"assignee": "ketua", "reason": "Giliran."}
        assert as_("admin").post(f"/user-tasks/{task['id']}/assignment", body).status_code == 200
    return as_("admin").instance(instance["id"])


@on_sqlite
def test_whoever_lost_several_user_tasks_at_once_lost_all_of_them(as_: As, three_receipts: dict[str, Any]) -> None:
    last = last_of(as_, three_receipts)
    assert as_("admin").request("DELETE", "/users/ketua/roles/Ketua Tim Kerja Sekretariat").status_code == 200
    assert last_of(as_, three_receipts) == last + 3
    assert seen(as_of(as_, three_receipts, seq=last)) == three_receipts
    for sequence in (last + 1, last + 2, last + 3):
        told = as_of(as_, three_receipts, seq=sequence)
        assert ([task["assignee"] for task in told["user_tasks"]], told["sequence"]) == ([None] * 3, last + 3)


@on_sqlite
def test_user_tasks_that_were_given_back_one_by_one_are_told_so(as_: As, three_receipts: dict[str, Any]) -> None:
    last = last_of(as_, three_receipts)
    for task in three_receipts["user_tasks"]:
        assert as_("ketua").request("DELETE", f"/user-tasks/{task['id']}/assignment").status_code == 200
    for released in (1, 2, 3):
        told = as_of(as_, three_receipts, seq=last + released)
        assert sum(task["assignee"] is None for task in told["user_tasks"]) == released
        assert told["sequence"] == last + released


@on_sqlite
def test_histories_of_before_are_told_as_well(as_: As, clock: Clock, database: Database) -> None:
    instance, read = as_("kepala").start(), {}
    for element_id in (*list(PERFORMERS)[:4], "pemeriksaan_konsep", "penyusunan_konsep"):
        read[clock.now] = instance
        clock.advance(hours=1)
        instance = advance(
            as_, instance, element_id, **({"keputusan": "tidak"} if element_id == "pemeriksaan_konsep" else {})
        )
    write_as_before(database, instance["id"])
    for moment, shown in read.items():
        assert seen(as_of(as_, instance, at=moment.isoformat())) == shown
    assert seen(as_of(as_, instance, seq=last_of(as_, instance))) == instance


@on_sqlite
def test_a_state_that_was_removed_by_law_is_told_to_be_so(as_: As, database: Database) -> None:
    instance = as_("kepala").start()
    with database.transaction() as session:
        session.execute(text("DROP TRIGGER event_refuses_update"))
        session.execute(text("UPDATE event SET state_sha256 = x'00', state_after = NULL WHERE state_after IS NOT NULL"))
    response = as_("auditor").get(f"/history/process-instances/{instance['id']}/as-of", seq=1)
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == "state_removed"


@on_sqlite
def test_the_past_is_looked_up_by_sequence_and_never_read_through(as_: As, clock: Clock, database: Database) -> None:
    instance = advance_through(as_, as_("kepala").start(), list(PERFORMERS)[:6])
    asked: list[tuple[str, Any]] = []
    with database.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        actor = Actor(uuid4(), "auditor", frozenset({"auditor"}))
        for at, seq in ((clock.now, None), (None, 7)):
            read_as_of(session, UUID(instance["id"]), actor, at, seq, now=clock.now)
        of_events = [(statement, values) for statement, values in asked if "FROM event" in statement]
        assert len(of_events) > 9
        for statement, values in of_events:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            steps = [row.detail for row in plan if " event " in row.detail]
            assert steps
            assert all("process_instance_id=? AND sequence" in step for step in steps), (statement, steps)


def test_a_moment_is_found_in_a_long_history_as_in_a_short_one(as_: As, clock: Clock, database: Database) -> None:
    """Several events share a time, as those of one command do."""
    instance_id = UUID(as_("kepala").start()["id"])
    moments = [clock.now, clock.now] + [clock.now + timedelta(seconds=number // 3) for number in range(600)]
    with database.transaction() as session:
        columns = tables.event.c
        first = session.execute(select(tables.event).where(columns.sequence == 1)).mappings().one()
        rows = [{**first, "sequence": number, "occurred_at": at} for number, at in enumerate(moments, start=1)]
        session.execute(insert(tables.event), rows[2:])
    with database.reading() as session:
        for second in (-1, 0, 1, 5, 42, 100, 198, 199, 200):
            moment = clock.now + timedelta(seconds=second)
            for length in (2, 17, 18, 300, 602):
                found = past.last_until(session, instance_id, length, moment)
                assert found == bisect_right(moments, moment, hi=length)
