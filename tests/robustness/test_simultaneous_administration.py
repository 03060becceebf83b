"""People administered at one moment with each other and with the work that goes on: each race is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import or_, select

from app.storage import people, tables, tokens
from app.storage.database import Database
from tests.administration import entries
from tests.conftest import Clock, World, closing_database
from tests.robustness.invariants import check_instance
from tests.robustness.server import Server, simultaneously
from tests.sop import Client
from tests.standing_in import stand_in

#: fresh for each race, as each leaves its people changed
ROUNDS = 6


@pytest.fixture(scope="module")
def staffed_world(shared_world: World) -> World:
    """For each round a Kepala and two administrators more."""
    secrets, now = dict(shared_world.tokens), Clock().now
    with closing_database(shared_world.settings) as database, database.transaction() as session:
        for number in range(ROUNDS):
            for username, role in ((f"kepala{number}", "Kepala Badan"), (f"a{number}", "Tim"), (f"b{number}", "Tim")):
                user_id = people.add(session, username, username, [role], now=now)
                secrets[username] = tokens.issue(session, user_id, now=now).secret
    return World(shared_world.settings, secrets)


@pytest.fixture(scope="module")
def office(staffed_world: World) -> Iterator[Server]:
    with Server(staffed_world.settings, staffed_world.tokens, workers=2) as server:
        yield server


def deactivate(admin: Client, username: str) -> Any:
    """As a client does it that is told to come again."""
    for _ in range(20):
        answer = admin.request("PATCH", f"/users/{username}", json={"active": False})
        if answer.status_code != 503:
            return answer
    return answer


@pytest.mark.parametrize("with_key", [False, True], ids=["", "with an Idempotency-Key"])
def test_whoever_is_deactivated_while_claiming_is_left_with_no_open_task(
    office: Server, shared_database: Database, with_key: bool
) -> None:
    admin = office.as_("admin")
    for number in range(ROUNDS):
        username = f"kepala{number}"
        admin.request("PATCH", f"/users/{username}", json={"active": True})
        tasks = [task for _ in range(3) for task in office.as_("kepala").start()["user_tasks"]]
        keys = [{"Idempotency_Key": task["id"]} if with_key else {} for task in tasks]
        claims = [
            partial(office.as_(username).post, f"/user-tasks/{task['id']}/assignment", None, **key)
            for task, key in zip(tasks, keys, strict=True)
        ]
        *claimed, deactivated = simultaneously([*claims, partial(deactivate, admin, username)])
        assert deactivated.status_code == 200, deactivated.text
        assert {answer.status_code for answer in claimed} <= {200, 401, 403}
        assert open_tasks_of(shared_database, username) == []
        for task in tasks:
            check_instance(shared_database, task["process_instance_id"])


def test_whoever_is_deactivated_while_a_deputy_claims_for_them_is_left_with_no_open_task(
    office: Server, shared_database: Database
) -> None:
    admin = office.as_("admin")
    for number in range(ROUNDS):
        username = f"kepala{number}"
        admin.request("PATCH", f"/users/{username}", json={"active": True})
        stand_in(shared_database, "orang_luar", username, datetime.now(UTC))
        tasks = [task for _ in range(3) for task in office.as_("kepala").start()["user_tasks"]]
        body = {"on_behalf_of": username}
        claims = [
            partial(office.as_("orang_luar").post, f"/user-tasks/{task['id']}/assignment", body) for task in tasks
        ]
        *claimed, deactivated = simultaneously([*claims, partial(deactivate, admin, username)])
        assert deactivated.status_code == 200, deactivated.text
        assert {answer.status_code for answer in claimed} <= {200, 403, 404}
        assert open_tasks_of(shared_database, username) == []


def open_tasks_of(database: Database, username: str) -> list[Any]:
    task = tables.user_task.c
    theirs = or_(task.assignee == username, task.on_behalf_of == username)
    with database.reading() as session:
        return list(session.scalars(select(task.id).where(theirs, task.state == "open")))


def test_two_administrators_who_take_the_role_from_each_other_do_not_leave_nobody(office: Server) -> None:
    for number in range(ROUNDS):
        pair = (f"a{number}", f"b{number}")
        for username in pair:
            assert office.as_("admin").request("PUT", f"/users/{username}/roles/administrator").status_code == 200
        first, second = (office.as_(username) for username in pair)
        others = first.get("/users", role="administrator").json()["items"]
        for other in others:
            if other["username"] not in pair:
                first.request("DELETE", f"/users/{other['username']}/roles/administrator")
        answers = simultaneously(
            [
                partial(first.request, "DELETE", f"/users/{pair[1]}/roles/administrator"),
                partial(deactivate, second, pair[0]),
            ]
        )
        # The second is refused as the last, or because by then the first has taken their role or let them in no more.
        assert Counter(answer.status_code for answer in answers)[200] == 1, [answer.text for answer in answers]
        (left,) = [
            person for person in pair if office.as_(person).get("/users", role="administrator").status_code == 200
        ]
        office.as_(left).request("PUT", "/users/admin/roles/administrator")
        office.as_("admin").request("DELETE", f"/users/{left}/roles/administrator")


def test_substitutions_ordered_at_one_moment_make_no_chain(office: Server, shared_database: Database) -> None:
    for number in range(ROUNDS):
        chain = ["sekretaris", f"a{number}", f"b{number}", "ketua"]
        for username in chain:
            office.as_("admin").request("PATCH", f"/users/{username}", json={"active": True})
        now = datetime.now(UTC)
        times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=1)).isoformat()}
        body = {"letter": "1"} | times
        answers = simultaneously(
            [
                partial(office.as_("admin").post, "/substitutions", body | {"principal": principal, "deputy": deputy})
                for principal, deputy in (chain[:2], chain[1:3], chain[2:])
            ]
        )
        made = [answer.json() for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert made
        assert not {one["principal"] for one in made} & {one["deputy"] for one in made}
        for one in made:
            office.as_("admin").post(f"/substitutions/{one['id']}/revocation")
    assert entries(shared_database)
