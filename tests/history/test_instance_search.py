"""Looking for instances: every question against a search by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.history.busy_office import BusyOffice
from tests.history.test_search import everything
from tests.sop import SOP_KEY

Instance = dict[str, Any]
Events = list[dict[str, Any]]

_DURATIONS = {"PT0S": 0, "PT7M": 420, "P1D": 86400, "P30D": 2592000, "P9Y": 283824000}
_TIMES = ["2026-07-01T01:00:00.000000Z", "2026-07-13T01:00:00.000000Z", "2026-08-02T05:00:00.000000Z"]
#: parameter → whether an instance is meant by the value, as it or its events tell
FILTERS: dict[str, Callable[[Instance, Events, Any], bool]] = {
    "status": lambda instance, _, value: bool(instance["status"] == value),
    "process_definition_key": lambda instance, _, value: bool(instance["process_definition_key"] == value),
    "version": lambda instance, _, value: bool(instance["version"] == value),
    "business_key": lambda instance, _, value: bool(instance["business_key"] == value),
    "started_by": lambda instance, _, value: bool(instance["started_by"] == value),
    "started_after": lambda instance, _, value: instance["started_at"] > value,
    "started_before": lambda instance, _, value: instance["started_at"] < value,
    "ended_after": lambda instance, _, value: (instance["ended_at"] or "") > value,
    "ended_before": lambda instance, _, value: "" < (instance["ended_at"] or "") < value,
    "actor": lambda _, events, value: any(value in {event["actor"], event["on_behalf_of"]} for event in events),
    "element_id": lambda _, events, value: any(event["element_id"] == value for event in events),
    "decision": lambda _, events, value: any(event["decision"] == value for event in events),
    "round_at_least": lambda _, events, value: max(event["round"] or 1 for event in events) >= value,
    "late": lambda _, events, value: any(event["late"] for event in events) is value,
    "duration_at_least": lambda instance, _, value: _taken(instance) >= _DURATIONS[value],
    "duration_at_most": lambda instance, _, value: 0 <= _taken(instance) <= _DURATIONS[value],
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "status": st.sampled_from(["active", "completed", "cancelled", "failed"]),
    "process_definition_key": st.sampled_from([SOP_KEY, "kecil", "tidak_ada"]),
    "version": st.sampled_from([1, 2, 9]),
    "business_key": st.sampled_from(["satu", "dua", "tidak_ada"]),
    "started_by": st.sampled_from(["kepala", "anggota2"]),
    "started_after": st.sampled_from(_TIMES),
    "started_before": st.sampled_from(_TIMES),
    "ended_after": st.sampled_from(_TIMES),
    "ended_before": st.sampled_from(_TIMES),
    "actor": st.sampled_from(["kepala", "sekretaris", "anggota3", "orang_luar", "admin", "tidak_ada"]),
    "element_id": st.sampled_from(["isi", "penyusunan_konsep", "penetapan", "tidak_ada"]),
    "decision": st.sampled_from(["ya", "tidak", "tidak_ada"]),
    "round_at_least": st.sampled_from([1, 2, 3, 4, 12]),
    "late": st.booleans(),
    "duration_at_least": st.sampled_from([*_DURATIONS]),
    "duration_at_most": st.sampled_from([*_DURATIONS]),
}


def _taken(instance: Instance) -> float:
    if instance["ended_at"] is None:
        return -1
    started, ended = (datetime.fromisoformat(instance[f"{name}_at"]) for name in ("started", "ended"))
    return int((ended - started).total_seconds())


def by_hand(office: BusyOffice, wanted: dict[str, Any]) -> list[Instance]:
    found = []
    for instance in sorted(office.instances, key=lambda each: (each["started_at"], each["id"]), reverse=True):
        events = [event for event in office.events if event["process_instance_id"] == instance["id"]]
        if all(FILTERS[name](instance, events, value) for name, value in wanted.items()):
            found.append(instance)
    return found


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_finds_something_and_leaves_something_out(office: BusyOffice, name: str) -> None:
    value = {
        "status": "active",
        "process_definition_key": "kecil",
        "version": 2,
        "business_key": "satu",
        "started_by": "anggota2",
        "actor": "anggota3",
        "element_id": "penetapan",
        "decision": "tidak",
        "round_at_least": 3,
        "late": True,
        "duration_at_least": "P1D",
        "duration_at_most": "P1D",
    }.get(name, _TIMES[2])
    found = everything(office.as_("admin"), "/process-instances", limit=200, **{name: value})
    assert found == by_hand(office, {name: value})
    assert 0 < len(found) < len(office.instances)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=st.fixed_dictionaries({}, optional=VALUES), limit=st.sampled_from([1, 3, 200]))
def test_filters_together_find_what_a_search_by_hand_finds(
    office: BusyOffice, wanted: dict[str, Any], limit: int
) -> None:
    expected = by_hand(office, wanted)
    assert everything(office.as_("admin"), "/process-instances", limit=limit, **wanted) == expected
    counted = office.as_("admin").get("/process-instances", limit=1, include_total=True, **wanted).json()
    assert counted["total"] == len(expected)


@pytest.mark.parametrize("sort", ["-duration_seconds", "ended_at", "-highest_round"])
def test_what_is_sorted_by_something_has_it(office: BusyOffice, sort: str) -> None:
    found = everything(office.as_("admin"), "/process-instances", limit=2, sort=sort)
    if sort == "-highest_round":
        assert [instance["business_key"] for instance in found] == ["dua", "satu"]
        return
    ended = [instance for instance in office.instances if instance["ended_at"]]
    assert {instance["id"] for instance in found} == {instance["id"] for instance in ended}
    values = [_taken(instance) if sort == "-duration_seconds" else instance["ended_at"] for instance in found]
    assert values == sorted(values, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    "wrong", [{"late": "x"}, {"duration_at_least": "P"}, {"ended_after": "kemarin"}, {"round_at_least": 0}]
)
def test_a_wrong_question_is_refused_by_the_name_of_its_parameter(office: BusyOffice, wrong: dict[str, Any]) -> None:
    response = office.as_("admin").get("/process-instances", **wrong)
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == set(wrong)
