"""The SOP Penjenjangan Kinerja, from the Kepala's order to the last receipt, over the REST interface."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
from sqlalchemy import text

from app.storage.database import Database
from tests.conftest import Clock
from tests.sop import As, advance, advance_through, task_of, values_for

BEFORE_REVIEW = ["perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep"]
RECEIPTS = ["distribusi_bidang", "unggah_esr", "unggah_situs_bappeda"]


def open_elements(instance: dict[str, Any]) -> list[str]:
    return sorted(task["element_id"] for task in instance["user_tasks"])


def test_the_sop_runs_from_the_order_to_the_last_receipt(as_: As) -> None:
    instance = as_("kepala").start(business_key="penjenjangan-2026")
    assert instance["status"] == "active"
    assert open_elements(instance) == ["perintah_penyusunan"]

    instance = advance_through(as_, instance, BEFORE_REVIEW)
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="ya")
    assert open_elements(instance) == ["penetapan"]
    instance = advance(as_, instance, "penetapan")
    assert open_elements(instance) == RECEIPTS
    instance = advance_through(as_, instance, RECEIPTS)

    assert instance["status"] == "completed"
    assert instance["user_tasks"] == []
    assert instance["ended_at"] is not None


def test_a_rejected_draft_goes_back_as_often_as_the_sekretaris_says(as_: As) -> None:
    instance = advance_through(as_, as_("kepala").start(), BEFORE_REVIEW)
    for wanted_round in (2, 3, 4):
        instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
        draft = task_of(instance, "penyusunan_konsep")
        assert draft["round"] == wanted_round
        instance = advance(as_, instance, "penyusunan_konsep", judul_konsep=f"Konsep ke-{wanted_round}")
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="ya")
    assert open_elements(instance) == ["penetapan"]
    assert instance["variables"]["judul_konsep"] == "Konsep ke-4"


def test_the_form_shows_what_was_entered_in_the_round_before(as_: As) -> None:
    instance = advance_through(as_, as_("kepala").start(), BEFORE_REVIEW)
    submitted = instance["variables"]["ringkasan_konsep"]
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
    form = as_("ketua").get(f"/user-tasks/{task_of(instance, 'penyusunan_konsep')['id']}/form").json()
    assert form["values"]["ringkasan_konsep"] == submitted
    assert form["schema"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_only_the_people_named_in_step_2_can_do_step_3(as_: As) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    instance = advance(as_, instance, "pembentukan_tim", anggota_tim=["anggota1", "sekretaris"])
    task = task_of(instance, "rapat_koordinasi")
    assert task["candidates"] == ["anggota1", "sekretaris"]

    values = values_for(as_("anggota1"), task)
    not_named = as_("anggota2").complete(task, values)
    assert not_named.status_code == 404
    assert as_("sekretaris").get("/user-tasks", candidate="me", state="open").json()["items"][0]["id"] == task["id"]
    assert as_("sekretaris").complete(task, values).status_code == 200


def test_an_unknown_team_member_is_refused_at_its_place_in_the_form_and_nothing_changes(as_: As) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    task = task_of(instance, "pembentukan_tim")
    values = values_for(as_("sekretaris"), task, anggota_tim=["anggota1", "siapa_ini"])
    response = as_("sekretaris").complete(task, values)
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "urn:jenjang:problem:form_refused"
    assert [error["pointer"] for error in problem["errors"]] == ["/variables/anggota_tim/1"]
    assert as_("sekretaris").instance(instance["id"])["user_tasks"] == instance["user_tasks"]


def test_a_note_is_needed_to_send_a_draft_back(as_: As) -> None:
    instance = advance_through(as_, as_("kepala").start(), BEFORE_REVIEW)
    task = task_of(instance, "pemeriksaan_konsep")
    values = values_for(as_("sekretaris"), task, keputusan="tidak") | {"catatan": ""}
    response = as_("sekretaris").complete(task, values)
    assert response.status_code == 422
    assert "/variables/catatan" in {error["pointer"] for error in response.json()["errors"]}


def test_history_tells_who_did_what_when_in_an_unbroken_chain(as_: As, clock: Clock) -> None:
    instance = as_("kepala").start()
    clock.advance(minutes=3)
    instance = advance_through(as_, instance, BEFORE_REVIEW)
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")

    events = as_("auditor").events(instance["id"])
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert [event["previous_hash"] for event in events[1:]] == [event["hash"] for event in events[:-1]]
    decision = next(event for event in events if event["type"] == "gateway_decided")
    assert decision["element_id"] == "keputusan_pemeriksaan"
    assert decision["actor"] == "sekretaris"
    completed = [(event["element_id"], event["actor"]) for event in events if event["type"] == "user_task_completed"]
    assert completed[-1] == ("pemeriksaan_konsep", "sekretaris")
    first = next(event for event in events if event["type"] == "user_task_completed")
    assert first["occurred_at"] == "2026-07-01T01:03:00.000000Z"
    assert first["payload"]["changes"]["tahun"]["old"] is None


def test_an_events_hash_covers_everything_it_says(as_: As, database: Database) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    with database.reading() as session:
        rows = session.execute(text("SELECT sequence, payload_salt, state_after FROM event")).mappings().all()
    extra = {row["sequence"]: row for row in rows}
    for event in as_("auditor").events(instance["id"]):
        salt, state = extra[event["sequence"]]["payload_salt"], extra[event["sequence"]]["state_after"]
        payload = event.pop("payload")
        figures = {"decision", "waiting_seconds", "duration_seconds", "late"}
        sealed = {name: value for name, value in event.items() if name not in figures} | {
            "format": 2,
            "occurred_at": event["occurred_at"].replace("Z", "+00:00"),
            "payload_sha256": hashlib.sha256(salt + rfc8785.dumps(payload)).hexdigest(),
            "state_sha256": None if state is None else hashlib.sha256(state).hexdigest(),
        }
        told = sealed.pop("hash")
        assert hashlib.sha256(rfc8785.dumps(sealed)).hexdigest() == told
