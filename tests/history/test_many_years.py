"""Values that very many instances share over the years, against a search by hand; few are very many here already."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from app.permissions import Actor
from app.storage import event_pages, events_of_many, instance_traces, process_instance_search, tables, week_by_week
from app.storage.database import Database
from app.storage.event_search import EventFilter
from app.storage.keyset import Page
from app.storage.process_instance_search import ProcessInstanceFilter
from tests.conftest import closing_database, make_world

Row = dict[str, Any]
#: a Monday, 00:00 UTC, with which a season begins
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC) + timedelta(weeks=13 * 210)
_SECOND = timedelta(microseconds=1)


class Years:
    """Some hundred instances, in bursts with years and weeks without any between them, and their events."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._random = random.Random(7)  # noqa: S311 - no secret
        self.instances: list[Row] = []
        self.events: list[Row] = []
        with database.transaction() as session:
            versions = session.execute(select(tables.process_definition.c.id, tables.process_definition.c.version))
            self._version = versions.first() or pytest.fail("The office has no process.")
            for moment in self._starts():
                self._add(moment)
            session.execute(insert(tables.process_instance), self.instances)
            session.execute(insert(tables.event), self.events)
            lanes = [
                {"process_instance_id": each["id"], "basis": "role", "name": "Tim"} for each in self.instances[::3]
            ]
            session.execute(insert(tables.participant), lanes)

    def _starts(self) -> Iterator[datetime]:
        for weeks in (0, 1, 2, 12, 13, 14, 60, 61, 150):
            edge = _MONDAY + timedelta(weeks=weeks)
            # At the edge of a week, some at the very same moment.
            yield from (edge - _SECOND, edge - _SECOND, edge, edge, edge + _SECOND)
            yield from (edge + timedelta(hours=self._random.randrange(7 * 24)) for _ in range(6))

    def _add(self, started: datetime) -> None:
        number, chance = len(self.instances), self._random
        took = timedelta(hours=chance.choice([0, 0, 5, 100, 400, 20_000]))
        moments = sorted([started, *(started + took * chance.random() for _ in range(chance.randrange(3)))])
        status = chance.choice(["active", "suspended", "completed"])
        instance_id = UUID(int=chance.getrandbits(128))
        seal = {"hash": b"h", "previous_hash": b"h"}
        # One of them is a text in some, and a number in the others.
        variables = {"tahun": started.year if number % 4 else str(started.year), "bidang": chance.choice("ab")}
        self.instances.append(
            {
                "id": instance_id,
                "process_definition_id": self._version.id,
                "status": status,
                "business_key": f"kunci-{number % 5}",
                "state": b"",
                "revision": 1,
                "variables": variables | ({"rahasia": True} if number % 2 else {}),
                "started_by": "kepala",
                "started_at": started,
                "ended_at": moments[-1] if status == "completed" else None,
                "highest_round": 1 + number % 3,
                "late": number % 7 == 0,
                "last_sequence": len(moments),
                "last_event_at": moments[-1],
                "last_hash": b"h",
            }
        )
        for sequence, moment in enumerate(moments, start=1):
            self.events.append(
                {
                    "process_instance_id": instance_id,
                    "sequence": sequence,
                    "occurred_at": moment,
                    "type": chance.choice(["user_task_opened", "user_task_completed"]),
                    "element_id": chance.choice(["isi", "periksa"]),
                    "round": 1,
                    "actor": chance.choice(["kepala", "sekretaris"]),
                    "process_definition_id": self._version.id,
                    "version": self._version.version,
                    "payload": {},
                    "payload_salt": b"s",
                    "format": 2,
                    **seal,
                }
            )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def years(request: pytest.FixtureRequest) -> Iterator[Years]:
    with make_world(request, request.param) as made, closing_database(made.settings) as database:
        yield Years(database)


@pytest.fixture(params=[0, 12, 10_000])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are not many; and what is near is next to nothing."""
    monkeypatch.setattr(instance_traces, "_FEW", request.param)
    monkeypatch.setattr(instance_traces, "_FEW_EVENTS", request.param)
    monkeypatch.setattr(week_by_week, "_FEW", request.param)
    monkeypatch.setattr(event_pages, "_AMONG", 1)
    for module in (process_instance_search, events_of_many):
        monkeypatch.setattr(module, "_NEAR", 0)


def pages(years: Years, search: Callable[..., Any], wanted: Any, limit: int, actor: Actor | None = None) -> list[Any]:
    """All pages, one after the other, of which each tells how many there are on all of them."""
    found: list[Any] = []
    totals: set[int | None] = set()
    page = Page(limit, include_total=limit > 1)
    with years.database.reading() as session:
        while True:
            answer = search(session, page, wanted, actor)
            found += answer.items
            totals.add(answer.total)
            assert len(answer.items) <= limit
            if answer.next_cursor is None:
                assert totals == {len(found) if limit > 1 else None}
                return found
            page = replace(page, cursor=answer.next_cursor)


def _has(instance: Row, wanted: ProcessInstanceFilter | EventFilter) -> bool:
    variables = {name: str(value).lower() for name, value in instance["variables"].items()}
    key = wanted.business_key is None or instance["business_key"] == wanted.business_key
    return key and all(variables.get(name) == value for name, value in wanted.variables)


def instances_by_hand(years: Years, wanted: ProcessInstanceFilter) -> list[UUID]:
    found = [
        each
        for each in years.instances
        if _has(each, wanted)
        and wanted.status in {None, each["status"]}
        and wanted.late in {None, each["late"]}
        and each["highest_round"] >= (wanted.round_at_least or 1)
        and (wanted.started_before is None or each["started_at"] < wanted.started_before)
        and (wanted.started_after is None or each["started_at"] > wanted.started_after)
        and (wanted.element_id is None or any(e["element_id"] == wanted.element_id for e in _of(years, each)))
    ]
    found.sort(key=lambda each: (each["started_at"], each["id"]), reverse=True)
    return [each["id"] for each in found]


def _of(years: Years, instance: Row) -> list[Row]:
    return [event for event in years.events if event["process_instance_id"] == instance["id"]]


def events_by_hand(years: Years, wanted: EventFilter) -> list[tuple[UUID, int]]:
    meant = {each["id"] for each in years.instances if _has(each, wanted)}
    found = [
        each
        for each in years.events
        if each["process_instance_id"] in meant
        and (not wanted.types or each["type"] in wanted.types)
        and wanted.element_id in {None, each["element_id"]}
        and wanted.actor in {None, each["actor"]}
        and (wanted.occurred_before is None or each["occurred_at"] < wanted.occurred_before)
        and (wanted.occurred_after is None or each["occurred_at"] > wanted.occurred_after)
    ]
    found.sort(key=lambda e: (e["occurred_at"], e["process_instance_id"], e["sequence"]), reverse=True)
    return [(each["process_instance_id"], each["sequence"]) for each in found]


_MOMENTS = [
    _MONDAY,
    _MONDAY + timedelta(weeks=13),
    _MONDAY + timedelta(weeks=14, days=3),
    _MONDAY + timedelta(weeks=60) - _SECOND,
    _MONDAY + timedelta(weeks=100),
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(2199, 1, 1, tzinfo=UTC),
]
_FIRST_YEAR, _LAST_YEAR = str(_MONDAY.year), str((_MONDAY + timedelta(weeks=150)).year)
_VARIABLES = st.sampled_from(
    [
        (("tahun", _FIRST_YEAR),),
        (("tahun", _LAST_YEAR),),
        (("bidang", "a"),),
        (("rahasia", "true"), ("bidang", "b")),
        (("rahasia", "tidak"),),
        (("tahun", "1999"),),
    ]
)
_exhaustive = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("limit", [1, 4, 50])
def test_instances_of_a_value_are_all_found_in_order(years: Years, limit: int) -> None:
    for wanted in (
        ProcessInstanceFilter(variables=(("tahun", _FIRST_YEAR),)),
        ProcessInstanceFilter(variables=(("rahasia", "true"), ("bidang", "a"))),
        ProcessInstanceFilter(variables=(("bidang", "a"),), element_id="isi"),
        ProcessInstanceFilter(element_id="periksa"),
    ):
        by_hand = instances_by_hand(years, wanted)
        assert len(by_hand) > 8
        assert [each.id for each in pages(years, process_instance_search.search, wanted, limit)] == by_hand


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("limit", [1, 4, 50])
def test_events_of_a_value_are_all_found_in_order(years: Years, limit: int) -> None:
    for wanted in (
        EventFilter(variables=(("tahun", _FIRST_YEAR),)),
        EventFilter(variables=(("rahasia", "true"), ("bidang", "a"))),
        EventFilter(variables=(("bidang", "a"),), types=("user_task_completed",)),
        EventFilter(variables=(("bidang", "a"),), element_id="isi", actor="kepala"),
    ):
        by_hand = events_by_hand(years, wanted)
        assert len(by_hand) > 8
        found = pages(years, event_pages.search, wanted, limit)
        assert [(each.process_instance_id, each.sequence) for each in found] == by_hand


@pytest.mark.usefixtures("few")
@_exhaustive
@given(
    variables=_VARIABLES,
    others=st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(["active", "suspended", "completed", "failed"]),
            "late": st.booleans(),
            "round_at_least": st.sampled_from([1, 2, 3, 5]),
            "started_before": st.sampled_from(_MOMENTS),
            "started_after": st.sampled_from(_MOMENTS),
            "element_id": st.sampled_from(["isi", "periksa", "tidak_ada"]),
            "business_key": st.sampled_from(["kunci-1", "tidak_ada"]),
        },
    ),
    limit=st.sampled_from([1, 3, 50]),
)
def test_instances_of_a_value_and_more(years: Years, variables: Any, others: Row, limit: int) -> None:
    wanted = ProcessInstanceFilter(variables=variables, **others)
    by_hand = instances_by_hand(years, wanted)
    assert [each.id for each in pages(years, process_instance_search.search, wanted, limit)] == by_hand


@pytest.mark.usefixtures("few")
@_exhaustive
@given(
    variables=_VARIABLES,
    others=st.fixed_dictionaries(
        {},
        optional={
            "types": st.sampled_from([("user_task_opened",), ("user_task_opened", "user_task_completed")]),
            "occurred_before": st.sampled_from(_MOMENTS),
            "occurred_after": st.sampled_from(_MOMENTS),
            "element_id": st.sampled_from(["isi", "tidak_ada"]),
            "actor": st.sampled_from(["kepala", "tidak_ada"]),
            "business_key": st.sampled_from(["kunci-1", "tidak_ada"]),
        },
    ),
    limit=st.sampled_from([1, 3, 50]),
)
def test_events_of_a_value_and_more(years: Years, variables: Any, others: Row, limit: int) -> None:
    wanted = EventFilter(variables=variables, **others)
    by_hand = events_by_hand(years, wanted)
    found = pages(years, event_pages.search, wanted, limit)
    assert [(each.process_instance_id, each.sequence) for each in found] == by_hand


@pytest.mark.usefixtures("few")
def test_people_find_those_of_their_own_alone(years: Years) -> None:
    member = Actor(UUID(int=1), "siapa_pun", frozenset({"Tim"}))
    own = {each["id"] for each in years.instances[::3]}
    variables = (("bidang", "a"),)
    instances = pages(years, process_instance_search.search, ProcessInstanceFilter(variables=variables), 4, member)
    by_hand = instances_by_hand(years, ProcessInstanceFilter(variables=variables))
    assert [each.id for each in instances] == [each for each in by_hand if each in own]
    events = pages(years, event_pages.search, EventFilter(variables=variables), 4, member)
    expected = [place for place in events_by_hand(years, EventFilter(variables=variables)) if place[0] in own]
    assert [(each.process_instance_id, each.sequence) for each in events] == expected


@pytest.mark.parametrize("years", ["postgresql"], indirect=True)
@pytest.mark.parametrize("days", [0, 6, 7, 90, 91, 20_000])
@pytest.mark.parametrize("beyond", [timedelta(0), _SECOND, timedelta(hours=23, minutes=59, seconds=59.999999)])
def test_weeks_are_counted_by_the_database_as_by_us(years: Years, days: int, beyond: timedelta) -> None:
    moment = datetime(1970, 1, 5, tzinfo=UTC) + timedelta(days=days) + beyond
    with years.database.reading() as session:
        # Whatever zone somebody has set.
        session.execute(text("SET LOCAL timezone = 'Asia/Jakarta'"))
        there = session.scalar(text(f"SELECT {tables.weeks_of('CAST(:moment AS timestamptz)')}"), {"moment": moment})
    assert there == [week_by_week.week(moment), -(week_by_week.week(moment) // 13)]
