"""The streams of administration and access: who was given which role, who read what, who was refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Clock
from tests.history.test_search import everything
from tests.sop import As


def found(as_: As, stream: str = "administration", **filters: Any) -> list[dict[str, Any]]:
    return everything(as_("admin"), f"/history/streams/{stream}/events", limit=2, **filters)


def test_what_happened_to_people_is_found_by_every_filter(as_: As, clock: Clock) -> None:
    # Time runs on from where the stream ends, which is when the SOP was deployed: now.
    clock.now = datetime.now(UTC) + timedelta(days=1)
    before = len(found(as_))
    as_("admin").post("/users", {"username": "baru", "name": "Baru"})
    clock.advance(days=1)
    as_("admin").request("PUT", "/users/baru/roles/Tim")
    as_("admin").request("PUT", "/users/kepala/roles/Tim")
    clock.advance(days=1)
    as_("admin").request("DELETE", "/users/baru/roles/Tim")
    of_all = found(as_)[before:]
    assert [(entry["type"], entry["subject"]) for entry in of_all] == [
        ("user_added", "baru"),
        ("role_granted", "baru"),
        ("role_granted", "kepala"),
        ("role_revoked", "baru"),
    ]
    assert [entry["sequence"] for entry in of_all] == list(range(before + 1, before + 5))
    assert found(as_, subject="baru") == [of_all[0], of_all[1], of_all[3]]
    assert found(as_, type="role_granted", actor="admin") == of_all[1:3]
    assert found(as_, type=["role_granted", "role_revoked"], subject="baru") == [of_all[1], of_all[3]]
    later, earlier = (clock.now - timedelta(hours=hours) for hours in (36, 12))
    period = {"occurred_after": later.isoformat(), "occurred_before": earlier.isoformat()}
    assert found(as_, **period) == of_all[1:3]
    assert found(as_, sort="-sequence")[: len(of_all)] == of_all[::-1]
    assert found(as_, actor="tidak_ada") == []


def test_who_read_an_instance_is_found_by_it(as_: As) -> None:
    instances = [as_("kepala").start()["id"] for _ in range(2)]
    for instance_id in (*instances, instances[0]):
        as_("auditor").get(f"/process-instances/{instance_id}")
    reads = found(as_, "access", process_instance_id=instances[0], type="history_read")
    assert [(read["actor"], read["subject"]) for read in reads] == [
        ("auditor", f"/api/v1/process-instances/{instances[0]}")
    ] * 2


def test_reading_a_stream_leaves_a_trace_in_that_of_access(as_: As) -> None:
    path = "/api/v1/history/streams/administration/events"
    assert as_("auditor").get("/history/streams/administration/events", type="role_granted").status_code == 200
    (read,) = found(as_, "access", subject=path)
    assert (read["actor"], read["payload"]["query"]) == ("auditor", "type=role_granted")


def test_streams_are_for_auditors_and_administrators(as_: As) -> None:
    assert as_("kepala").get("/history/streams/access/events").status_code == 403
    assert as_("perancang").get("/history/streams/administration/events").status_code == 403


@pytest.mark.parametrize(
    ("stream", "wrong"),
    [("access", {"type": "role_granted"}), ("administration", {"type": "asing"}), ("access", {"sort": "actor"})],
)
def test_a_wrong_question_is_refused(as_: As, stream: str, wrong: dict[str, Any]) -> None:
    response = as_("admin").get(f"/history/streams/{stream}/events", **wrong)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [*wrong]


def test_there_are_no_other_streams(as_: As) -> None:
    assert as_("admin").get("/history/streams/lain/events").status_code == 422


@pytest.mark.parametrize("sort", ["occurred_at", "-occurred_at"])
def test_pages_of_events_cover_all_once_while_more_are_added(as_: As, clock: Clock, sort: str) -> None:
    for _ in range(4):
        as_("kepala").start()
        clock.advance(minutes=1)
    there = [(e["process_instance_id"], e["sequence"]) for e in everything(as_("admin"), "/history/events", limit=200)]
    seen: list[tuple[str, int]] = []
    cursor: dict[str, str] = {}
    for _ in range(40):
        page = as_("admin").get("/history/events", limit=2, sort=sort, **cursor).json()
        seen += [(event["process_instance_id"], event["sequence"]) for event in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        if len(seen) < 6:
            as_("kepala").start()
            clock.advance(minutes=1)
    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)
    assert len(there) < len(seen) or sort == "-occurred_at"
