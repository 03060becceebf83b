"""Two commands on one version at one moment: the second waits for the first, and is judged by what that left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.commands.approve_definition import approve_definition
from app.commands.delete_definition import delete_definition
from app.commands.deploy_definition import deploy_definition
from app.commands.reject_definition import reject_definition
from app.commands.retire_definition import retire_definition
from app.commands.start_process_instance import start_process_instance
from app.permissions import Actor
from app.queries.examine_upload import read_stored
from app.storage import people, roles, tokens
from app.storage.database import Database
from app.storage.deployments import Candidate
from tests.administration import entries
from tests.conftest import Clock, World, make_world
from tests.diagrams_in_text import single_task
from tests.robustness.server import wait_until
from tests.sop import As

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.fixture
def dialect() -> str:
    """SQLite has one writer, who waits for nobody."""
    return "postgresql"


@pytest.fixture(scope="module")
def module_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One database for all races, each of which has a process of its own."""
    with make_world(request, "postgresql") as made:
        yield made


@pytest.fixture
def world(module_world: World) -> World:
    return module_world


@dataclass
class Race:
    """An approved first version, a second one, and what happens to that."""

    as_: As
    database: Database
    clock: Clock
    key: str
    id: UUID

    def answer_after(self, first: Callable[[Race, Session], Any], second: Callable[[Race], Response]) -> Response:
        """The answer to the second, which has to wait for the transaction of the first."""
        with ThreadPoolExecutor(1) as pool:
            with self.database.transaction() as session:
                first(self, session)
                answer = pool.submit(second, self)
                wait_until(lambda: answer.done() or self._is_waited_for(), seconds=30)
                assert not answer.done()
            return answer.result(timeout=30)

    def _is_waited_for(self) -> bool:
        with self.database.reading() as session:
            return bool(session.scalar(_WAITING))


@pytest.fixture
def race(as_: As, database: Database, clock: Clock) -> Race:
    key = f"k{uuid4().hex}"
    with database.transaction() as session:
        author, reviewer = (find(session, username, clock) for username in ("perancang", "admin"))
        first, second = (propose(session, key, lane, author, clock) for lane in ("Tim", "Sekretaris"))
        approve_definition(session, first, reviewer, None, now=clock.now)
    return Race(as_, database, clock, key, second)


def find(session: Session, username: str, clock: Clock) -> Actor:
    found = tokens.find_person(session, username, now=clock.now, demo=False)
    assert found is not None
    return found


def propose(session: Session, key: str, lane: str, author: Actor, clock: Clock) -> UUID:
    """A version that nobody has examined: what is raced for here is not its diagram."""
    xml, there = single_task(key, lane=lane), read_stored(session, key)
    newest = None if there is None else there.newest
    candidate = Candidate(key, key, f"{key}.bpmn", xml, {}, newest, 0)
    deployment = deploy_definition(session, [candidate], author, approval_required=True, now=clock.now)
    return deployment.process_definitions[0].id


def approve(race: Race, session: Session) -> None:
    approve_definition(session, race.id, find(session, "admin", race.clock), None, now=race.clock.now)


def reject(race: Race, session: Session) -> None:
    reject_definition(session, race.id, find(session, "admin", race.clock), "Keliru.", now=race.clock.now)


def retire(race: Race, session: Session) -> None:
    retire_definition(session, race.id, find(session, "admin", race.clock), None, now=race.clock.now)


def delete(race: Race, session: Session) -> None:
    delete_definition(session, race.id, find(session, "admin", race.clock), now=race.clock.now)


def start(race: Race, session: Session) -> None:
    _start(race, session, race.id)


def start_by_key(race: Race, session: Session) -> None:
    _start(race, session, race.key)


def _start(race: Race, session: Session, wanted: UUID | str) -> None:
    actor = find(session, "sekretaris", race.clock)
    start_process_instance(session, wanted, actor, business_key=None, variables={}, now=race.clock.now)


def request(race: Race, method: str = "POST", noun: str = "") -> Response:
    body = {"reason": "Uji."} if method == "POST" else None
    return race.as_("admin").request(method, f"/process-definitions/{race.id}{noun}", json=body)


def ask_start(race: Race) -> Response:
    return race.as_("sekretaris").post("/process-instances", {"process_definition_id": str(race.id)})


def ask_start_by_key(race: Race) -> Response:
    return race.as_("anggota1").post("/process-instances", {"process_definition_key": race.key})


ask_approval = partial(request, noun="/approval")
ask_rejection = partial(request, noun="/rejection")
ask_retirement = partial(request, noun="/retirement")
ask_deletion = partial(request, method="DELETE")


@pytest.mark.parametrize(
    ("first", "second", "status", "words"),
    [
        (approve, ask_approval, 409, "approved by admin at"),
        (approve, ask_rejection, 409, "approved by admin at"),
        (reject, ask_approval, 409, "rejected by admin at"),
        (delete, ask_approval, 404, "no such process definition"),
        (approve, ask_start, 201, ""),
        (reject, ask_start, 409, "rejected by admin at"),
        (delete, ask_start, 404, "no such process definition"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_was_decided_first_counts_for_a_proposed_version(
    race: Race, first: Callable[[Race, Session], None], second: Callable[[Race], Response], status: int, words: str
) -> None:
    answer = race.answer_after(first, second)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert entries(race.database)


@pytest.mark.parametrize(
    ("first", "second", "status", "words"),
    [
        (retire, ask_start, 409, "retired by admin at"),
        (retire, ask_start_by_key, 201, '"version":1'),
        (delete, ask_start, 404, "no such process definition"),
        (delete, ask_start_by_key, 201, '"version":1'),
        (start, ask_deletion, 409, "1 process instance(s)"),
        (start_by_key, ask_deletion, 409, "1 process instance(s)"),
        (start, ask_retirement, 200, '"status":"retired"'),
        (start_by_key, ask_retirement, 200, '"status":"retired"'),
        (retire, ask_deletion, 200, '"status":"retired"'),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_came_first_counts_for_an_approved_version(
    race: Race, first: Callable[[Race, Session], None], second: Callable[[Race], Response], status: int, words: str
) -> None:
    assert ask_approval(race).status_code == 200
    answer = race.answer_after(first, second)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert entries(race.database)


def test_of_two_who_replace_one_version_the_second_learns_who_was_first(race: Race) -> None:
    def replace(race: Race, session: Session) -> None:
        propose(session, race.key, "Kepala Badan", find(session, "admin", race.clock), race.clock)

    def ask(race: Race) -> Response:
        diagram = {"satu.bpmn": single_task(race.key, lane="Ketua Tim Kerja Sekretariat")}
        return race.as_("perancang").deploy(diagram, based_on=str(race.id))

    answer = race.answer_after(replace, ask)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:jenjang:problem:deployment_overtaken")
    assert f"Version 3 of {race.key} was deployed by admin at " in answer.json()["detail"]


def test_those_who_start_one_version_do_not_wait_for_each_other(race: Race) -> None:
    assert ask_approval(race).status_code == 200
    with race.database.transaction() as session:
        start(race, session)
        assert ask_start(race).status_code == 201


def test_whoever_loses_the_role_while_waiting_approves_nothing(race: Race) -> None:
    def lose(_: Race, session: Session) -> None:
        people.lock(session, ["ketua"])
        roles.revoke(session, ketua.id, ["designer"])

    def ask(race: Race) -> Response:
        return race.as_("ketua").post(f"/process-definitions/{race.id}/approval")

    with race.database.transaction() as session:
        ketua = people.get(session, "ketua")
        roles.grant(session, ketua.id, ["designer"])
    assert race.answer_after(lose, ask).status_code == 403
    assert race.as_("perancang").get(f"/process-definitions/{race.id}").json()["status"] == "proposed"
