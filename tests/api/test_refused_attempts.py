"""Who tried what and was refused is told in the `access` stream, though what was refused was rolled back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.storage import tables
from app.storage.database import Database
from tests.conftest import Clock
from tests.sop import As, advance, values_for


def refusals(database: Database) -> list[Any]:
    columns = tables.stream_event.c
    query = select(tables.stream_event).where(columns.stream == "access", columns.type == "attempt_refused")
    with database.reading() as session:
        return list(session.execute(query.order_by(columns.sequence)).mappings())


@pytest.fixture
def instance(as_: As) -> dict[str, Any]:
    return as_("kepala").start()


def test_a_completion_of_a_task_that_somebody_else_has_claimed_is_told_with_the_task(
    as_: As, database: Database, clock: Clock, instance: dict[str, Any]
) -> None:
    instance = advance(as_, advance(as_, instance, "perintah_penyusunan"), "pembentukan_tim")
    (task,) = instance["user_tasks"]
    values = values_for(as_("anggota1"), task)
    assert as_("anggota2").post(f"/user-tasks/{task['id']}/assignment").status_code == 200
    before = as_("kepala").events(instance["id"])
    refused = as_("anggota1").complete(task, values)
    assert refused.status_code == 409
    (told,) = refusals(database)
    assert told["payload"] == {
        "method": "POST",
        "path": f"/api/v1/user-tasks/{task['id']}/completion",
        "operations": ["user_task.complete"],
        "code": "user_task_claimed",
        "on_behalf_of": None,
        "user_task_id": task["id"],
        "element_id": "rapat_koordinasi",
    }
    assert (told["actor"], told["occurred_at"]) == ("anggota1", clock.now)
    assert (told["subject"], str(told["process_instance_id"])) == (task["id"], instance["id"])
    assert told["channel"] is not None
    assert told["request_id"] == refused.headers["X-Request-ID"]
    assert as_("kepala").events(instance["id"]) == before
