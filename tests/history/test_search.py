"""Looking for events and instances: every question against a search by hand through all that happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.storage import event_pages, events_of_many
from app.storage.event_types import OF_INSTANCES
from tests.history.busy_office import BusyOffice, place
from tests.sop import SOP_KEY, Client

Event = dict[str, Any]

#: parameter → whether an event is meant by the value
EVENT_FILTERS: dict[str, Callable[[BusyOffice, Event, Any], bool]] = {
    "actor": lambda _, event, value: value in {event["actor"], event["on_behalf_of"]},
    "element_id": lambda _, event, value: bool(event["element_id"] == value),
    "type": lambda _, event, value: event["type"] in value,
    "occurred_after": lambda _, event, value: event["occurred_at"] > value,
    "occurred_before": lambda _, event, value: event["occurred_at"] < value,
    "process_definition_key": lambda office, event, value: _instance(office, event)["process_definition_key"] == value,
    "version": lambda _, event, value: bool(event["version"] == value),
    "process_instance_id": lambda _, event, value: bool(event["process_instance_id"] == value),
    "business_key": lambda office, event, value: _instance(office, event)["business_key"] == value,
    "variable": lambda office, event, value: _has_all(_instance(office, event)["variables"], value),
    "decision": lambda _, event, value: bool(event["decision"] == value),
    "round_at_least": lambda _, event, value: event["round"] is not None and event["round"] >= value,
    "late": lambda _, event, value: event["late"] is value,
    "duration_at_least": lambda _, event, value: _known(event["duration_seconds"]) >= _seconds(value),
    "duration_at_most": lambda _, event, value: 0 <= _known(event["duration_seconds"]) <= _seconds(value),
}
_TIMES = ["2026-07-01T01:00:00.000000Z", "2026-07-13T01:00:00.000000Z", "2026-08-02T05:00:00.000000Z"]
_DURATIONS = {"PT0S": 0, "PT7M": 420, "PT1H": 3600, "P3D": 259200, "P4D": 345600, "P30D": 2592000, "P9Y": 283824000}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "actor": st.sampled_from(["kepala", "sekretaris", "anggota3", "orang_luar", "admin", "tidak_ada"]),
    "element_id": st.sampled_from(["isi", "penyusunan_konsep", "penetapan", "tidak_ada"]),
    "type": st.lists(st.sampled_from([*OF_INSTANCES]), min_size=1, max_size=6),
    "occurred_after": st.sampled_from(_TIMES),
    "occurred_before": st.sampled_from(_TIMES),
    "process_definition_key": st.sampled_from([SOP_KEY, "kecil", "tidak_ada"]),
    "version": st.sampled_from([1, 2, 9]),
    "business_key": st.sampled_from(["satu", "dua", "tidak_ada"]),
    "variable": st.lists(
        st.sampled_from(["tahun:2027", "tahun:2031", "keputusan:ya", "asing:1"]), min_size=1, max_size=2
    ),
    "decision": st.sampled_from(["ya", "tidak", "Ya", "tidak_ada"]),
    "round_at_least": st.sampled_from([1, 2, 3, 12]),
    "late": st.booleans(),
    "duration_at_least": st.sampled_from([*_DURATIONS]),
    "duration_at_most": st.sampled_from([*_DURATIONS]),
}
searching = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _instance(office: BusyOffice, event: Event) -> dict[str, Any]:
    return next(each for each in office.instances if each["id"] == event["process_instance_id"])


def _has_all(variables: dict[str, Any], wanted: list[str]) -> bool:
    pairs = (text.split(":") for text in wanted)
    return all(str(variables.get(name)) == value for name, value in pairs)


def _known(seconds: int | None) -> int:
    return -1 if seconds is None else seconds


def _seconds(duration: str) -> int:
    return _DURATIONS[duration]


def everything(person: Client, path: str, **params: Any) -> list[Event]:
    """All pages, one after the other."""
    found: list[Event] = []
    cursor: dict[str, str] = {}
    while True:
        response = person.get(path, **params | cursor)
        assert response.status_code == 200, response.text
        body = response.json()
        found += body["items"]
        if body["next_cursor"] is None:
            return found
        cursor = {"cursor": body["next_cursor"]}


def test_the_list_across_instances_is_that_of_each_together(office: BusyOffice) -> None:
    assert everything(office.as_("admin"), "/history/events", limit=200) == office.events
    reversed_ = everything(office.as_("admin"), "/history/events", limit=200, sort="occurred_at")
    assert reversed_ == office.events[::-1]


@pytest.mark.parametrize("name", EVENT_FILTERS)
def test_each_filter_finds_something_and_leaves_something_out(office: BusyOffice, name: str) -> None:
    """Else the comparison below would compare nothing."""
    values = {"process_instance_id": office.instances[1]["id"], "type": ["user_task_completed"]} | {
        "variable": ["tahun:2027"],
        "occurred_after": _TIMES[1],
        "occurred_before": _TIMES[1],
        "process_definition_key": "kecil",
        "version": 2,
        "actor": "anggota3",
        "element_id": "penyusunan_konsep",
        "business_key": "satu",
        "decision": "tidak",
        "round_at_least": 3,
        "late": True,
        "duration_at_least": "P3D",
        "duration_at_most": "P3D",
    }
    found = everything(office.as_("admin"), "/history/events", limit=200, **{name: values[name]})
    assert found == [event for event in office.events if EVENT_FILTERS[name](office, event, values[name])]
    assert 0 < len(found) < len(office.events)


@searching
@given(
    wanted=st.fixed_dictionaries({}, optional=VALUES),
    limit=st.sampled_from([1, 7, 200]),
    oldest_first=st.booleans(),
    of_one=st.sampled_from([None, None, 0, 1]),
)
def test_filters_together_find_what_a_search_by_hand_finds(
    office: BusyOffice, wanted: dict[str, Any], limit: int, oldest_first: bool, of_one: int | None
) -> None:
    if of_one is not None:
        wanted = wanted | {"process_instance_id": office.instances[of_one]["id"]}
    by_hand = [e for e in office.events if all(EVENT_FILTERS[name](office, e, v) for name, v in wanted.items())]
    limit = limit if len(by_hand) < 20 else 200
    sort = "occurred_at" if oldest_first else "-occurred_at"
    found = everything(office.as_("admin"), "/history/events", limit=limit, sort=sort, **wanted)
    assert found == (by_hand[::-1] if oldest_first else by_hand)
    counted = office.as_("admin").get("/history/events", limit=1, include_total=True, **wanted).json()
    assert counted["total"] == len(by_hand)


@pytest.mark.parametrize(("near", "among"), [(0, 1), (1, 2)])
@pytest.mark.parametrize(
    "wanted",
    [
        {"variable": ["keputusan:ya"]},
        {"variable": ["tahun:2028"], "occurred_after": _TIMES[0], "occurred_before": _TIMES[2]},
        {"variable": ["keputusan:ya"], "type": ["user_task_completed"], "actor": "sekretaris"},
    ],
)
def test_events_of_very_many_instances_are_found_wherever_they_are(
    office: BusyOffice, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any], near: int, among: int
) -> None:
    """An office for which few are very many already."""
    monkeypatch.setattr(event_pages, "_AMONG", among)
    monkeypatch.setattr(events_of_many, "_NEAR", near)
    by_hand = [e for e in office.events if all(EVENT_FILTERS[name](office, e, v) for name, v in wanted.items())]
    assert by_hand
    assert everything(office.as_("admin"), "/history/events", limit=2, **wanted) == by_hand


@pytest.mark.parametrize("sort", ["-duration_seconds", "duration_seconds", "-round", "round,-duration_seconds"])
def test_what_is_sorted_by_something_has_it(office: BusyOffice, sort: str) -> None:
    found = everything(office.as_("admin"), "/history/events", limit=7, sort=sort)
    fields = [field.removeprefix("-") for field in sort.split(",")]
    least = {"duration_seconds": 0, "round": 2}
    expected = [e for e in office.events if all(_known(e[field]) >= least[field] for field in fields)]
    assert sorted(map(place, found)) == sorted(map(place, expected))
    first = fields[0]
    values = [event[first] for event in found]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert len(set(values)) > 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "user_task_finished"},
        {"type": ["user_task_opened", "history_read"]},
        {"duration_at_least": "tiga hari"},
        {"duration_at_most": "3"},
        {"round_at_least": 0},
        {"variable": "tahun"},
        {"late": "mungkin"},
        {"sort": "actor"},
        {"cursor": "xyz"},
        {"occurred_after": "2026"},
        {"version": 2**40},
        {"asing": 1},
    ],
)
def test_a_wrong_question_is_refused_by_the_name_of_its_parameter(office: BusyOffice, wrong: dict[str, Any]) -> None:
    response = office.as_("admin").get("/history/events", **wrong)
    assert response.status_code == 422
    assert {error["pointer"] for error in response.json()["errors"]} == set(wrong)


def test_nothing_found_is_an_empty_list(office: BusyOffice) -> None:
    response = office.as_("admin").get("/history/events", element_id="tidak_ada", include_total=True)
    assert response.json() == {"items": [], "next_cursor": None, "total": 0}


@pytest.mark.parametrize("username", ["kepala", "anggota2", "orang_luar", "perancang"])
def test_people_see_the_events_of_their_own_instances_alone(office: BusyOffice, username: str) -> None:
    """Whose own an instance is, is told by the list of instances."""
    person = office.as_(username)
    own = {instance["id"] for instance in person.get("/process-instances", limit=200).json()["items"]}
    found = everything(person, "/history/events", limit=200)
    assert found == [event for event in office.events if event["process_instance_id"] in own]
    by_type = everything(person, "/history/events", limit=200, type=["user_task_completed"], actor="orang_luar")
    assert by_type == [e for e in found if e["type"] == "user_task_completed" and e["actor"] == "orang_luar"]


def test_nobody_sees_less_than_everything_by_having_to(office: BusyOffice) -> None:
    """The comparison above would hold of people who see all, or nothing."""
    sizes = {
        u: len(everything(office.as_(u), "/history/events", limit=200)) for u in ("kepala", "anggota2", "perancang")
    }
    assert 0 == sizes["perancang"] < sizes["kepala"] < sizes["anggota2"] == len(office.events)


def test_events_of_one_instance_are_narrowed_too(office: BusyOffice) -> None:
    instance_id = office.instances[0]["id"]
    own = [event for event in office.events[::-1] if event["process_instance_id"] == instance_id]
    path = f"/history/process-instances/{instance_id}/events"
    wanted = {"type": ["user_task_completed"], "element_id": "penyusunan_konsep", "round_at_least": 2}
    found = everything(office.as_("admin"), path, limit=1, **wanted)
    assert found == [e for e in own if all(EVENT_FILTERS[name](office, e, v) for name, v in wanted.items())]
    assert len(found) == 1
    assert office.as_("admin").get(path, type="asing").status_code == 422
