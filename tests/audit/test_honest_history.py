"""Of a history that nobody altered nothing is found, and all of it is proven."""

from __future__ import annotations

from sqlalchemy import func, select

from app.storage import tables
from tests.audit.conftest import Archive


def test_nothing_is_found_in_an_honest_history(archive: Archive) -> None:
    with archive.database.reading() as session:
        result = archive.verify(session)
        events = session.scalar(select(func.count()).select_from(tables.event)) or 0
        entries = session.scalar(select(func.count()).select_from(tables.stream_event)) or 0
    assert result.findings == []
    assert result.instance_count == 6
    assert result.event_count == result.looked_at == events + entries
    assert events + entries - 10 < result.covered_count < events + entries
    assert result.checkpoints.sound is not None
    assert result.checkpoints.sound.number == 2
    assert result.redacted_count == 0
