"""Requests that arrive at one moment, through real servers of one and of two processes: each race is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx2 import Response

from app.storage import people
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
    tokens = dict(shared_world.tokens)
    now = Clock().now
    with closing_database(shared_world.settings) as database, database.transaction() as session:
        for username in CROWD:
            user_id = people.add(session, username, username.title(), ["Kepala Badan"], now=now)
            tokens[username] = people.issue_token(session, user_id, now=now)
    return World(shared_world.settings, tokens)


@pytest.fixture(scope="module", params=[1, 2], ids=["one_process", "two_processes"])
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
    def of(client: Client) -> Callable[[], Response]:
        return lambda: ask(client)

    return simultaneously([of(client) for client in clients])


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

    def completion(task: dict[str, Any]) -> Callable[[], Response]:
        ketua = office.as_("ketua")
        values = values_for(ketua, task)
        return lambda: ketua.complete(task, values)

    answers = simultaneously([completion(task) for task in tasks])
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
            [
                lambda kepala=kepala, task=task, values=values: kepala.complete(task, values),  # type: ignore[misc]
                lambda admin=admin, path=cancellation: admin.post(path, {"reason": "Salah mulai."}),  # type: ignore[misc]
            ]
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
    answers = all_at_once(designers, lambda designer: designer.deploy(upload))

    told = Counter(answer.status_code for answer in answers)
    assert told[201] == 1
    assert told.keys() <= {200, 201, 409}
    assert newest_version(designers[0]) == before + 1


def newest_version(person: Client) -> int:
    (newest,) = person.get("/process-definitions", key=SOP_KEY, latest=True).json()["items"]
    return int(newest["version"])


@pytest.mark.parametrize("path", ["completion", "process-instances", "deployments"])
def test_one_idempotency_key_16_times_at_one_moment_has_one_effect_and_one_answer(
    office: Server, crowd: list[Client], shared_database: Database, path: str
) -> None:
    same_person = [office.as_(CROWD[0] if path != "deployments" else "perancang") for _ in range(16)]
    key = {"Idempotency-Key": f"satu-{id(office)}"}
    instance = office.as_("kepala").start()
    task = instance["user_tasks"][0]
    ask = {
        "completion": completing(task, values_for(crowd[0], task), key),
        "process-instances": starting(f"sekali-{id(office)}", key),
        "deployments": deploying(newest_version(same_person[0]), key),
    }[path]
    answers = all_at_once(same_person, ask)

    assert len({(answer.status_code, answer.content) for answer in answers}) == 1, answers[0].text
    assert answers[0].status_code == (200 if path == "completion" else 201)
    again = ask(same_person[0])
    assert (again.status_code, again.content) == (answers[0].status_code, answers[0].content)
    check_one_effect(path, same_person[0], answers[0].json(), f"sekali-{id(office)}")
    check_instance(shared_database, instance["id"])


def completing(task: dict[str, Any], values: dict[str, Any], key: dict[str, str]) -> Ask:
    path = f"/user-tasks/{task['id']}/completion"
    return lambda client: client.request("POST", path, json={"variables": values}, headers=key)


def starting(business_key: str, key: dict[str, str]) -> Ask:
    body = {"process_definition_key": SOP_KEY, "business_key": business_key}
    return lambda client: client.request("POST", "/process-instances", json=body, headers=key)


def deploying(number: int, key: dict[str, str]) -> Ask:
    content = read_folder(SOP_FOLDER)["penjenjangan-kinerja.bpmn"] + b"\n" * (100 + number)
    files = [("file", ("penjenjangan-kinerja.bpmn", content))]
    return lambda client: client.request("POST", "/deployments", files=files, headers=key)


def check_one_effect(path: str, person: Client, answer: dict[str, Any], business_key: str) -> None:
    if path == "process-instances":
        found = person.get("/process-instances", business_key=business_key).json()["items"]
        assert [item["id"] for item in found] == [answer["id"]]
    elif path == "deployments":
        (version,) = answer["process_definitions"]
        assert newest_version(person) == version["version"]


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
    team = [office.as_(name) for name in ("anggota1", "anggota2", "anggota3") * 2]
    path = f"/user-tasks/{task['id']}/assignment"
    calls: list[Callable[[], Response]] = []
    for person in team[:3]:
        calls += [lambda person=person: person.post(path), lambda person=person: person.complete(task, values)]  # type: ignore[misc]
    answers = simultaneously(calls)
    completions = [answer for answer in answers if answer.status_code == 200 and "user_task" in answer.json()]
    assert len(completions) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    check_instance(shared_database, instance["id"])
