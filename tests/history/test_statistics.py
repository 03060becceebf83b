"""Statistics against a reference that counts by hand."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.quality import standard_time
from app.storage.aggregates import interpolated
from tests.history.busy_office import BusyOffice
from tests.sop import SOP_KEY

Group = tuple[str, str, str | None]
WIB = timezone(timedelta(hours=7))


def told(office: BusyOffice, **params: Any) -> dict[str, Any]:
    response = office.as_("admin").get("/history/statistics", **params)
    assert response.status_code == 200, response.text
    return dict(response.json())


def percentile(values: list[int], tenth: int) -> float | None:
    """By the standard library, which knows the same method as `inclusive`."""
    if len(values) < 2:
        return float(values[0]) if values else None
    return statistics.quantiles(values, n=10, method="inclusive")[tenth - 1]


def month_of(event: dict[str, Any]) -> str:
    return datetime.fromisoformat(event["occurred_at"]).astimezone(WIB).strftime("%Y-%m")


def spread(values: list[int]) -> dict[str, Any]:
    return {"median": pytest.approx(percentile(values, 5)), "p90": pytest.approx(percentile(values, 9))}


def groups_of(events: list[dict[str, Any]], *, per_month: bool) -> dict[Group, list[dict[str, Any]]]:
    groups: dict[Group, list[dict[str, Any]]] = {}
    for event in events:
        if event["type"] == "user_task_completed":
            month = month_of(event) if per_month else None
            groups.setdefault((event["process_definition_id"], event["element_id"], month), []).append(event)
    return groups


def highest_rounds(events: list[dict[str, Any]]) -> list[int]:
    highest: dict[str, int] = {}
    for event in events:
        instance_id = event["process_instance_id"]
        highest[instance_id] = max(event["round"], highest.get(instance_id, 0))
    return list(highest.values())


@pytest.mark.parametrize("per", [None, "month"])
def test_user_tasks_are_counted_as_by_hand(office: BusyOffice, per: str | None) -> None:
    found = told(office, **({"per": per} if per else {}))["elements"]
    expected = groups_of(office.events, per_month=per is not None)
    assert len(found) == len(expected) > 8
    for element in found:
        events = expected[element["process_definition_id"], element["element_id"], element["month"]]
        total, waiting = ([event[f"{name}_seconds"] for event in events] for name in ("duration", "waiting"))
        assert element["count"] == len(events)
        assert element["waiting_seconds"] == spread(waiting)
        assert element["total_seconds"] == spread(total)
        assert element["working_seconds"] == spread([t - w for t, w in zip(total, waiting, strict=True)])
        limited = [event["late"] for event in events if event["late"] is not None]
        share = pytest.approx(sum(limited) / len(limited), abs=1e-4) if limited else None
        assert element["late"] == {"count": sum(limited), "of": len(limited), "share": share}
        rounds = highest_rounds(events)
        assert element["rounds"] == {
            "mean": pytest.approx(statistics.mean(rounds), abs=1e-4),
            "median": statistics.median(rounds),
            "max": max(rounds),
        }


def test_standard_times_stand_beside_what_was_taken(office: BusyOffice) -> None:
    found = {element["element_id"]: element for element in told(office)["elements"]}
    drafting = found["penyusunan_konsep"]
    assert drafting["standard_seconds"] == standard_time(drafting["standard_time"]).total_seconds()
    assert found["isi"]["standard_time"] is found["isi"]["standard_seconds"] is None
    assert any(element["late"]["count"] for element in found.values())


@pytest.mark.parametrize("per", [None, "month"])
def test_instances_are_counted_as_by_hand(office: BusyOffice, per: str | None) -> None:
    found = told(office, **({"per": per} if per else {}))["process_instances"]
    names = ("started", "completed", "cancelled", "failed")
    expected: dict[tuple[str, str | None], dict[str, list[int]]] = {}
    for event in office.events:
        name = event["type"].removeprefix("process_instance_")
        if name in names:
            key = (event["process_definition_id"], month_of(event) if per else None)
            expected.setdefault(key, {name: [] for name in names})[name].append(event["duration_seconds"])
    assert len(found) == len(expected)
    for version in found:
        by_hand = expected[version["process_definition_id"], version["month"]]
        assert {name: version[name] for name in names} == {name: len(by_hand[name]) for name in names}
        assert version["duration_seconds"] == spread(by_hand["completed"])


def test_filters_narrow_what_is_counted(office: BusyOffice) -> None:
    of_one = told(office, process_definition_key="kecil", version=2)
    assert [(e["process_definition_key"], e["version"], e["count"]) for e in of_one["elements"]] == [("kecil", 2, 1)]
    drafting = told(office, element_id="penyusunan_konsep")["elements"]
    assert {element["element_id"] for element in drafting} == {"penyusunan_konsep"}
    assert told(office, process_definition_key="tidak_ada")["elements"] == []
    assert told(office, occurred_after="2029-01-01T00:00:00Z")["process_instances"] == []
    before = told(office, occurred_before="2026-07-05T00:00:00Z", process_definition_key=SOP_KEY)
    assert sum(version["started"] for version in before["process_instances"]) == 1


@pytest.mark.parametrize("wrong", [{"per": "week"}, {"version": 0}, {"occurred_after": "kemarin"}, {"asing": 1}])
def test_a_wrong_question_is_refused(office: BusyOffice, wrong: dict[str, Any]) -> None:
    response = office.as_("admin").get("/history/statistics", **wrong)
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == set(wrong)


def test_statistics_are_for_auditors_and_their_reading_is_recorded(office: BusyOffice) -> None:
    assert office.as_("kepala").get("/history/statistics").status_code == 403
    assert office.as_("auditor").get("/history/statistics", per="month").status_code == 200
    path = "/api/v1/history/statistics"
    asked = {"subject": path, "type": "history_read"}
    reads = office.as_("admin").get("/history/streams/access/events", **asked).json()["items"]
    assert [(read["actor"], read["payload"]["query"]) for read in reads] == [("auditor", "per=month")]


def test_the_end_of_the_calendar_is_no_failure(office: BusyOffice) -> None:
    assert told(office, occurred_before=datetime(1, 1, 2, tzinfo=UTC).isoformat())["elements"] == []


@given(values=st.lists(st.integers(0, 10**9), min_size=2, max_size=50), tenth=st.integers(1, 9))
def test_percentiles_lie_between_values_as_the_standard_library_has_it(values: list[int], tenth: int) -> None:
    assert interpolated(sorted(values), tenth / 10) == pytest.approx(percentile(values, tenth))
