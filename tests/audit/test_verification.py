"""What the interface says is proven of one instance, and the keys that it shows to everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select, text, update
from starlette.testclient import TestClient

from app.proof import audit_keys
from app.queries.verify_instance import verify_instance
from app.storage import tables
from app.storage.database import Database
from tests.audit.conftest import Archive
from tests.audit.office import checkpoint
from tests.conftest import Clock
from tests.sop import As, advance


@pytest.fixture
def audit(http: TestClient, tmp_path: Path) -> Path:
    """The folder of keys that the application reads."""
    assert isinstance(http.app, FastAPI)
    state = http.app.state
    state.settings = state.settings.model_copy(update={"audit_dir": tmp_path / "audit"})
    return tmp_path / "audit"


def verification(as_: As, instance: dict[str, Any]) -> dict[str, Any]:
    response = as_("auditor").get(f"/history/process-instances/{instance['id']}/verification")
    assert response.status_code == 200, response.text
    return dict(response.json())


def test_an_instance_is_proven_by_its_chain_and_by_the_checkpoint_it_stands_under(
    as_: As, clock: Clock, database: Database, audit: Path
) -> None:
    instance = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    events = as_("auditor").events(instance["id"])
    told = verification(as_, instance)
    assert told == {
        "process_instance_id": instance["id"],
        "verified": True,
        "events": len(events),
        "first_hash": events[0]["hash"],
        "last_hash": events[-1]["hash"],
        "redacted": [],
        "checkpoint": None,
        "events_since_checkpoint": len(events),
        "findings": [],
    }
    checkpoint(database, audit, clock)
    advance(as_, instance, "pembentukan_tim")
    told = verification(as_, instance)
    assert told["verified"]
    assert told["checkpoint"] == {
        "number": 1,
        "created_at": "2026-07-01T01:00:00Z",
        "key_id": next(iter(audit_keys.public(audit))),
        "sequence": len(events),
    }
    assert told["events_since_checkpoint"] == told["events"] - len(events) > 0


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_is_wrong_with_an_instance_is_told_with_its_place(
    as_: As, clock: Clock, database: Database, audit: Path
) -> None:
    instance, other = as_("kepala").start(), as_("kepala").start()
    checkpoint(database, audit, clock)
    with database.transaction() as session:
        session.execute(text("DROP TRIGGER event_refuses_update"))
        altered = tables.event.c.process_instance_id == select(tables.process_instance.c.id).limit(1).scalar_subquery()
        session.execute(update(tables.event).where(altered, tables.event.c.sequence == 2).values(actor="x"))
    told = verification(as_, instance)
    assert not told["verified"]
    assert told["findings"] == [
        {"sequence": 2, "code": "event_altered", "reason": "It is not what was sealed: its hash is another."}
    ]
    assert verification(as_, other)["verified"]


def test_a_checkpoint_that_is_not_sound_proves_nothing(archive: Archive) -> None:
    keys = audit_keys.public(archive.audit)
    with archive.altered() as session:
        (instance_id, *_) = session.scalars(select(tables.process_instance.c.id).order_by(tables.process_instance.c.id))
        honest = verify_instance(session, instance_id, keys)
        without_keys = verify_instance(session, instance_id, {})
        heads = tables.checkpoint_head.c
        session.execute(delete(tables.checkpoint_head).where(heads.stream != str(instance_id)))
        without_heads = verify_instance(session, instance_id, keys)
        session.execute(update(tables.checkpoint).values(signature=bytes(64)))
        unsigned = verify_instance(session, instance_id, keys)
    assert (honest.findings, honest.checkpoint is None) == ([], False)
    found = [[finding.code for finding in each.findings] for each in (without_keys, without_heads, unsigned)]
    assert found == [["key_unknown"], ["root_differs"], ["signature_wrong", "root_differs"]]
    assert all(each.checkpoint is None for each in (without_keys, without_heads, unsigned))


def test_a_verification_is_recorded_and_is_for_those_who_may_read_the_history(as_: As, database: Database) -> None:
    instance = as_("kepala").start()
    path = f"/history/process-instances/{instance['id']}/verification"
    assert as_("orang_luar").get(path).status_code == 404
    assert as_("auditor").get(f"/history/process-instances/{uuid4()}/verification").status_code == 404
    assert as_("kepala").get(path).json()["verified"]
    assert as_("auditor").get(path).status_code == 200
    with database.reading() as session:
        entries = select(tables.stream_event.c.subject).where(tables.stream_event.c.type == "history_read")
        assert list(session.scalars(entries)) == [f"/api/v1{path}"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_everybody_can_read_the_public_keys(http: TestClient, audit: Path) -> None:
    path = "/.well-known/jenjang-audit-key"
    absent = http.get(path)
    assert (absent.status_code, absent.json()["type"]) == (404, "urn:jenjang:problem:audit_key_not_found")
    made = [audit_keys.make(audit) for _ in range(2)]
    shown = http.get(path)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "application/jwk-set+json")
    assert shown.json() == {"keys": [key.jwk for key in sorted(made, key=lambda key: key.key_id)]}
    (audit / "broken.pub.pem").write_text("nothing")
    assert http.get(path).status_code == 503
