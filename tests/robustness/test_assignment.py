"""Random claims, releases, assignments and completions by people who come and go as each other's deputies, compared
with a small model: never two assignees, never a completion by who is no candidate, never in a name out of its dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from httpx2 import Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.storage.database import Database
from tests.conftest import Clock
from tests.diagrams_in_text import four_eyes
from tests.robustness.invariants import check_instance
from tests.sop import As
from tests.standing_in import revoke, stand_in

MEMBERS = ["anggota1", "anggota2"]
PEOPLE = [*MEMBERS, "orang_luar", "ketua", "admin"]

#: orang_luar, who can only stand in, most often
people = st.sampled_from(["orang_luar", "orang_luar", "anggota1", "anggota2", "ketua", "admin"])
principals = st.sampled_from(["anggota1", "anggota2", "anggota2", "ketua"])
names = st.one_of(st.none(), st.none(), principals)


@dataclass(frozen=True)
class Substitution:
    id: Any
    deputy: str
    principal: str
    start: datetime
    end: datetime


class Refusal(Exception):
    """What the model refuses."""

    def __init__(self, status: int) -> None:
        self.status = status


@dataclass
class Model:
    """Who may do what with the one open task."""

    now: datetime
    #: of the lane's role
    holders: set[str] = field(default_factory=lambda: set(MEMBERS))
    substitutions: list[Substitution] = field(default_factory=list)
    element: str = "susun"
    assignee: str | None = None
    on_behalf_of: str | None = None
    drafters: set[str] = field(default_factory=set)
    has_draft: bool = False
    #: who did something in the instance knows of it for ever
    acted: set[str] = field(default_factory=lambda: {"anggota1"})

    def principals(self, person: str) -> set[str]:
        return {s.principal for s in self.substitutions if s.deputy == person and s.start <= self.now < s.end}

    def fitting(self, person: str) -> set[str]:
        return self.principals(person) & self.holders

    def knows(self, person: str) -> bool:
        return person == "admin" or bool({person, *self.principals(person)} & (self.holders | self.acted))

    def performer(self, person: str, named: str | None) -> str | None:
        """In whose name the person does the task; None: in their own."""
        fitting = self.fitting(person)
        if person not in self.holders and not fitting:
            raise Refusal(403 if self.knows(person) else 404)
        if named is not None and named not in fitting:
            raise Refusal(403)
        usual = self.on_behalf_of if self.assignee == person else self.assignee
        principal = named or (usual if usual in fitting else None)
        if principal is None and person not in self.holders:
            if len(fitting) > 1:
                raise Refusal(409)
            (principal,) = fitting
        return principal

    def work(self, person: str, named: str | None) -> str | None:
        """As `performer`, for what only who has the task, or can take it, may do."""
        principal = self.performer(person, named)
        lapsed = self.on_behalf_of is not None and self.on_behalf_of not in self.principals(self.assignee or "")
        if self.assignee not in {None, person, principal} and self.on_behalf_of != person and not lapsed:
            raise Refusal(409)
        return principal

    def separate(self, *persons: str | None) -> None:
        if self.element == "periksa" and self.drafters & set(persons):
            raise Refusal(403)

    def give_away(self, person: str) -> None:
        is_theirs = person in {self.assignee, self.on_behalf_of} and (person in self.holders or self.fitting(person))
        if person != "admin" and not is_theirs:
            raise Refusal(403 if self.knows(person) else 404)

    def assign(self, assignee: str | None, on_behalf_of: str | None = None) -> None:
        self.assignee, self.on_behalf_of = assignee, on_behalf_of


class Assignment(RuleBasedStateMachine):
    """One open task at a time."""

    def __init__(self, as_: As, database: Database, clock: Clock) -> None:
        super().__init__()
        self.as_, self.database, self.clock = as_, database, clock
        self.started_at = clock.now

    @initialize()
    def start(self) -> None:
        self.model = Model(self.clock.now)
        self.asked = cycle(PEOPLE)
        self.stand_in("orang_luar", "anggota1", hours=4, later=0)
        self._follow(self.as_("anggota1").start("dua"))

    @rule(deputy=people, principal=principals, hours=st.integers(1, 3), later=st.integers(0, 2))
    def stand_in(self, deputy: str, principal: str, hours: int, later: int) -> None:
        if deputy == principal:
            return
        start = self.clock.now + timedelta(hours=later)
        letter = f"{deputy} untuk {principal}"
        made = stand_in(self.database, deputy, principal, start, hours=hours, letter=letter)
        end = start + timedelta(hours=hours)
        self.model.substitutions.append(Substitution(made, deputy, principal, start, end))

    @rule(pick=st.integers(0, 5))
    def revoke(self, pick: int) -> None:
        if self.model.substitutions:
            ended = self.model.substitutions.pop(pick % len(self.model.substitutions))
            revoke(self.database, ended.id, self.clock.now)

    @rule(person=st.sampled_from(MEMBERS))
    def lose_role(self, person: str) -> None:
        """What they have by it, also through a deputy, goes back to the lane."""
        assert self._role("DELETE", person).status_code == 200
        self.model.holders.discard(person)
        if person == (self.model.on_behalf_of or self.model.assignee):
            self.model.assign(None)

    @rule(person=st.sampled_from(MEMBERS))
    def get_role(self, person: str) -> None:
        assert self._role("PUT", person).status_code == 200
        self.model.holders.add(person)

    @rule(hours=st.integers(1, 2))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours=hours)
        self.model.now = self.clock.now

    @rule(person=people, named=names)
    def claim(self, person: str, named: str | None) -> None:
        def expected() -> None:
            principal = self.model.work(person, named)
            if (self.model.assignee, self.model.on_behalf_of) != (person, principal):
                self.model.separate(person, principal)
                self.model.assign(person, principal)
                self.model.acted.add(person)

        self._compare(expected, self._post(person, "assignment", on_behalf_of=named))

    @rule(person=people, assignee=people)
    def hand_on(self, person: str, assignee: str) -> None:
        if person == assignee:
            return

        def expected() -> None:
            self.model.give_away(person)
            if self.model.assignee == assignee:
                return
            if assignee not in self.model.holders:
                raise Refusal(422)
            self.model.separate(assignee)
            self.model.assign(assignee)
            self.model.acted.add(person)

        self._compare(expected, self._post(person, "assignment", assignee=assignee, reason="Bergantian."))

    @rule(person=people)
    def release(self, person: str) -> None:
        def expected() -> None:
            self.model.give_away(person)
            if self.model.assignee is None:
                raise Refusal(409)
            self.model.assign(None)
            self.model.acted.add(person)

        self._compare(expected, self.as_(person).request("DELETE", f"/user-tasks/{self.task}/assignment"))

    @rule(person=people, named=names)
    def draft(self, person: str, named: str | None) -> None:
        def expected() -> None:
            self.model.separate(person, self.model.work(person, named))
            if not self.model.has_draft:
                self.model.has_draft = True
                self.model.acted.add(person)

        body: dict[str, Any] = {"variables": {}, "on_behalf_of": named}
        self._compare(expected, self.as_(person).request("PUT", f"/user-tasks/{self.task}/draft", json=body))

    @rule(person=people, named=names)
    def complete(self, person: str, named: str | None) -> None:
        principal: str | None = None

        def expected() -> None:
            nonlocal principal
            principal = self.model.work(person, named)
            self.model.separate(person, principal)

        response = self._post(person, "completion", variables={}, on_behalf_of=named)
        if not self._compare(expected, response):
            return
        task = response.json()["user_task"]
        letter = f"{person} untuk {principal}" if principal else None
        assert (task["completed_by"], task["on_behalf_of"], task["basis"]) == (person, principal, letter)
        self._go_on(response.json()["process_instance"], {person} | ({principal} if principal else set()))

    @invariant()
    def one_assignee_as_the_model_says(self) -> None:
        task = self.as_("admin").get(f"/user-tasks/{self.task}").json()
        assert (task["assignee"], task["on_behalf_of"]) == (self.model.assignee, self.model.on_behalf_of)
        person = next(self.asked)
        assert self._sees_in_inbox(person) == (person in self.model.holders or bool(self.model.fitting(person)))

    def teardown(self) -> None:
        check_instance(self.database, self.instance)
        for substitution in self.model.substitutions:
            revoke(self.database, substitution.id, self.clock.now)
        self.clock.now = self.started_at
        for person in MEMBERS:
            self._role("PUT", person)

    def _role(self, method: str, person: str) -> Response:
        return self.as_("admin").request(method, f"/users/{person}/roles/Tim")

    def _sees_in_inbox(self, person: str) -> bool:
        found = self.as_(person).get("/user-tasks", candidate="me", process_instance_id=self.instance, state="open")
        return [task["id"] for task in found.json()["items"]] == [self.task]

    def _post(self, person: str, noun: str, **body: Any) -> Response:
        return self.as_(person).post(f"/user-tasks/{self.task}/{noun}", body)

    def _compare(self, expected: Any, response: Response) -> bool:
        """Whether it was done; it must have been if, and only if, the model does it."""
        status = 200
        try:
            expected()
        except Refusal as refusal:
            status = refusal.status
        assert response.status_code == status, response.text
        return status == 200

    def _go_on(self, instance: dict[str, Any], performers: set[str]) -> None:
        """To the examination, and from there to a new instance."""
        self.model.assign(None)
        self.model.has_draft = False
        if self.model.element == "susun":
            self.model.element, self.model.drafters = "periksa", performers
            self.model.acted |= performers
            self._follow(instance)
            return
        check_instance(self.database, self.instance)
        self.model.element, self.model.drafters, self.model.acted = "susun", set(), {"anggota1"}
        self.get_role("anggota1")
        self._follow(self.as_("anggota1").start("dua"))

    def _follow(self, instance: dict[str, Any]) -> None:
        self.instance, self.task = instance["id"], instance["user_tasks"][0]["id"]


def test_random_assignments_agree_with_the_model(as_: As, database: Database, clock: Clock) -> None:
    assert as_("perancang").deploy({"dua.bpmn": four_eyes(drafter="Tim", examiner="Tim")}).status_code == 201
    run_state_machine_as_test(
        lambda: Assignment(as_, database, clock),  # type: ignore[arg-type]  # it only calls it
        settings=settings(
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
