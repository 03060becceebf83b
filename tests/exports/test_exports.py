"""Taking the history out: what is asked for, by whom, in which shape, and what remains of it here."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import select

from app.api import exports
from app.storage import tables
from tests.exports.conftest import FORMULA, Office
from tests.exports.test_ocel import check_standard as check_ocel
from tests.exports.test_xes import check_standard as check_xes
from tests.robustness.invariants import verify_stream

FORMATS = ("xes", "ocel", "csv", "jsonl")


def traces(office: Office) -> list[Any]:
    columns = tables.stream_event.c
    query = select(tables.stream_event).where(columns.stream == "access", columns.type == "history_exported")
    with office.database.reading() as session:
        return list(session.execute(query.order_by(columns.sequence)).mappings())


def test_json_lines_are_the_events_as_the_interface_tells_them(office: Office) -> None:
    assert office.events() == office.everything()


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_history_is_the_same_bytes(office: Office, format_: str) -> None:
    assert office.export(format_) == office.export(format_)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ({"actor": "kepala"}, lambda e: "kepala" in {e["actor"], e["on_behalf_of"]}),
        ({"element_id": "penetapan"}, lambda e: e["element_id"] == "penetapan"),
        (
            {"type": ["user_task_claimed", "gateway_decided"]},
            lambda e: e["type"] in {"user_task_claimed", "gateway_decided"},
        ),
        ({"decision": "tidak"}, lambda e: e["decision"] == "tidak"),
        ({"round_at_least": 2}, lambda e: (e["round"] or 0) >= 2),
        ({"late": "true"}, lambda e: e["late"] is True),
        ({"duration_at_least": "P40D"}, lambda e: (e["duration_seconds"] or 0) >= 40 * 86400),
        ({"version": 1, "process_definition_key": "penjenjangan_kinerja"}, lambda _: True),
        ({"version": 2}, lambda _: False),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_only_what_is_wanted_is_taken_out(office: Office, wanted: dict[str, Any], holds: Any) -> None:
    assert office.events(**wanted) == [event for event in office.everything() if holds(event)]


def test_instances_are_found_by_business_key_variable_and_period(office: Office) -> None:
    everything = office.everything()
    both = [event for event in everything if event["process_instance_id"] in {office.rejected, office.plain}]
    assert office.events(business_key="2025") == both
    assert office.events(variable="tahun:2025") == both
    assert office.events(variable="tahun:1999") == []
    moment = both[len(both) // 2]["occurred_at"]
    assert office.events(occurred_after=moment) == [e for e in everything if e["occurred_at"] > moment]
    assert office.events(occurred_before=moment) == [e for e in everything if e["occurred_at"] < moment]


def test_a_log_of_nothing_is_a_log(office: Office) -> None:
    for wanted in ({"actor": "nobody"}, {"type": "gateway_decided"}):
        check_xes(office.export("xes", **wanted))
        assert b"<trace>" not in office.export("xes", **wanted)
    nothing = json.loads(office.export("ocel", actor="nobody"))
    check_ocel(nothing)
    assert nothing["events"] == nothing["objects"] == []
    assert office.export("jsonl", actor="nobody") == b""


@pytest.mark.parametrize("format_", FORMATS)
def test_it_is_packed_for_those_who_can_unpack_it(office: Office, format_: str) -> None:
    auditor, answers = office.as_("auditor"), {}
    for accepted in ("gzip", "identity", "gzip;q=0", "*;q=0.5", "gzip;q=0.1, identity"):
        headers = {"Accept-Encoding": accepted}
        sent = auditor.request("GET", "/history/export", headers, params={"format": format_})
        answers[accepted] = sent.headers.get("content-encoding"), sent.content
        assert sent.headers["vary"] == "Accept-Encoding"
        assert sent.headers["content-disposition"].startswith('attachment; filename="history.')
    assert {coding for coding, _ in answers.values()} == {"gzip", None}
    assert (answers["gzip"][0], answers["*;q=0.5"][0]) == ("gzip", "gzip")
    assert len({content for _, content in answers.values()}) == 1


def test_auditors_and_administrators_leave_a_trace_before_anything_is_told(office: Office) -> None:
    before = len(traces(office))
    for username in ("auditor", "admin"):
        query = {"format": "csv", "variable": "tahun:2025", "type": ["user_task_opened", "user_task_claimed"]}
        response = office.as_(username).get("/history/export", **query, actor="kepala")
        trace = traces(office)[-1]
        assert (trace["actor"], trace["request_id"]) == (username, response.headers["x-request-id"])
        assert trace["payload"] == {
            "path": "/api/v1/history/export",
            "query": "format=csv&actor=kepala&type=user_task_claimed&type=user_task_opened&variable=tahun",
            "format": "csv",
        }
    assert len(traces(office)) == before + 2
    verify_stream(office.database, "access")


def test_what_is_refused_leaves_no_such_trace(office: Office) -> None:
    before = len(traces(office))
    for username in ("kepala", "orang_luar", "perancang"):
        assert office.as_(username).get("/history/export", format="csv").status_code == 403
    for query in ({}, {"format": "pdf"}, {"format": "csv", "limit": 7}, {"format": "csv", "type": "x"}):
        refused = office.as_("auditor").get("/history/export", **query)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert len(traces(office)) == before


@pytest.fixture
def taken() -> Iterator[ExitStack]:
    """Every place for an export is taken."""
    with ExitStack() as places:
        for _ in range(2):
            places.enter_context(exports._place())
        yield places


def test_who_comes_when_as_many_are_taken_out_as_may_be_comes_again(office: Office, taken: ExitStack) -> None:
    before = len(traces(office))
    refused = office.as_("auditor").get("/history/export", format="csv")
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:jenjang:problem:busy")
    assert int(refused.headers["retry-after"]) > 0
    assert len(traces(office)) == before
    taken.close()
    assert FORMULA.encode() in office.export("csv")


def test_bytes_on_the_wire_are_gzip(office: Office) -> None:
    token = office.world.tokens["auditor"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    with office.http.stream("GET", "/api/v1/history/export?format=csv", headers=headers) as response:
        sent = b"".join(response.iter_raw())
    assert gzip.decompress(sent) == office.export("csv")
