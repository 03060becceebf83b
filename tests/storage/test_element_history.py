"""What an element was called in former versions is found without walking along the whole history."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from app.storage.database import Database
from app.storage.element_history import terms_of


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_migrations_are_looked_up_in_their_own_index(database: Database) -> None:
    asked: list[tuple[str, Any]] = []
    with database.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        assert [term.element_id for term in terms_of(session, uuid4(), "penetapan")] == ["penetapan"]
        ((statement, values),) = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert ["ix_event_migrated" in row.detail for row in plan] == [True]
