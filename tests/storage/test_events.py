"""The chain of events, verified from what a database gives back and from nothing else."""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from typing import Any

import rfc8785
from sqlalchemy import text

from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock
from tests.diagrams_in_text import parallel_teams, single_task, two_ways_back
from tests.sop import As, advance, task_of

SEALED = (
    *("sequence", "type", "element_id", "element_name", "round", "actor", "on_behalf_of", "basis", "payload"),
    *("request_id", "version"),
)


def test_a_chain_with_every_kind_of_value_verifies_from_the_database_alone(as_: As, database: Database) -> None:
    form = b"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
      "properties": {"nilai": {}, "teks": {}, "isi": {}}}"""
    assert as_("perancang").deploy({"satu.bpmn": single_task(form="isi.json"), "isi.json": form}).status_code == 201
    instance = as_("anggota1").start("satu")
    values = {
        "nilai": [0.1, -0.0, 1e-320, 1.5e10, 9007199254740991, 1.0, True, None],
        "teks": "garis\u2028baru \U0001f600 \u00e9",
        "isi": {"\U0001f600": 1, "b": {"ä": [], "a": {}}},
    }
    assert as_("anggota1").complete(instance["user_tasks"][0], values).status_code == 200
    with database.reading() as session:
        definition = session.execute(text("SELECT fingerprint FROM process_definition WHERE key = 'satu'")).scalar_one()
    _verify(database, bytes.fromhex(definition))


def _verify(database: Database, start: bytes) -> None:
    with database.reading() as session:
        rows = session.execute(tables.event.select().order_by(tables.event.c.sequence)).mappings().all()
    previous = start
    for row in rows:
        assert row["previous_hash"] == previous
        previous = hashlib.sha256(rfc8785.dumps(_sealed(row))).digest()
        assert row["hash"] == previous
    assert len(rows) > 3


def _sealed(row: Any) -> dict[str, Any]:
    told = {name: row[name] for name in SEALED if name != "payload"}
    state = row["state_after"]
    return told | {
        "format": 2,
        "channel": row["channel"] and str(row["channel"]),
        "process_definition_id": str(row["process_definition_id"]),
        "process_instance_id": str(row["process_instance_id"]),
        "occurred_at": row["occurred_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "user_task_id": None if row["user_task_id"] is None else str(row["user_task_id"]),
        "payload_sha256": hashlib.sha256(row["payload_salt"] + rfc8785.dumps(row["payload"])).hexdigest(),
        "state_sha256": None if state is None else hashlib.sha256(state).hexdigest(),
        "previous_hash": row["previous_hash"].hex(),
    }


def test_time_never_runs_backwards_in_a_stream(as_: As, clock: Clock) -> None:
    instance = as_("kepala").start()
    clock.now -= timedelta(hours=1)
    instance = advance(as_, instance, "perintah_penyusunan")
    moments = [event["occurred_at"] for event in as_("auditor").events(instance["id"])]
    assert moments == sorted(moments)
    assert task_of(instance, "pembentukan_tim")["created_at"] == "2026-07-01T01:00:00.000000Z"


def test_a_change_of_lane_owners_is_told_of_every_task_that_stays_open(as_: As) -> None:
    assert as_("perancang").deploy({"regu.bpmn": parallel_teams()}).status_code == 201
    instance = as_("sekretaris").start("regu")
    waiting = task_of(instance, "kerja")
    as_("anggota1").post(f"/user-tasks/{waiting['id']}/assignment")
    assert as_("sekretaris").complete(task_of(instance, "tunjuk"), {}).status_code == 200

    task = as_("anggota2").get(f"/user-tasks/{waiting['id']}").json()
    assert (task["assignee"], task["candidates"]) == (None, ["anggota2"])
    told = {event["type"]: event["payload"] for event in as_("auditor").events(instance["id"])}
    assert told["user_task_candidates_changed"] == {"old": None, "new": ["anggota2"]}
    assert told["user_task_released"] == {"former_assignee": "anggota1"}


def test_what_a_decision_sends_back_is_told_whatever_the_rounds_and_nothing_that_goes_on(as_: As) -> None:
    form = b"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
      "properties": {"keputusan": {"type": "string"}, "catatan": {"type": "string"}}, "required": ["keputusan"]}"""
    deployed = as_("perancang").deploy({"balik.bpmn": two_ways_back(), "keputusan.json": form})
    assert deployed.status_code == 201, deployed.text
    instance = as_("anggota1").start("bolak_balik")
    decisions = iter(["susun", "susun", "awal", "telaah", "telaah", "sahkan"])
    while instance["status"] == "active":
        (task,) = instance["user_tasks"]
        entered = {"keputusan": next(decisions), "catatan": "Belum."} if task["element_id"] == "periksa" else {}
        instance = as_("anggota1").complete(task, entered).json()["process_instance"]
    returned = [event for event in as_("auditor").events(instance["id"]) if event["type"] == "user_task_returned"]
    assert [(event["payload"]["from_element_id"], event["element_id"], event["round"]) for event in returned] == [
        ("periksa", "susun", 2),
        ("periksa", "susun", 3),
        ("periksa", "awal", 2),
        ("sahkan", "awal", 3),
        ("sahkan", "awal", 4),
    ]
    assert [event["payload"]["note"] for event in returned] == ["Belum.", "Belum.", "Belum.", None, None]
