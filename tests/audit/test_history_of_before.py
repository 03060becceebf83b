"""A database that was filled before events had figures and checkpoints, brought up to date and worked on."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from alembic import command
from sqlalchemy import select, update

from app.proof import audit_keys
from app.proof.seal import seal, told_of_event
from app.queries.verify_history import Verification, verify_history
from app.storage import checkpoint_file, migrations, tables
from app.storage.database import Database
from tests.audit.office import checkpoint
from tests.conftest import Clock
from tests.history.old_events import unguarded, write_as_before
from tests.sop import As, advance, advance_through

_BEFORE = "0004"
_event = tables.event.c


def seal_again(database: Database, instance_id: str) -> None:
    """Seal an instance's events by the rule that they name."""
    of_instance = _event.process_instance_id == UUID(instance_id)
    with unguarded(database) as session:
        found = session.execute(select(tables.event).where(of_instance).order_by(_event.sequence))
        rows = [dict(row) for row in found.mappings()]
        end = rows[0]["previous_hash"]
        for row in rows:
            sealed = seal(told_of_event(row), row["payload"], end)
            values = {"payload_salt": sealed.payload_salt, "previous_hash": end, "hash": sealed.hash}
            session.execute(update(tables.event).where(of_instance, _event.sequence == row["sequence"]).values(values))
            end = sealed.hash
        named = update(tables.process_instance).where(tables.process_instance.c.id == UUID(instance_id))
        session.execute(named.values(last_hash=end))


def verified(database: Database, audit: Path) -> Verification:
    keys = audit_keys.public(audit) if audit.exists() else {}
    outside = checkpoint_file.read(audit / checkpoint_file.NAME) if audit.exists() else None
    with database.reading() as session:
        return verify_history(session, keys, outside, None, lambda _: None)


def test_a_history_of_before_is_proven_after_the_migration_and_goes_on(
    as_: As, clock: Clock, database: Database, tmp_path: Path
) -> None:
    ended = advance_through(as_, as_("kepala").start(), ["perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi"])
    running = advance(as_, as_("kepala").start(), "perintah_penyusunan")
    as_("admin").post(f"/process-instances/{ended['id']}/cancellation", {"reason": "Anggaran dialihkan."})
    for instance in (ended, running):
        write_as_before(database, instance["id"])
        seal_again(database, instance["id"])
    command.downgrade(migrations.configuration(database), _BEFORE)
    migrations.upgrade(database)
    with database.reading() as session:
        assert set(session.scalars(select(_event.format))) == {1}
    told = verified(database, tmp_path / "audit")
    assert (told.findings, told.instance_count) == ([], 2)

    advance(as_, running, "pembentukan_tim")
    checkpoint(database, tmp_path / "audit", clock)
    with database.reading() as session:
        assert set(session.scalars(select(_event.format))) == {1, 2}
    told = verified(database, tmp_path / "audit")
    assert (told.findings, told.covered_count) == ([], told.event_count)

    with unguarded(database) as session:
        session.execute(update(tables.event).where(_event.format == 1, _event.sequence == 2).values(actor="admin"))
    assert {finding.code for finding in verified(database, tmp_path / "audit").findings} == {"event_altered"}
