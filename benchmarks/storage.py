"""What completions leave on disk."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from benchmarks.databases import Prepared
from benchmarks.office import COMPLETIONS_PER_INSTANCE, Office
from benchmarks.report import Effort
from benchmarks.server import Server


def measure(server: Server, prepared: Prepared, effort: Effort) -> dict[str, Any]:
    """The growth of the whole database while started instances are completed, and the largest state in it."""
    office = Office(server.port, prepared.tokens)
    first_tasks = [office.start() for _ in range(effort.stored_instances)]
    before = prepared.stored_bytes()
    completions = sum(1 for task in first_tasks for _ in office.complete_all(task))
    grown = prepared.stored_bytes() - before
    office.close()
    assert completions == effort.stored_instances * COMPLETIONS_PER_INSTANCE
    return {
        "submitted_bytes_per_completion": round(office.submitted_bytes / completions),
        "stored_bytes_per_completion": round(grown / completions),
        "beyond_submitted": round((grown - office.submitted_bytes) / completions),
        "largest_state_bytes": _largest_state_bytes(prepared),
    }


def _largest_state_bytes(prepared: Prepared) -> int:
    with prepared.database.reading() as session:
        return int(session.scalar(text("SELECT max(length(state_after)) FROM event")) or 0)
