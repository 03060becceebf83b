"""Requests that arrive at one moment, through real servers of one and of two processes: each race is decided."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from app.storage import people, tokens
from app.storage.database import Database
from tests.conftest import Clock, World, closing_database
from tests.robustness.invariants import check_instance, events_of
from tests.robustness.server import Server, simultaneously
from tests.sop import SOP_FOLDER, SOP_KEY, Client, advance, advance_through, read_folder, values_for

#: all of them hold the first lane of the SOP
CROWD = [f"pejabat{number}" for number in range(1, 17)]
TO_THE_RECEIPTS = [
    "perintah_penyusunan",
    "pembentukan_tim",
    "rapat_koordinasi",
    "penyusunan_konsep",
    "pemeriksaan_konsep",
    "penetapan",
]

Ask = Callable[[Client], Response]


@pytest.fixture(scope="module")
def crowded_world(shared_world: World) -> World:
    secrets = dict(shared_world.tokens)
    now = Clock().now
    with closing_database(shared_world.settings) as database, database.transaction() as session:
        for username in CROWD:
            user_id = people.add(session, username, username.title(), ["Kepala Badan"], now=now)
            secrets[username] = tokens.issue(session, user_id, now=now).secret
    return World(shared_world.settings, secrets)


#: for what one process decides by other means than two do
one_and_two_processes = pytest.mark.parametrize("office", [1, 2], indirect=True)


@pytest.fixture(scope="module", params=[2])
def office(request: pytest.FixtureRequest, crowded_world: World) -> Iterator[Server]:
    with Server(crowded_world.settings, crowded_world.tokens, workers=request.param) as server:
        yield server


@pytest.fixture(scope="module")
def crowd(office: Server) -> list[Client]:
    """16 people, each with an open connection."""
    clients = [office.as_(username) for username in CROWD]
    assert {client.get("/user-tasks").status_code for client in clients} == {200}
    return clients


def all_at_once(clients: list[Client], ask: Ask) -> list[Response]:
    return simultaneously([partial(ask, client) for client in clients])


@one_and_two_processes
def test_of_16_simultaneous_completions_one_counts_and_the_others_learn_by_whom_and_when(
    office: Server, crowd: list[Client], shared_database: Database
) -> None:
    instance = office.as_("kepala").start()
    task = instance["user_tasks"][0]
    values = values_for(crowd[0], task)
    answers = all_at_once(crowd, lambda client: client.complete(task, values))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 15}
    done = next(answer.json()["user_task"] for answer in answers if answer.status_code == 200)
    for refused in (answer.json() for answer in answers if answer.status_code == 409):
        assert refused["type"] == "urn:jenjang:problem:user_task_closed"
        assert f"by {done['completed_by']} at {done['completed_at'].rstrip('Z')}" in refused["detail"]
    check_instance(shared_database, instance["id"])


@one_and_two_processes
def test_of_16_simultaneous_claims_one_counts_and_the_others_learn_by_whom_and_when(
    office: Server, crowd: list[Client], shared_database: Database
) -> None:
    instance = office.as_("kepala").start()
    path = f"/user-tasks/{instance['user_tasks'][0]['id']}/assignment"
    answers = all_at_once(crowd, lambda client: client.post(path))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 15}
    claimed = next(answer.json() for answer in answers if answer.status_code == 200)
    for refused in (answer.json() for answer in answers if answer.status_code == 409):
        assert refused["type"] == "urn:jenjang:problem:user_task_claimed"
        assert f"by {claimed['assignee']} since {claimed['claimed_at'].rstrip('Z')}" in refused["detail"]
    claims = [e for e in events_of(shared_database, instance["id"]) if e["type"] == "user_task_claimed"]
    assert [event["actor"] for event in claims] == [claimed["assignee"]]
    check_instance(shared_database, instance["id"])


def test_parallel_tasks_completed_at_one_moment_all_count_and_the_process_ends_once(
    office: Server, shared_database: Database
) -> None:
    instance = advance_through(office.as_, office.as_("kepala").start(), TO_THE_RECEIPTS)
    tasks = instance["user_tasks"]
    assert len(tasks) == 3

    desks = [(office.as_("ketua"), task) for task in tasks]
    answers = simultaneously([partial(ketua.complete, task, values_for(ketua, task)) for ketua, task in desks])
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    endings = [answer.json()["process_instance"]["status"] for answer in answers]
    assert Counter(endings) == {"active": 2, "completed": 1}
    check_instance(shared_database, instance["id"])


def test_a_completion_and_a_cancellation_at_one_moment_leave_one_story(
    office: Server, shared_database: Database
) -> None:
    for _ in range(4):
        instance = office.as_("kepala").start()
        task = instance["user_tasks"][0]
        kepala, admin = office.as_("kepala"), office.as_("admin")
        values = values_for(kepala, task)
        cancellation = f"/process-instances/{instance['id']}/cancellation"
        completed, cancelled = simultaneously(
            [partial(kepala.complete, task, values), partial(admin.post, cancellation, {"reason": "Salah mulai."})]
        )
        assert cancelled.status_code == 200
        assert completed.status_code in {200, 409}
        assert admin.instance(instance["id"])["status"] == "cancelled"
        check_instance(shared_database, instance["id"])


def test_16_simultaneous_deployments_of_one_diagram_make_one_version(office: Server) -> None:
    designers = [office.as_("perancang") for _ in range(16)]
    before = newest_version(designers[0])
    upload = read_folder(SOP_FOLDER)
    upload["penjenjangan-kinerja.bpmn"] += b"\n" * before
    answers = all_at_once(designers, lambda designer: patiently(lambda: designer.deploy(upload)))

    told = Counter(answer.status_code for answer in answers)
    assert told[201] == 1
    assert told.keys() <= {200, 201, 409}
    assert newest_version(designers[0]) == before + 1


def patiently(ask: Callable[[], Response]) -> Response:
    """Ask again when told to: few may wait for the checks of a diagram, and on a busy machine they take their time."""
    for _ in range(20):
        response = ask()
        if response.status_code != 503:
            break
        time.sleep(int(response.headers["Retry-After"]))
    return response


def newest_version(person: Client) -> int:
    (newest,) = person.get("/process-definitions", key=SOP_KEY, latest=True).json()["items"]
    return int(newest["version"])


def one_answer(clients: list[Client], ask: Ask) -> Response:
    """What all of them are told, then and later, byte for byte."""
    answers = [*all_at_once(clients, ask), ask(clients[0])]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1, answers[0].text
    return answers[0]


@one_and_two_processes
def test_one_idempotency_key_16_times_at_one_moment_completes_once(office: Server, shared_database: Database) -> None:
    instance = office.as_("kepala").start()
    task = instance["user_tasks"][0]
    values = values_for(office.as_("kepala"), task)
    same_person = [office.as_("kepala") for _ in range(16)]
    answer = one_answer(same_person, lambda client: client.complete(task, values, Idempotency_Key=task["id"]))
    assert answer.status_code == 200
    check_instance(shared_database, instance["id"])


@one_and_two_processes
def test_one_idempotency_key_16_times_at_one_moment_starts_one_instance(office: Server) -> None:
    key = str(uuid4())
    body = {"process_definition_key": SOP_KEY, "business_key": key}
    same_person = [office.as_("kepala") for _ in range(16)]
    answer = one_answer(same_person, lambda client: client.post("/process-instances", body, Idempotency_Key=key))
    assert answer.status_code == 201
    found = office.as_("auditor").get("/process-instances", business_key=key).json()["items"]
    assert [instance["id"] for instance in found] == [answer.json()["id"]]


@one_and_two_processes
def test_one_idempotency_key_16_times_at_one_moment_deploys_one_version(office: Server) -> None:
    same_person = [office.as_("perancang") for _ in range(16)]
    before = newest_version(same_person[0])
    content = read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"] + b"\n" * (100 + before)
    upload: dict[str, Any] = {"files": [("file", ("p.bpmn", content))], "headers": {"Idempotency-Key": str(uuid4())}}
    answer = one_answer(same_person, lambda one: patiently(lambda: one.request("POST", "/deployments", **upload)))
    assert answer.status_code == 201
    assert newest_version(same_person[0]) == before + 1


def test_16_simultaneous_starts_make_16_instances(
    office: Server, crowd: list[Client], shared_database: Database
) -> None:
    answers = all_at_once(crowd, lambda client: client.post("/process-instances", {"process_definition_key": SOP_KEY}))
    assert {answer.status_code for answer in answers} == {201}
    ids = {answer.json()["id"] for answer in answers}
    assert len(ids) == 16
    for instance_id in ids:
        check_instance(shared_database, instance_id)


def test_simultaneous_claims_and_completions_of_the_team_leave_one_story(
    office: Server, shared_database: Database
) -> None:
    instance = advance(office.as_, office.as_("kepala").start(), "perintah_penyusunan")
    instance = advance(office.as_, instance, "pembentukan_tim", anggota_tim=["anggota1", "anggota2", "anggota3"])
    task = instance["user_tasks"][0]
    values = values_for(office.as_("anggota1"), task)
    path = f"/user-tasks/{task['id']}/assignment"
    claims = [partial(office.as_(name).post, path) for name in ("anggota1", "anggota2", "anggota3")]
    completions = [partial(office.as_(name).complete, task, values) for name in ("anggota1", "anggota2", "anggota3")]
    answers = simultaneously([*claims, *completions])
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert [answer.status_code for answer in answers[3:]].count(200) == 1
    check_instance(shared_database, instance["id"])
