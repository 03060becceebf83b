"""XES: as the standard has it, true to what happened, and in step with the diagram."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.documents.logged_event import LoggedEvent
from app.documents.xes import write_xes
from tests.conftest import Clock
from tests.exports.conftest import FORMULA, ODD, UNIT, Office
from tests.exports.replaying import Replay, attributes_of, read_traces
from tests.sop import SOP_FOLDER

XES = "{http://www.xes-standard.org/}"
NAME = re.compile(r"[A-Za-z_:][\w:.-]*", re.ASCII)
#: kind of attribute → what reads its value
READERS: Mapping[str, Callable[[str], object]] = {
    "string": str,
    "date": datetime.fromisoformat,
    "int": int,
    "boolean": {"true": True, "false": False}.__getitem__,
    "id": UUID,
}
#: prefix of an extension → the keys that it defines, as far as they are used
DEFINED = {
    "concept": {"concept:name", "concept:instance"},
    "time": {"time:timestamp"},
    "org": {"org:resource", "org:role", "org:group"},
    "lifecycle": {"lifecycle:model", "lifecycle:transition"},
    "identity": {"identity:id"},
}

DIAGRAM = Replay(SOP_FOLDER / "penjenjangan-kinerja.bpmn")


@pytest.fixture(scope="session")
def log(office: Office) -> bytes:
    return office.export("xes")


def check_standard(log: bytes) -> None:
    """What the standard's schema and its text ask of a document."""
    root = etree.fromstring(log)
    assert root.tag == f"{XES}log"
    assert float(root.attrib["xes.version"]) > 1849
    kinds = [child.tag.removeprefix(XES) for child in root]
    order = ["extension", "global", "classifier", *READERS, "trace"]
    ranks = [min(order.index(kind), order.index("string")) if kind in READERS else order.index(kind) for kind in kinds]
    assert ranks == sorted(ranks)
    prefixes = {child.attrib["prefix"] for child in root.iter(f"{XES}extension")}
    assert prefixes == set(DEFINED)
    for element in root.iter():
        kind = element.tag.removeprefix(XES)
        if "key" in element.attrib:
            assert set(element.attrib) == {"key", "value"}
            key = str(element.attrib["key"])
            READERS[kind](str(element.attrib["value"]))
            assert NAME.fullmatch(key)
            assert ":" not in key or key in DEFINED[key.partition(":")[0]]
        keys = [child.attrib["key"] for child in element if "key" in child.attrib]
        assert len(keys) == len(set(keys))
    check_globals(root)


def check_globals(root: etree._Element) -> None:
    """Whatever is said to be everywhere is."""
    for scope in ("trace", "event"):
        (declared,) = (each for each in root.iter(f"{XES}global") if each.attrib["scope"] == scope)
        everywhere = {(child.tag, child.attrib["key"]) for child in declared}
        for element in root.iter(f"{XES}{scope}"):
            assert everywhere <= {(child.tag, child.attrib.get("key")) for child in element}
        keys = {key for _, key in everywhere}
        for classifier in root.iter(f"{XES}classifier"):
            assert classifier.attrib["scope"] != scope or set(classifier.attrib["keys"].split()) <= keys


def test_the_log_is_what_the_standard_asks_for(log: bytes) -> None:
    check_standard(log)


def test_every_id_is_given_once(log: bytes) -> None:
    ids = Counter(each.attrib["value"] for each in etree.fromstring(log).iterfind(f".//{XES}trace//{XES}id"))
    assert (len(ids), set(ids.values())) == (50, {1})


def test_each_instance_is_a_trace_of_a_name_of_its_own(log: bytes, office: Office) -> None:
    traces = [trace for trace, _ in read_traces(log)]
    assert [trace["identity:id"] for trace in traces] == [
        office.rejected,
        office.plain,
        office.running,
        office.cancelled,
    ]
    names = [trace["concept:name"] for trace in traces]
    assert names[:2] == [f"2025 ({office.rejected})", f"2025 ({office.plain})"]
    assert len(set(names)) == 4
    assert [trace["status"] for trace in traces] == ["completed", "completed", "active", "cancelled"]
    assert {(trace["process_definition_key"], trace["version"]) for trace in traces} == {("penjenjangan_kinerja", "1")}


def activities_of(log: bytes, status: str) -> Iterator[list[str]]:
    for trace, events in read_traces(log):
        if trace["status"] == status:
            yield [event["concept:name"] for event in events if event["lifecycle:transition"] == "complete"]


def test_what_was_completed_fits_the_diagram(log: bytes) -> None:
    completed = list(activities_of(log, "completed"))
    assert sorted(map(len, completed)) == [9, 13]
    assert all(DIAGRAM.fits(activities) for activities in completed)


def test_nothing_less_and_nothing_else_fits_the_diagram(log: bytes) -> None:
    for activities in activities_of(log, "completed"):
        for index in range(len(activities)):
            assert not DIAGRAM.fits(activities[:index] + activities[index + 1 :])
        assert not DIAGRAM.fits([*activities[1:], activities[0]])


def test_a_trace_is_in_the_order_of_time_and_each_start_before_its_end(log: bytes) -> None:
    for _, events in read_traces(log):
        times = [datetime.fromisoformat(event["time:timestamp"]) for event in events]
        assert times == sorted(times)
        begun: set[str] = set()
        for event in events:
            if event["lifecycle:transition"] == "start":
                assert event["concept:instance"] not in begun
                begun.add(event["concept:instance"])
            else:
                assert event["concept:instance"] in begun


def test_work_begins_when_somebody_took_it_and_at_once_where_nobody_did(log: bytes, office: Office) -> None:
    by_instance = {trace["identity:id"]: events for trace, events in read_traces(log)}
    spans: dict[str, set[timedelta]] = {}
    for instance_id in (office.rejected, office.plain):
        times: dict[str, list[datetime]] = {}
        for event in by_instance[instance_id]:
            moment = datetime.fromisoformat(event["time:timestamp"])
            times.setdefault(event["concept:instance"], []).append(moment)
        assert {len(both) for both in times.values()} == {2}
        spans[instance_id] = {both[1] - both[0] for both in times.values()}
    assert spans[office.rejected] == {timedelta(0), timedelta(hours=5), timedelta(days=40, hours=5)}
    assert spans[office.plain] == {timedelta(0)}


def test_what_is_still_being_done_has_begun_when_it_was_taken_last(log: bytes, office: Office) -> None:
    by_instance = {trace["identity:id"]: events for trace, events in read_traces(log)}
    for instance_id in (office.running, office.cancelled):
        (begun,) = by_instance[instance_id]
        claims = [e for e in office.as_("auditor").events(instance_id) if e["type"] == "user_task_claimed"]
        assert (begun["lifecycle:transition"], begun["concept:instance"]) == ("start", claims[-1]["user_task_id"])
        assert datetime.fromisoformat(begun["time:timestamp"]) == datetime.fromisoformat(claims[-1]["occurred_at"])


def test_events_tell_who_acted_for_whom_in_which_role_and_how_it_came_out(log: bytes, office: Office) -> None:
    (events,) = (events for trace, events in read_traces(log) if trace["identity:id"] == office.rejected)
    done = [event for event in events if event["lifecycle:transition"] == "complete"]
    (signed,) = (event for event in done if event["element_id"] == "penetapan")
    assert (signed["org:resource"], signed["on_behalf_of"], signed["org:role"]) == (
        "sekretaris",
        "kepala",
        "Kepala Badan",
    )
    assert signed["basis"]
    drafts = [event for event in done if event["element_id"] == "penyusunan_konsep"]
    assert [event["round"] for event in drafts] == ["1", "2", "3"]
    assert [event["late"] for event in drafts] == ["true", "true", "false"]
    assert {event["org:group"] for event in drafts} == {UNIT}
    examined = [event["decision"] for event in done if event["element_id"] == "pemeriksaan_konsep"]
    assert examined == ["tidak", "tidak", "ya"]
    assert "org:group" not in signed


def test_what_xml_cannot_carry_is_shown_by_a_sign(log: bytes, office: Office) -> None:
    keys = {trace["identity:id"]: trace.get("business_key") for trace, _ in read_traces(log)}
    assert keys[office.cancelled] == FORMULA
    assert keys[office.running] == ODD.replace("\u0001", "\u2401").replace("\ufffe", "\ufffd")


@given(st.text())
def test_any_text_is_carried(text: str) -> None:
    log = b"".join(write_xes([completion(text)]))
    check_standard(log)
    (trace,) = etree.fromstring(log).iter(f"{XES}trace")
    carried = attributes_of(trace)["business_key"]
    assert len(carried) == len(text)
    for before, after in zip(text, carried, strict=True):
        assert before == after or after in "\ufffd\u2400" or ord(after) - 0x2400 == ord(before)


def completion(business_key: str) -> LoggedEvent:
    """An event with a business key."""
    now, some_id = Clock().now, UUID(int=1)
    return LoggedEvent(
        process_instance_id=some_id,
        sequence=1,
        occurred_at=now,
        type="user_task_completed",
        element_id="isi",
        element_name="Isi",
        round=1,
        user_task_id=some_id,
        actor="kepala",
        on_behalf_of=None,
        basis=None,
        channel=None,
        request_id=None,
        process_definition_id=some_id,
        version=1,
        payload={},
        decision=None,
        waiting_seconds=None,
        duration_seconds=None,
        late=None,
        hash=b"",
        previous_hash=b"",
        business_key=business_key,
        status="active",
        started_by="kepala",
        started_at=now,
        process_definition_key="satu",
        newest_version=1,
        role=None,
        position=None,
        unit=None,
    )


def test_a_payload_that_was_removed_by_law_leaves_the_work_in_the_log() -> None:
    ((_, events),) = read_traces(b"".join(write_xes([completion("x")])))
    assert [event["lifecycle:transition"] for event in events] == ["start", "complete"]
