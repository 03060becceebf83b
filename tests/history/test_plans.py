"""By which index SQLite finds what is looked for; for PostgreSQL, benchmarks/history.py tells."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import event

from app.storage import event_pages, process_instance_search
from app.storage.database import Database
from app.storage.event_search import EventFilter
from app.storage.keyset import Page
from app.storage.process_instance_search import ProcessInstanceFilter

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def plan_of(database: Database, search: Any, wanted: Any, sort: str | None = None) -> str:
    statement, parameters = last_sent(database, search, Page(50, sort=sort), wanted)
    with database.reading() as session:
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return "\n".join(row[-1] for row in rows)


def last_sent(database: Database, search: Any, page: Page, wanted: Any) -> tuple[str, Any]:
    sent: list[tuple[str, Any]] = []
    with database.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *call: sent.append((call[2], call[3])))
        search(session, page, wanted, None)
    return sent[-1]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_event_occurred_at"),
        ({"actor": "kepala"}, "ix_event_on_behalf_of"),
        ({"actor": "kepala"}, "ix_event_actor"),
        ({"element_id": "penetapan"}, "ix_event_element_id"),
        ({"types": ("user_task_opened", "gateway_decided")}, "ix_event_type"),
        ({"decision": "ya"}, "ix_event_decision"),
        ({"late": True}, "ix_event_late"),
        ({"round_at_least": 5}, "ix_event_round"),
        ({"process_definition_key": "penjenjangan_kinerja"}, "ix_event_definition"),
    ],
)
def test_events_are_found_by_their_index_and_in_its_order(
    database: Database, wanted: dict[str, Any], index: str
) -> None:
    plan = plan_of(database, event_pages.search, EventFilter(**wanted))
    assert f"USING INDEX {index} " in f"{plan} ".replace("\n", " \n")
    assert "SCAN event\n" not in plan


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "ix_process_instance_started_at"),
        ({"late": True}, "ix_process_instance_late"),
        ({"round_at_least": 5}, "ix_process_instance_highest_round"),
        ({"process_definition_key": "penjenjangan_kinerja"}, "ix_process_instance_process_definition_id"),
        ({"business_key": "satu"}, "ix_process_instance_business_key"),
    ],
)
def test_instances_are_found_by_their_index(database: Database, wanted: dict[str, Any], index: str) -> None:
    assert index in plan_of(database, process_instance_search.search, ProcessInstanceFilter(**wanted))


@pytest.mark.parametrize("sort", ["occurred_at", "-occurred_at"])
def test_events_of_one_instance_come_in_the_order_in_which_they_are_kept(database: Database, sort: str) -> None:
    """Whoever reads one page of a long history does not sort all of it."""
    plan = plan_of(database, event_pages.search, EventFilter(process_instance_id=UUID(int=7)), sort)
    assert plan.startswith("SEARCH event USING INDEX sqlite_autoindex_event_1 (process_instance_id=?")
    assert "TEMP B-TREE" not in plan


def test_a_page_begins_where_the_one_before_ended_and_not_at_the_end_of_the_period(database: Database) -> None:
    """PostgreSQL begins at the bound that is said first: at the other, it would pass by years to come to the page."""
    now = datetime(2026, 7, 1, tzinfo=UTC)
    place = base64.urlsafe_b64encode(orjson.dumps(["-occurred_at", now, UUID(int=1), 1])).decode()
    wanted = EventFilter(occurred_before=now + timedelta(days=900))
    statement, _ = last_sent(database, event_pages.search, Page(50, place), wanted)
    (_, _, conditions) = statement.partition("WHERE ")
    assert conditions.startswith("(event.occurred_at, event.process_instance_id, event.sequence) < ")
    assert "event.occurred_at < " in conditions
