"""An instance told round by round: who did what, when and why, and what it changed against the round before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.main import create_app
from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock, make_world
from tests.diagrams_in_text import single_task
from tests.history.old_events import write_as_before
from tests.sop import PERFORMERS, SOP_FOLDER, As, Client, advance, advance_through, read_folder, task_of, values_for
from tests.standing_in import LETTER, stand_in

TO_THE_DRAFT = list(PERFORMERS)[:3]
DRAFT, EXAMINATION, GATEWAY = "penyusunan_konsep", "pemeriksaan_konsep", "keputusan_pemeriksaan"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
#: what each round's draft says otherwise than the examples
DRAFTS: list[dict[str, Any]] = [
    {},
    {"ringkasan_konsep": "Dua outcome."},
    {"ringkasan_konsep": "Dua outcome.", "paraf_konsep": {"jabatan": "Plt. Ketua", "jenis": "basah"}},
    {"judul_konsep": "Konsep akhir", "paraf_konsep": {"jabatan": "Plt. Ketua", "jenis": "elektronik"}},
]


def rounds_of(as_: As, instance: dict[str, Any], who: str = "auditor", **params: Any) -> list[dict[str, Any]]:
    response = as_(who).get(f"/history/process-instances/{instance['id']}/rounds", **params)
    assert response.status_code == 200, response.text
    return list(response.json()["items"])


def pass_of(round_: dict[str, Any], element_id: str) -> dict[str, Any]:
    (found,) = (each for each in round_["passes"] if each["element_id"] == element_id)
    return dict(found)


def changes_of(round_: dict[str, Any], element_id: str = DRAFT) -> list[tuple[str, str, Any, Any]] | None:
    changes = pass_of(round_, element_id)["changes"]
    return changes and [(each["field"], each["kind"], each["old"], each["new"]) for each in changes]


def examine(as_: As, instance: dict[str, Any], decision: str, note: str = "") -> dict[str, Any]:
    sekretaris, task = as_("sekretaris"), task_of(instance, EXAMINATION)
    values = values_for(sekretaris, task, keputusan=decision) | ({"catatan": note} if note else {})
    response = sekretaris.complete(task, values)
    assert response.status_code == 200, response.text
    return dict(response.json()["process_instance"])


@dataclass(frozen=True)
class Office:
    """Where an instance was drafted four times and sent back three times; the Sekretaris has the fourth draft."""

    as_: As
    instance: dict[str, Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """One for all tests that only read."""
    clock = Clock()
    with (
        make_world(request, request.param) as world,
        TestClient(create_app(world.settings, clock=clock)) as http,
    ):

        def as_(username: str) -> Client:
            return Client(http, world.tokens[username], username)

        yield Office(as_, four_rounds(as_, clock))


def four_rounds(as_: As, clock: Clock) -> dict[str, Any]:
    instance = advance_through(as_, as_("kepala").start(), TO_THE_DRAFT)
    for number, changed in enumerate(DRAFTS, start=1):
        clock.advance(days=2)
        task = task_of(instance, DRAFT)
        assert as_("ketua").post(f"/user-tasks/{task['id']}/assignment", {}).status_code == 200
        clock.advance(hours=3)
        instance = advance(as_, instance, DRAFT, **changed)
        if number < len(DRAFTS):
            clock.advance(days=8)
            instance = examine(as_, instance, "tidak", f"Catatan {number}.")
    task = task_of(instance, EXAMINATION)
    assert as_("sekretaris").post(f"/user-tasks/{task['id']}/assignment", {}).status_code == 200
    return as_("sekretaris").instance(instance["id"])


def test_each_round_tells_what_it_changed_field_by_field(office: Office) -> None:
    first, second, third, fourth = rounds_of(office.as_, office.instance)
    summary = "Satu outcome, tiga CSF, dan dua belas kondisi antara beserta indikatornya."
    title = "Konsep rancangan penjenjangan kinerja tahun 2025"
    assert changes_of(first) is None
    assert changes_of(second) == [("ringkasan_konsep", "changed", summary, "Dua outcome.")]
    assert changes_of(third) == [("/paraf_konsep/jabatan", "changed", "Ketua Tim Kerja Sekretariat", "Plt. Ketua")]
    assert changes_of(fourth) == [
        ("judul_konsep", "changed", title, "Konsep akhir"),
        ("/paraf_konsep/jenis", "changed", "basah", "elektronik"),
        ("ringkasan_konsep", "changed", "Dua outcome.", summary),
    ]
    assert [pass_of(each, DRAFT)["compared_with_round"] for each in (first, second, fourth)] == [None, 1, 3]


def test_a_round_tells_who_drafted_who_examined_how_long_it_took_and_why_it_came_back(office: Office) -> None:
    rounds = rounds_of(office.as_, office.instance)
    assert [[each["element_id"] for each in round_["passes"]] for round_ in rounds[1:]] == [[DRAFT, EXAMINATION]] * 3
    drafted, examined = pass_of(rounds[1], DRAFT), pass_of(rounds[1], EXAMINATION)
    hours = 3600
    assert (drafted["actor"], drafted["role"], drafted["state"]) == (
        "ketua",
        "Ketua Tim Kerja Sekretariat",
        "completed",
    )
    timing = ("waiting_seconds", "working_seconds", "total_seconds", "standard_time", "late")
    assert [drafted[name] for name in timing] == [48 * hours, 3 * hours, 51 * hours, "P1M", False]
    assert [examined[name] for name in timing] == [192 * hours, 0, 192 * hours, "P1W", True]
    assert (examined["actor"], examined["decision"], examined["note"]) == ("sekretaris", "tidak", "Catatan 2.")
    assert (examined["approval"]["kind"], examined["approval"]["name"]) == ("paraf", "Sekretaris")
    returned, examined_before = drafted["returned"], pass_of(rounds[0], EXAMINATION)
    assert (returned["actor"], returned["decision"], returned["note"]) == ("sekretaris", "tidak", "Catatan 1.")
    assert (returned["from_element_id"], returned["from_user_task_id"]) == (
        EXAMINATION,
        examined_before["user_task_id"],
    )
    assert (returned["returned_at"], pass_of(rounds[0], DRAFT)["returned"]) == (drafted["opened_at"], None)
    (decided,) = rounds[1]["decisions"]
    assert (decided["element_id"], decided["actor"]) == (GATEWAY, "sekretaris")
    assert decided["variables"] == {"keputusan": "tidak"}
    assert [flow["name"] for flow in decided["flows"]] == ["Tidak"]


def test_the_running_round_shows_its_open_pass(office: Office) -> None:
    last = rounds_of(office.as_, office.instance)[-1]
    waiting = pass_of(last, EXAMINATION)
    assert (waiting["state"], waiting["assignee"], waiting["actor"]) == ("open", "sekretaris", None)
    assert (waiting["completed_at"], waiting["total_seconds"], waiting["changes"]) == (None, None, None)
    assert (waiting["standard_time"], waiting["late"], last["decisions"]) == ("P1W", None, [])


def test_rounds_come_by_page_from_either_end_and_of_one_element(office: Office) -> None:
    path, whole = f"/history/process-instances/{office.instance['id']}/rounds", rounds_of(office.as_, office.instance)
    for sort, expected in (("round", whole), ("-round", whole[::-1])):
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = office.as_("auditor").get(path, limit=1, sort=sort, include_total=True, **cursor).json()
            assert page["total"] == 4
            found += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert found == expected
    of_draft = rounds_of(office.as_, office.instance, element_id=DRAFT)
    assert [[each["element_id"] for each in round_["passes"]] for round_ in of_draft] == [[DRAFT]] * 4
    of_gateway = rounds_of(office.as_, office.instance, element_id=GATEWAY)
    assert [(round_["passes"], len(round_["decisions"])) for round_ in of_gateway] == [([], 1)] * 3
    assert rounds_of(office.as_, office.instance, element_id="tidak_ada") == []


@on_sqlite
def test_pages_of_rounds_refuse_what_they_did_not_give(as_: As) -> None:
    path = f"/history/process-instances/{as_('kepala').start()['id']}/rounds"
    for params in (
        *({"sort": "number"}, {"sort": "round,-round"}, {"cursor": "x"}, {"cursor": "WyJyb3VuZCIsMF0"}),
        *({"cursor": "WyItcm91bmQiLDJd"}, {"cursor": "WyJyb3VuZCIsInEiXQ"}, {"limit": 0}, {"element": "a"}),
    ):
        assert as_("auditor").get(path, **params).status_code == 422, params


@on_sqlite
def test_rounds_are_for_those_who_take_part_and_for_auditors_who_leave_a_trace(as_: As, database: Database) -> None:
    instance = as_("kepala").start()
    path = f"/history/process-instances/{instance['id']}"
    asked: list[tuple[str, dict[str, Any]]] = [("rounds", {}), ("as-of", {"seq": 1})]
    for noun, params in asked:
        for who, status in (("anggota1", 200), ("orang_luar", 404), ("auditor", 200)):
            assert as_(who).get(f"{path}/{noun}", **params).status_code == status
    entry = tables.stream_event.c
    with database.reading() as session:
        query = select(entry.actor, entry.process_instance_id, entry.subject).where(entry.type == "history_read")
        read = session.execute(query.order_by(entry.sequence)).all()
    told = [(row.actor, str(row.process_instance_id), row.subject.rpartition("/")[2]) for row in read]
    assert told == [("auditor", instance["id"], "rounds"), ("auditor", instance["id"], "as-of")]


@on_sqlite
def test_whoever_stood_in_is_told_with_the_letter(as_: As, clock: Clock, database: Database) -> None:
    instance = advance_through(as_, as_("kepala").start(), TO_THE_DRAFT)
    stand_in(database, "orang_luar", "ketua", clock.now - timedelta(hours=1))
    task = task_of(instance, DRAFT)
    assert as_("orang_luar").complete(task, values_for(as_("ketua"), task)).status_code == 200
    drafted = pass_of(rounds_of(as_, instance)[0], DRAFT)
    assert [drafted[name] for name in ("actor", "on_behalf_of", "basis")] == ["orang_luar", "ketua", LETTER]


@on_sqlite
def test_an_element_that_a_migration_renamed_is_compared_with_what_it_was(as_: As) -> None:
    instance = advance_through(as_, as_("kepala").start(), [*TO_THE_DRAFT, DRAFT])
    instance = examine(as_, instance, "tidak")
    files = read_folder(SOP_FOLDER)
    name = next(name for name in files if name.endswith(".bpmn"))
    files[name] = files[name].replace(DRAFT.encode(), b"susun_konsep")
    target = as_("perancang").deploy(files).json()["process_definitions"][0]["id"]
    body = {"target_process_definition_id": target}
    moved = as_("admin").post(f"/process-instances/{instance['id']}/migration", body)
    assert moved.status_code == 200, moved.text
    task, ketua = task_of(moved.json(), "susun_konsep"), as_("ketua")
    assert ketua.complete(task, values_for(ketua, task, judul_konsep="Baru")).status_code == 200
    for params in ({}, {"element_id": "susun_konsep"}):
        first, second = rounds_of(as_, instance, **params)
        assert (pass_of(first, DRAFT)["version"], pass_of(second, "susun_konsep")["version"]) == (1, 2)
        assert pass_of(second, "susun_konsep")["returned"]["from_element_id"] == EXAMINATION
        changes = changes_of(second, "susun_konsep") or []
        assert [(field, new) for field, _, _, new in changes] == [("judul_konsep", "Baru")]
    assert rounds_of(as_, instance, element_id=DRAFT) == []


def test_the_first_round_of_a_page_is_compared_with_the_one_on_the_page_before(office: Office) -> None:
    whole = rounds_of(office.as_, office.instance)
    (last,) = rounds_of(office.as_, office.instance, limit=1, sort="-round")
    assert last == whole[-1]


def test_a_round_is_compared_with_one_that_was_completed_before_it(as_: As) -> None:
    """Instances of one activity are rounds of it, and may be completed in any order."""
    form = b"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
      "properties": {"teks": {"type": "string"}}}"""
    loop = b"<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
    end = b"</bpmn:userTask>"
    diagram = single_task(form="isi.json").replace(end, loop + b"</bpmn:multiInstanceLoopCharacteristics>" + end)
    deployed = as_("perancang").deploy({"satu.bpmn": diagram, "isi.json": form})
    assert deployed.status_code == 201, deployed.text
    instance = as_("anggota1").start("satu")
    tasks = {task["round"]: task for task in instance["user_tasks"]}
    for number in (1, 3, 2):
        assert as_("anggota1").complete(tasks[number], {"teks": str(number)}).status_code == 200
    whole = rounds_of(as_, instance)
    assert [pass_of(round_, "isi")["compared_with_round"] for round_ in whole] == [None, 1, 1]
    assert changes_of(whole[2], "isi") == [("teks", "changed", "1", "3")]
    assert rounds_of(as_, instance, limit=1, sort="-round") == [whole[2]]


@on_sqlite
def test_a_cancelled_pass_is_told_as_one(as_: As, clock: Clock) -> None:
    assert as_("perancang").deploy({"satu.bpmn": single_task()}).status_code == 201
    instance = as_("anggota1").start("satu")
    clock.advance(hours=1)
    body = {"reason": "Dibatalkan."}
    assert as_("admin").post(f"/process-instances/{instance['id']}/cancellation", body).status_code == 200
    cancelled = pass_of(rounds_of(as_, instance)[0], "isi")
    assert (cancelled["state"], cancelled["actor"], cancelled["completed_at"]) == ("cancelled", None, None)
    assert cancelled["cancelled_at"] == "2026-07-01T02:00:00.000000Z"


@on_sqlite
def test_rounds_of_before_are_told_by_what_is_known_of_them(as_: As, database: Database) -> None:
    instance = advance_through(as_, as_("kepala").start(), [*TO_THE_DRAFT, DRAFT])
    instance = advance(as_, examine(as_, instance, "tidak"), DRAFT, judul_konsep="Baru")
    now = rounds_of(as_, instance)
    write_as_before(database, instance["id"])
    for round_ in now:
        for each in round_["passes"]:
            # Nobody wrote down then whether it was late, nor that a decision sent it back.
            each |= {"late": None, "returned": None}
    assert rounds_of(as_, instance) == now
