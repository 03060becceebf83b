"""Random calls by several people, compared with a small model of the SOP; the invariants are checked after each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from httpx2 import Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from app.storage import tables
from app.storage.database import Database
from tests.conftest import PEOPLE, Clock
from tests.robustness.invariants import check_instance
from tests.sop import SOP_FOLDER, As, example_values

FORMS = {
    path.stem.replace("-", "_"): example_values(json.loads(path.read_text()))
    for path in SOP_FOLDER.glob("forms/*.json")
}
RECEIPTS = {"distribusi_bidang", "unggah_esr", "unggah_situs_bappeda"}
#: element → what opens when it is completed; the examination decides for itself
NEXT: dict[str, set[str]] = {
    "perintah_penyusunan": {"pembentukan_tim"},
    "pembentukan_tim": {"rapat_koordinasi"},
    "rapat_koordinasi": {"penyusunan_konsep"},
    "penyusunan_konsep": {"pemeriksaan_konsep"},
    "penetapan": RECEIPTS,
} | {receipt: set() for receipt in RECEIPTS}
#: what changes an instance's status → from which, to which
STATUS_CHANGES = {
    "suspension": ({"active"}, "suspended"),
    "resumption": ({"suspended"}, "active"),
    "cancellation": ({"active", "suspended"}, "cancelled"),
}
STALE = '"0"'

people = st.sampled_from(["kepala", "sekretaris", "ketua", "anggota1", "anggota2", "anggota3", "admin", "orang_luar"])
nouns = st.sampled_from(["suspension", "resumption", "resumption", "cancellation"])
#: the Sekretaris may be a member of the team
teams = st.lists(st.sampled_from(["anggota1", "anggota2", "sekretaris"]), min_size=1, max_size=3, unique=True)


@dataclass
class Task:
    """What the model knows of a user task."""

    id: str
    element_id: str
    role: str
    #: None: whoever holds the role
    candidates: list[str] | None
    assignee: str | None = None
    is_open: bool = True

    def has_candidate(self, person: str) -> bool:
        return person in self.candidates if self.candidates is not None else self.role in PEOPLE[person]


@dataclass
class Model:
    """What must be so, by the SOP and by the table of permissions."""

    status: str = "active"
    tasks: list[Task] = field(default_factory=list)
    team: list[str] | None = None
    acted: set[str] = field(default_factory=lambda: {"kepala"})

    def takes_part(self, person: str) -> bool:
        roles = set(PEOPLE[person]) & {"Kepala Badan", "Sekretaris", "Tim", "Ketua Tim Kerja Sekretariat"}
        if self.team is not None:
            roles.discard("Tim")
        return bool(roles) or person in self.acted or person in (self.team or ())

    def refusal(self, person: str) -> int:
        """The status for somebody who may not do something: it depends on whether they may know of it."""
        return 403 if person == "admin" or self.takes_part(person) else 404

    def change_status(self, status: str) -> None:
        self.status = status
        if status == "cancelled":
            for task in self.tasks:
                task.is_open = False

    def complete(self, task: Task, person: str, values: Mapping[str, Any]) -> set[str]:
        """Close a task; gives the elements that must open."""
        task.is_open, task.assignee = False, person
        if task.element_id == "pembentukan_tim":
            self.team = values["anggota_tim"]
        if task.element_id == "pemeriksaan_konsep":
            return {"penetapan"} if values["keputusan"] == "ya" else {"penyusunan_konsep"}
        return NEXT[task.element_id]


@dataclass(frozen=True)
class Attempt:
    """Who tries something on which task, and which revision of it they believe to see."""

    person: str
    #: whether a candidate acts in place of the person
    rightly: bool
    #: counted from the newest open task
    pick: int
    if_match: str | None


attempts = st.builds(
    Attempt,
    person=people,
    rightly=st.booleans(),
    pick=st.sampled_from([0, 0, 0, 1, 2, 3]),
    if_match=st.sampled_from([None, None, "*", STALE]),
)


class Walk(RuleBasedStateMachine):
    """One instance, and people who try everything with it."""

    def __init__(self, as_: As, database: Database, clock: Clock) -> None:
        super().__init__()
        self.as_, self.database, self.clock = as_, database, clock
        self.model = Model()

    @initialize()
    def start(self) -> None:
        instance = self.as_("kepala").start()
        self.id = instance["id"]
        self._open(instance["user_tasks"])
        self.known = self._contents()

    @rule(attempt=attempts)
    def claim(self, attempt: Attempt) -> None:
        person, task = self._chosen(attempt)
        expected = self._expected(person, task, attempt, allowed=task.has_candidate(person), unclaimed=True)
        if self._send(person, expected, "POST", f"/user-tasks/{task.id}/assignment", attempt).is_success:
            task.assignee = person

    @rule(attempt=attempts)
    def release(self, attempt: Attempt) -> None:
        person, task = self._chosen(attempt)
        allowed = person in {"admin", task.assignee}
        expected = self._expected(person, task, attempt, allowed=allowed)
        expected = 409 if expected == 200 and task.assignee is None else expected
        if self._send(person, expected, "DELETE", f"/user-tasks/{task.id}/assignment", attempt).is_success:
            task.assignee = None

    @rule(attempt=attempts, kind=st.sampled_from(["empty", "whole", "wrong"]))
    def save_a_draft(self, attempt: Attempt, kind: str) -> None:
        person, task = self._chosen(attempt)
        variables = {"empty": {}, "whole": FORMS[task.element_id], "wrong": {"asing": 1}}[kind]
        expected = self._expected(person, task, attempt, allowed=task.has_candidate(person), unclaimed=True)
        expected = 422 if expected == 200 and kind == "wrong" else expected
        self._send(person, expected, "PUT", f"/user-tasks/{task.id}/draft", attempt, {"variables": variables})

    @rule(attempt=attempts)
    def comment(self, attempt: Attempt) -> None:
        person, task = self._chosen(attempt)
        allowed = person == "admin" or self.model.takes_part(person)
        expected = self._expected(person, task, attempt, allowed=allowed)
        expected = 201 if expected == 200 else expected
        self._send(person, expected, "POST", f"/user-tasks/{task.id}/comments", attempt, {"text": "Catatan."})

    @rule(attempt=attempts)
    def complete_wrongly(self, attempt: Attempt) -> None:
        person, task = self._chosen(attempt)
        expected = self._expected(person, task, attempt, allowed=task.has_candidate(person), unclaimed=True)
        body = {"variables": FORMS[task.element_id] | {"asing": 1}}
        path = f"/user-tasks/{task.id}/completion"
        self._send(person, 422 if expected == 200 else expected, "POST", path, attempt, body)

    @rule(attempt=attempts, team=teams, decision=st.sampled_from(["ya", "tidak"]))
    def complete(self, attempt: Attempt, team: list[str], decision: str) -> None:
        person, task = self._chosen(attempt)
        expected = self._expected(person, task, attempt, allowed=task.has_candidate(person), unclaimed=True)
        chosen = {"anggota_tim": team, "keputusan": decision, "catatan": "Perlu diperjelas."}
        form = FORMS[task.element_id]
        values = form | {name: value for name, value in chosen.items() if name in form}
        path = f"/user-tasks/{task.id}/completion"
        response = self._send(person, expected, "POST", path, attempt, {"variables": values})
        if response.is_success:
            opened = response.json()["next_user_tasks"]
            assert {new["element_id"] for new in opened} == self.model.complete(task, person, values)
            self._open(opened)
            if not any(other.is_open for other in self.model.tasks):
                self.model.status = "completed"

    @rule(person=st.sampled_from(["admin", "admin", "admin", "kepala", "orang_luar"]), noun=nouns)
    def change_the_status(self, person: str, noun: str) -> None:
        before, after = STATUS_CHANGES[noun]
        right_time = self.model.status in before
        expected = self.model.refusal(person) if person != "admin" else 200 if right_time else 409
        body = {"reason": "Diputuskan."}
        if self._send(person, expected, "POST", f"/process-instances/{self.id}/{noun}", None, body).is_success:
            self.model.change_status(after)

    @rule(minutes=st.integers(-30, 60))
    def let_the_clock_run(self, minutes: int) -> None:
        """Sometimes backwards, as the clocks of several machines do."""
        self.clock.advance(minutes=minutes)

    @invariant()
    def the_instance_tells_one_story(self) -> None:
        check_instance(self.database, self.id)
        shown = self.known["shown"]
        assert shown["status"] == self.model.status
        assert {task["id"]: task["assignee"] for task in shown["user_tasks"]} == {
            task.id: task.assignee for task in self.model.tasks if task.is_open
        }

    def _chosen(self, attempt: Attempt) -> tuple[str, Task]:
        newest_first = self.model.tasks[::-1]
        newest_open_first = sorted(newest_first, key=lambda task: not task.is_open)
        task = newest_open_first[attempt.pick % len(newest_open_first)]
        candidates = [name for name in sorted(PEOPLE) if task.has_candidate(name)]
        return (candidates[0] if attempt.rightly else attempt.person), task

    def _expected(self, person: str, task: Task, attempt: Attempt, *, allowed: bool, unclaimed: bool = False) -> int:
        """The status of a command on a task, judged in the order in which the service must judge."""
        if not allowed:
            return self.model.refusal(person)
        if attempt.if_match == STALE:
            return 412
        if not task.is_open or self.model.status != "active":
            return 409
        return 409 if unclaimed and task.assignee not in {None, person} else 200

    def _send(
        self, person: str, expected: int, method: str, path: str, attempt: Attempt | None, body: Any = None
    ) -> Response:
        """Send it; a refusal changes nothing, and an ETag stays only while what it stands for does."""
        headers = {} if attempt is None or attempt.if_match is None else {"If-Match": attempt.if_match}
        response = self.as_(person).request(method, path, headers=headers, json=body)
        assert response.status_code == expected, (self.model, response.text)
        before, self.known = self.known, self._contents()
        if response.is_success:
            self.model.acted.add(person)
            assert self.known["etag"] != before["etag"] or self.known == before
        else:
            assert self.known == before
        return response

    def _open(self, tasks: list[dict[str, Any]]) -> None:
        for task in tasks:
            assert task["candidates"] == (self.model.team if task["role"] == "Tim" else None)
            self.model.tasks.append(Task(task["id"], task["element_id"], task["role"], task["candidates"]))

    def _contents(self) -> dict[str, Any]:
        """All that is stored of the instance, and how it is shown."""
        shown = self.as_("auditor").get(f"/process-instances/{self.id}")
        found: dict[str, Any] = {"etag": shown.headers["etag"], "shown": shown.json()}
        with self.database.reading() as session:
            for table in (tables.user_task, tables.comment, tables.participant):
                rows = session.execute(select(table).where(table.c.process_instance_id == UUID(self.id)))
                found[table.name] = sorted(map(str, rows))
            count = select(func.count()).where(tables.event.c.process_instance_id == UUID(self.id))
            found["events"] = session.scalar(count)
        return found


def test_random_calls_keep_to_the_model_and_the_invariants(as_: As, database: Database, clock: Clock) -> None:
    run_state_machine_as_test(
        lambda: Walk(as_, database, clock),  # type: ignore[arg-type]  # it only calls it
        settings=settings(
            max_examples=10,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
