"""Paraf and tanda tangan: the history names who approved, in which position, and exactly what."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import rfc8785
from sqlalchemy import insert, text, update
from uuid_utils.compat import uuid7

from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock
from tests.sop import As, advance, advance_through, task_of, values_for
from tests.standing_in import LETTER, stand_in

#: what the forms of examination and signature show for reading only
KONSEP = {"judul_konsep", "ringkasan_konsep", "tautan_konsep", "hash_konsep", "tanggapan_catatan"}
STEPS = ["perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi", "penyusunan_konsep"]


@pytest.fixture
def instance(as_: As) -> dict[str, Any]:
    """Waits for the examination."""
    return advance_through(as_, as_("kepala").start(), STEPS)


def give_position(database: Database, username: str, name: str, unit: str) -> None:
    position_id = uuid7()
    with database.transaction() as session:
        session.execute(insert(tables.position), {"id": position_id, "name": name, "unit": unit, "revision": 1})
        account = tables.user_account
        session.execute(update(account).where(account.c.username == username).values(position_id=position_id))


def sha256_of(as_: As, instance: dict[str, Any], values: dict[str, Any]) -> str:
    """As `app.storage.approvals` describes it."""
    definition = as_("auditor").get(f"/process-definitions/{instance['process_definition_id']}").json()
    identified = {name: definition[name] for name in ("id", "version", "sha256")}
    return hashlib.sha256(rfc8785.dumps({"process_definition": identified, "values": values})).hexdigest()


def approval_of(as_: As, instance: dict[str, Any], element_id: str) -> dict[str, Any]:
    events = as_("auditor").events(instance["id"])
    completed = [e for e in events if e["type"] == "user_task_completed" and e["element_id"] == element_id]
    return dict(completed[-1]["payload"]["approval"])


def test_an_approval_tells_who_in_which_position_decided_what_on_exactly_which_content(
    as_: As, database: Database, instance: dict[str, Any]
) -> None:
    give_position(database, "sekretaris", "Sekretaris", "Sekretariat")
    task = task_of(instance, "pemeriksaan_konsep")
    form = as_("sekretaris").get(f"/user-tasks/{task['id']}/form").json()
    assert form["approval"] == "paraf"
    konsep = instance["variables"]["hash_konsep"]
    assert form["values"]["hash_konsep"] == konsep

    values = values_for(as_("sekretaris"), task, keputusan="tidak", catatan="Indikator belum terukur.")
    assert as_("sekretaris").complete(task, values).status_code == 200
    # What stands under the name changes later; what was approved, and by whom in which position, does not.
    give_position(database, "sekretaris", "Kepala Bidang", "Bidang")
    assert approval_of(as_, instance, "pemeriksaan_konsep") == {
        "kind": "paraf",
        "username": "sekretaris",
        "name": "Sekretaris",
        "position": "Sekretaris",
        "unit": "Sekretariat",
        "on_behalf_of": None,
        "basis": None,
        "decision": "tidak",
        "note": "Indikator belum terukur.",
        "shown": {name: value for name, value in form["values"].items() if name in KONSEP},
        "content_sha256": sha256_of(as_, instance, form["values"] | values),
        "process_definition_id": instance["process_definition_id"],
        "process_definition_version": 1,
    }


def test_the_content_can_be_hashed_again_from_the_event_alone(as_: As, instance: dict[str, Any]) -> None:
    advance_through(as_, instance, ["pemeriksaan_konsep", "penetapan"])
    events = as_("auditor").events(instance["id"])
    approvals = {e["element_id"]: e["payload"] for e in events if "approval" in e["payload"]}
    assert list(approvals) == ["pembentukan_tim", "penyusunan_konsep", "pemeriksaan_konsep", "penetapan"]
    for payload in approvals.values():
        recorded = payload["approval"]
        assert recorded["content_sha256"] == sha256_of(as_, instance, recorded["shown"] | payload["variables"])
    assert len({payload["approval"]["content_sha256"] for payload in approvals.values()}) == 4
    assert "hash_dokumen" in approvals["penetapan"]["variables"]


def test_the_drafters_paraf_is_for_the_draft_of_the_round_not_for_the_rejected_one(
    as_: As, instance: dict[str, Any]
) -> None:
    first = approval_of(as_, instance, "penyusunan_konsep")["content_sha256"]
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
    advance(as_, instance, "penyusunan_konsep", judul_konsep="Konsep yang diperbaiki")
    assert approval_of(as_, instance, "penyusunan_konsep")["content_sha256"] != first


def test_a_form_that_somebody_changed_since_it_was_shown_is_not_approved(as_: As, instance: dict[str, Any]) -> None:
    task = task_of(instance, "pemeriksaan_konsep")
    shown = as_("sekretaris").get(f"/user-tasks/{task['id']}/form")
    values = values_for(as_("sekretaris"), task)
    draft = {"variables": {"catatan": "Diubah setelah dibaca."}}
    assert as_("sekretaris").request("PUT", f"/user-tasks/{task['id']}/draft", json=draft).status_code == 200
    before = as_("auditor").events(instance["id"])
    # The revision of the task itself tells nothing of what its form shows: only the form's counts.
    of_task = as_("sekretaris").get(f"/user-tasks/{task['id']}").headers["etag"]
    for stale in (shown.headers["etag"], of_task):
        assert as_("sekretaris").complete(task, values, If_Match=stale).status_code == 412
    assert as_("auditor").events(instance["id"]) == before
    again = as_("sekretaris").get(f"/user-tasks/{task['id']}/form")
    assert as_("sekretaris").complete(task, values, If_Match=again.headers["etag"]).status_code == 200


def test_the_deputys_approval_names_both_with_their_positions(
    as_: As, clock: Clock, database: Database, instance: dict[str, Any]
) -> None:
    give_position(database, "sekretaris", "Sekretaris", "Sekretariat")
    give_position(database, "orang_luar", "Kepala Bidang", "Bidang Data")
    stand_in(database, "orang_luar", "sekretaris", clock.now)
    task = task_of(instance, "pemeriksaan_konsep")
    assert as_("orang_luar").complete(task, values_for(as_("orang_luar"), task)).status_code == 200
    approval = approval_of(as_, instance, "pemeriksaan_konsep")
    assert (approval["username"], approval["position"], approval["basis"]) == ("orang_luar", "Kepala Bidang", LETTER)
    assert approval["on_behalf_of"] == {
        "username": "sekretaris",
        "name": "Sekretaris",
        "position": "Sekretaris",
        "unit": "Sekretariat",
    }


def test_the_signature_of_the_kepala_is_one_and_a_meeting_is_none(as_: As, instance: dict[str, Any]) -> None:
    instance = advance_through(as_, instance, ["pemeriksaan_konsep", "penetapan"])
    assert approval_of(as_, instance, "penetapan")["kind"] == "tanda_tangan"
    events = as_("auditor").events(instance["id"])
    told = {e["element_id"]: "approval" in e["payload"] for e in events if e["type"] == "user_task_completed"}
    assert told["penetapan"]
    assert not told["rapat_koordinasi"]
    assert not told["perintah_penyusunan"]


def test_what_is_shown_for_reading_only_cannot_be_changed_by_the_approver(as_: As, instance: dict[str, Any]) -> None:
    task = task_of(instance, "pemeriksaan_konsep")
    values = values_for(as_("sekretaris"), task)
    shown = as_("sekretaris").get(f"/user-tasks/{task['id']}/form").json()["values"]
    refused = as_("sekretaris").complete(task, values | {"hash_konsep": "0" * 64})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "read_only")
    assert refused.json()["errors"][0]["pointer"] == "/variables/hash_konsep"
    # A client that sends back all that it was shown is right as well.
    done = as_("sekretaris").complete(task, values | {"hash_konsep": shown["hash_konsep"]})
    assert done.status_code == 200
    event = next(e for e in reversed(as_("auditor").events(instance["id"])) if e["element_id"] == "pemeriksaan_konsep")
    assert event["type"] == "user_task_completed"
    assert "hash_konsep" not in event["payload"]["variables"]


def test_in_the_next_round_the_new_draft_is_shown_not_the_one_of_the_round_before(
    as_: As, instance: dict[str, Any]
) -> None:
    instance = advance(as_, instance, "pemeriksaan_konsep", keputusan="tidak")
    instance = advance(as_, instance, "penyusunan_konsep", hash_konsep="b" * 64)
    task = task_of(instance, "pemeriksaan_konsep")
    values = as_("sekretaris").get(f"/user-tasks/{task['id']}/form").json()["values"]
    assert values["hash_konsep"] == "b" * 64
    assert values["keputusan"] == "tidak"


def test_a_draft_keeps_nothing_that_is_only_shown(as_: As, database: Database, instance: dict[str, Any]) -> None:
    task = task_of(instance, "pemeriksaan_konsep")
    body = {"variables": {"catatan": "Setengah.", "hash_konsep": "0" * 64}}
    assert as_("sekretaris").request("PUT", f"/user-tasks/{task['id']}/draft", json=body).status_code == 200
    values = as_("sekretaris").get(f"/user-tasks/{task['id']}/form").json()["values"]
    assert (values["catatan"], values["hash_konsep"]) == ("Setengah.", instance["variables"]["hash_konsep"])
    with database.reading() as session:
        assert "hash_konsep" not in str(session.scalar(text("SELECT draft FROM user_task WHERE draft IS NOT NULL")))
