"""Giving back user tasks while others are taken."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli.acting import OPERATOR
from app.errors import Unavailable
from app.storage import assignments, people
from app.storage.assignments import Loss
from app.storage.database import Database
from tests.conftest import Clock
from tests.sop import As


def claim(as_: As) -> dict[str, Any]:
    (task,) = as_("kepala").start()["user_tasks"]
    return dict(as_("kepala").post(f"/user-tasks/{task['id']}/assignment").json())


# With SQLite nobody else writes meanwhile.
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_task_taken_after_the_instances_were_locked_lets_nothing_be_given_back(
    as_: As, database: Database, clock: Clock
) -> None:
    losses, first = [Loss("kepala")], claim(as_)
    with database.transaction() as session:
        locked = assignments.lock_instances(session, losses)
        second = claim(as_)
        people.lock(session, ["kepala"])
        with pytest.raises(Unavailable):
            assignments.release(session, losses, locked, actor=OPERATOR, now=clock.now)
    for task in (first, second):
        assert as_("auditor").get(f"/user-tasks/{task['id']}").json()["assignee"] == "kepala"


def test_what_the_database_finds_is_what_the_loss_takes(as_: As, database: Database, clock: Clock) -> None:
    task = claim(as_)
    for loss, is_taken in (
        (Loss("kepala"), True),
        (Loss("kepala", "Kepala Badan"), True),
        (Loss("kepala", "Sekretaris"), False),
        (Loss("sekretaris"), False),
    ):
        with database.transaction() as session:
            locked = assignments.lock_instances(session, [loss])
            released = assignments.release(session, [loss], locked, actor=OPERATOR, now=clock.now)
            assert [str(one.id) for one in released] == ([task["id"]] if is_taken else [])
            session.rollback()
