"""Running instances go on in another version of their diagram, and lose nothing on the way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from httpx2 import Response

from app.storage.database import Database
from tests.conftest import World
from tests.diagrams_in_text import four_eyes, single_task
from tests.robustness.invariants import check_every_instance
from tests.robustness.server import wait_until
from tests.sop import SOP_FOLDER, As, advance, advance_through, read_folder, task_of, values_for

TO_THE_DRAFT = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi")
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
on_postgresql = pytest.mark.parametrize("dialect", ["postgresql"])


def deploy(as_: As, diagram: bytes) -> str:
    """Deploy a diagram; gives the id of its version."""
    response = as_("perancang").deploy({"diagram.bpmn": diagram})
    assert response.status_code == 201, response.text
    return str(response.json()["process_definitions"][0]["id"])


def deploy_sop(as_: As, old: str, new: str) -> str:
    """Deploy the SOP with a text of its diagram replaced; gives the id of the version."""
    files = read_folder(SOP_FOLDER)
    name = next(name for name in files if name.endswith(".bpmn"))
    assert old.encode() in files[name]
    response = as_("perancang").deploy(files | {name: files[name].replace(old.encode(), new.encode())})
    assert response.status_code == 201, response.text
    return str(response.json()["process_definitions"][0]["id"])


def migrate(
    as_: As, instance: dict[str, Any], target: str, /, headers: dict[str, str] | None = None, **body: Any
) -> Response:
    path = f"/process-instances/{instance['id']}/migration"
    sent = {"target_process_definition_id": target, **body}
    return as_("admin").request("POST", path, json=sent, headers=headers)


def migrated(as_: As, instance: dict[str, Any], target: str, **body: Any) -> dict[str, Any]:
    response = migrate(as_, instance, target, **body)
    assert response.status_code == 200, response.text
    return dict(response.json())


@pytest.fixture
def one_task(as_: As) -> dict[str, Any]:
    """An instance whose only task, `isi` in the lane Tim, is claimed by anggota1."""
    deploy(as_, single_task())
    instance = as_("anggota1").start("satu")
    claimed = as_("anggota1").post(f"/user-tasks/{instance['user_tasks'][0]['id']}/assignment", {})
    assert claimed.status_code == 200
    return as_("anggota1").instance(instance["id"])


def test_a_renamed_task_keeps_its_id_assignee_draft_and_round(as_: As, database: Database) -> None:
    instance = advance_through(as_, as_("kepala").start(), TO_THE_DRAFT)
    ketua = as_("ketua")
    task = task_of(instance, "penyusunan_konsep")
    assert ketua.post(f"/user-tasks/{task['id']}/assignment", {}).status_code == 200
    draft = values_for(ketua, task)
    assert ketua.request("PUT", f"/user-tasks/{task['id']}/draft", json={"variables": draft}).status_code == 200
    before = as_("admin").get(f"/process-instances/{instance['id']}")
    target = deploy_sop(as_, "penyusunan_konsep", "susun_konsep")

    answer = migrate(as_, instance, target)

    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] != before.headers["ETag"]
    moved = answer.json()
    assert (moved["process_definition_id"], moved["version"]) == (target, 2)
    (after,) = moved["user_tasks"]
    kept = ("id", "round", "assignee", "created_at", "claimed_at", "due_at")
    assert {name: after[name] for name in kept} == {
        name: value for name, value in before.json()["user_tasks"][0].items() if name in kept
    }
    assert (after["element_id"], after["assignee"]) == ("susun_konsep", "ketua")
    assert ketua.get(f"/user-tasks/{task['id']}/form").json()["values"].items() >= draft.items()
    told = as_("auditor").events(instance["id"])[-2:]
    assert [event["type"] for event in told] == ["process_instance_migrated", "user_task_moved"]
    assert told[0]["payload"]["mapping"]["penyusunan_konsep"] == "susun_konsep"
    assert (told[0]["payload"]["from"]["version"], told[0]["payload"]["to"]["version"]) == (1, 2)
    assert told[1]["payload"]["new"]["element_id"] == "susun_konsep"
    check_every_instance(database)


@on_sqlite
def test_a_migrated_instance_runs_to_its_end_in_the_new_version(as_: As, database: Database) -> None:
    instance = advance_through(as_, as_("kepala").start(), TO_THE_DRAFT)
    moved = migrated(as_, instance, deploy_sop(as_, "penyusunan_konsep", "susun_konsep"))
    task = task_of(moved, "susun_konsep")
    assert as_("ketua").complete(task, values_for(as_("ketua"), task)).status_code == 200
    ended = advance_through(
        as_,
        as_("ketua").instance(instance["id"]),
        ("pemeriksaan_konsep", "penetapan", "distribusi_bidang", "unggah_esr", "unggah_situs_bappeda"),
    )
    assert ended["status"] == "completed"
    check_every_instance(database)


@on_sqlite
def test_the_values_of_the_last_round_are_found_under_the_new_id(as_: As) -> None:
    instance = advance_through(as_, as_("kepala").start(), TO_THE_DRAFT)
    instance = advance(as_, instance, "penyusunan_konsep")
    entered = as_("auditor").events(instance["id"])
    written = next(
        event["payload"]["variables"]
        for event in entered
        if event["type"] == "user_task_completed" and event["element_id"] == "penyusunan_konsep"
    )
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
    moved = migrated(as_, instance, deploy_sop(as_, "penyusunan_konsep", "susun_konsep"))
    (task,) = moved["user_tasks"]
    assert (task["element_id"], task["round"]) == ("susun_konsep", 2)
    assert as_("ketua").get(f"/user-tasks/{task['id']}/form").json()["values"].items() >= written.items()


@on_sqlite
def test_a_task_that_moves_to_another_lane_goes_back_to_the_candidates_there(
    as_: As, one_task: dict[str, Any], database: Database
) -> None:
    moved = migrated(as_, one_task, deploy(as_, single_task(lane="Sekretaris")))
    (task,) = moved["user_tasks"]
    assert (task["role"], task["assignee"], task["claimed_at"]) == ("Sekretaris", None, None)
    types = [event["type"] for event in as_("auditor").events(moved["id"])]
    assert types[-3:] == ["process_instance_migrated", "user_task_moved", "user_task_released"]
    assert as_("anggota1").complete(task, {}).status_code == 403
    assert as_("anggota2").get(f"/process-instances/{moved['id']}").status_code == 404, "takes no part any more"
    assert as_("sekretaris").complete(task, {}).status_code == 200
    check_every_instance(database)


@on_sqlite
def test_whoever_did_the_element_under_its_old_id_is_still_kept_from_examining_it(as_: As) -> None:
    old = four_eyes(drafter="Tim", examiner="Tim")
    deploy(as_, old)
    instance = as_("anggota1").start("dua")
    drafted = as_("anggota1").complete(instance["user_tasks"][0], {}).json()["process_instance"]
    moved = migrated(as_, drafted, deploy(as_, old.replace(b"susun", b"tulis")))
    again = migrated(as_, moved, deploy(as_, old.replace(b"susun", b"karang")))
    (task,) = again["user_tasks"]
    assert as_("anggota1").complete(task, {}).json()["type"] == "urn:jenjang:problem:four_eyes"
    assert as_("anggota2").complete(task, {}).status_code == 200


def without_drafting(*, examining: bytes = b"periksa") -> bytes:
    """The process `dua` with its examination alone, under this id; it is named Periksa as ever."""
    alone = single_task("dua").replace(b'name="Isi"', b'name="Periksa"')
    return alone.replace(b'"isi"', b'"%s"' % examining).replace(b">isi<", b">%s<" % examining)


@on_sqlite
@pytest.mark.parametrize(
    "ways",
    [
        pytest.param([without_drafting()], id="it is gone"),
        pytest.param([b"tulis", without_drafting()], id="renamed before it is gone"),
        pytest.param([without_drafting(examining=b"susun")], id="another element has its id meanwhile"),
    ],
)
def test_four_eyes_hold_when_an_instance_leaves_the_version_of_the_first_and_comes_back(
    as_: As, ways: list[bytes]
) -> None:
    both = four_eyes(drafter="Tim", examiner="Tim")
    deploy(as_, both)
    instance = as_("anggota1").start("dua")
    instance = as_("anggota1").complete(instance["user_tasks"][0], {}).json()["process_instance"]
    for way in ways:
        away = way if way.startswith(b"<") else both.replace(b"susun", way)
        standing = instance["user_tasks"][0]["element_id"]
        aside = {standing: "susun"} if b'Task id="susun" name="Periksa"' in away else {}
        instance = migrated(as_, instance, deploy(as_, away), mapping=aside)
    back = {instance["user_tasks"][0]["element_id"]: "periksa"}
    (task,) = migrated(as_, instance, deploy(as_, both), mapping=back)["user_tasks"]
    assert as_("anggota1").complete(task, {}).json()["type"] == "urn:jenjang:problem:four_eyes"
    assert as_("anggota2").complete(task, {}).status_code == 200


@on_sqlite
def test_what_was_finished_is_shown_as_it_was_when_its_element_is_gone(as_: As) -> None:
    deploy(as_, four_eyes(drafter="Tim", examiner="Tim"))
    instance = as_("anggota1").start("dua")
    (drafting,) = instance["user_tasks"]
    drafted = as_("anggota1").complete(drafting, {}).json()["process_instance"]
    target = deploy(as_, single_task("dua").replace(b'"isi"', b'"periksa"').replace(b">isi<", b">periksa<"))
    moved = migrated(as_, drafted, target)
    assert [task["element_id"] for task in moved["user_tasks"]] == ["periksa"]
    read = as_("anggota1").get(f"/user-tasks/{drafting['id']}")
    assert (read.status_code, read.json()["element_id"]) == (200, "susun")
    assert as_("anggota1").get(f"/user-tasks/{drafting['id']}/form").status_code == 200
    listed = as_("anggota1").get("/user-tasks", process_instance_id=moved["id"]).json()["items"]
    assert [task["element_id"] for task in listed] == ["susun", "periksa"]


@on_sqlite
def test_an_element_that_is_gone_is_named_and_a_mapping_helps(as_: As, one_task: dict[str, Any]) -> None:
    target = deploy(as_, four_eyes("satu", drafter="Tim"))
    refusal = migrate(as_, one_task, target)
    assert (refusal.status_code, refusal.json()["type"]) == (409, "urn:jenjang:problem:process_instance_not_migratable")
    assert [(error["element_id"], error["code"]) for error in refusal.json()["errors"]] == [("isi", "element_gone")]
    moved = migrated(as_, one_task, target, mapping={"isi": "susun"})
    assert [(task["element_id"], task["assignee"]) for task in moved["user_tasks"]] == [("susun", "anggota1")]


@on_sqlite
def test_a_dry_run_says_what_would_happen_and_writes_nothing(as_: As, one_task: dict[str, Any]) -> None:
    before = as_("admin").get(f"/process-instances/{one_task['id']}")
    told = as_("auditor").events(one_task["id"])
    gone = migrate(as_, one_task, deploy(as_, four_eyes("satu", drafter="Tim")), dry_run=True).json()
    assert (gone["migratable"], gone["user_tasks"]) == (False, [])
    assert [obstacle["element_id"] for obstacle in gone["obstacles"]] == ["isi"]
    preview = migrate(as_, one_task, deploy(as_, single_task(lane="Sekretaris")), dry_run=True).json()
    assert (preview["migratable"], preview["obstacles"], preview["mapping"]["isi"]) == (True, [], "isi")
    (task,) = preview["user_tasks"]
    assert task["before"] == {
        "element_id": "isi",
        "name": "Isi",
        "role": "Tim",
        "candidates": None,
        "assignee": "anggota1",
    }
    assert task["after"] == task["before"] | {"role": "Sekretaris", "assignee": None}
    after = as_("admin").get(f"/process-instances/{one_task['id']}")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
    assert as_("auditor").events(one_task["id"]) == told


@on_sqlite
def test_what_cannot_be_asked_is_refused_where_the_request_says_it(as_: As, one_task: dict[str, Any]) -> None:
    target = deploy(as_, single_task(lane="Sekretaris"))
    other = deploy(as_, single_task("lain"))
    wrong = {"tak_ada": "isi", "isi": "mulai"}
    refusal = migrate(as_, one_task, target, mapping=wrong)
    assert refusal.status_code == 422
    assert {error["pointer"] for error in refusal.json()["errors"]} == {"/mapping/tak_ada", "/mapping/isi"}
    for unreadable in ({"": "isi"}, {"isi": ""}, {"i" * 256: "isi"}, {str(number): "isi" for number in range(1001)}):
        refusal = migrate(as_, one_task, target, mapping=unreadable)
        assert (refusal.status_code, refusal.json()["type"].rpartition(":")[2]) == (422, "body_refused")
        assert len(refusal.text) < 2_000, "what was sent is not said over and over"
    refusal = migrate(as_, one_task, other)
    assert (refusal.status_code, refusal.json()["errors"][0]["pointer"]) == (422, "/target_process_definition_id")
    assert migrate(as_, one_task, one_task["process_definition_id"]).json()["type"].endswith("nothing_to_migrate")
    assert migrate(as_, one_task, one_task["id"]).status_code == 404
    assert as_("admin").post(f"/process-definitions/{target}/retirement", {}).status_code == 200
    for dry_run in (False, True):
        retired = migrate(as_, one_task, target, dry_run=dry_run)
        assert (retired.status_code, retired.json()["type"].rpartition(":")[2]) == (
            409,
            "process_definition_not_approved",
        )


@on_sqlite
def test_a_suspended_instance_stays_suspended_and_an_ended_one_stays_where_it_ended(
    as_: As, one_task: dict[str, Any]
) -> None:
    path = f"/process-instances/{one_task['id']}"
    assert as_("admin").post(f"{path}/suspension").status_code == 200
    assert migrated(as_, one_task, deploy(as_, single_task(lane="Sekretaris")))["status"] == "suspended"
    assert as_("admin").post(f"{path}/cancellation", {"reason": "Uji."}).status_code == 200
    refusal = migrate(as_, one_task, one_task["process_definition_id"])
    assert refusal.status_code == 409
    assert "cancelled by admin" in refusal.json()["detail"]


@on_sqlite
def test_a_stale_migration_is_refused_and_a_repeated_one_is_one(as_: As, one_task: dict[str, Any]) -> None:
    target = deploy(as_, single_task(lane="Sekretaris"))
    assert migrate(as_, one_task, target, {"If-Match": '"1"'}).status_code == 412
    first, second = (migrate(as_, one_task, target, {"Idempotency-Key": "pindah"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    types = [event["type"] for event in as_("auditor").events(one_task["id"])]
    assert types.count("process_instance_migrated") == 1


@pytest.fixture
def locked(one_task: dict[str, Any], world: World) -> Iterator[Any]:
    """The instance, locked by somebody else; gives what waits until so many transactions wait for it."""
    url = world.settings.database_url or ""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jenjang' AND wait_event_type = 'Lock' "
        "AND datname = current_database()"
    )
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as watcher:
        holder.execute("SELECT 1 FROM process_instance WHERE id = %s FOR UPDATE", (one_task["id"],))

        def let_go_when(count: int) -> None:
            wait_until(lambda: (watcher.execute(waiting).fetchone() or [0])[0] >= count, seconds=30)
            holder.rollback()

        yield let_go_when


@on_postgresql
@pytest.mark.parametrize("migration_first", [True, False])
def test_a_migration_and_a_completion_at_the_same_time_come_one_after_the_other(
    as_: As, one_task: dict[str, Any], locked: Any, database: Database, *, migration_first: bool
) -> None:
    target = deploy(as_, single_task().replace(b'"isi"', b'"tulis"').replace(b">isi<", b">tulis<"))
    sends = [
        lambda: migrate(as_, one_task, target),
        lambda: as_("anggota1").complete(one_task["user_tasks"][0], {}),
    ]
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(send) for send in (sends if migration_first else sends[::-1])]
        locked(2)
    moving, completing = (answer.result() for answer in (answers if migration_first else answers[::-1]))
    assert completing.status_code == 200, completing.text
    assert moving.status_code in (200, 409), moving.text
    instance = as_("admin").instance(one_task["id"])
    assert (instance["status"], instance["version"]) == ("completed", 2 if moving.status_code == 200 else 1)
    check_every_instance(database)
