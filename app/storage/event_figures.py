"""What an event's payload says that is searched for and counted: decisions, durations, lateness.

Copies only: each follows from what is sealed (the type, the payload, the time), so the verification makes them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from app.engine.quality import is_duration, standard_time
from app.proof.seal import as_sealed

#: the fields of a form in which somebody decides, and says why
DECISION_FIELD, NOTE_FIELD = "keputusan", "catatan"
#: Shorter standard times say how long the work itself takes, and not by when it is done: nobody is late three minutes
#: after a letter came (the SOP's own total is one of calendar days).
_SHORTEST_LIMIT = timedelta(days=1)


class Figures(NamedTuple):
    """The columns of an event that are copies of what it says."""

    decision: str | None = None
    #: whole seconds from the opening of a user task until somebody took it
    waiting_seconds: int | None = None
    #: whole seconds from the opening of a user task, or the start of an instance, to its end
    duration_seconds: int | None = None
    #: whether a user task took longer than its standard time; None where it has none that is a limit
    late: bool | None = None


class Timed(Protocol):
    """What has been worked on, such as a user task."""

    @property
    def created_at(self) -> datetime:
        """When it opened."""

    @property
    def claimed_at(self) -> datetime | None:
        """When somebody took it."""


def timing_of(task: Timed, waktu: str | None, now: datetime) -> dict[str, Any]:
    """What the payload of a completion tells of time. Args: `waktu` the standard time, an ISO 8601 duration."""
    return {
        "opened_at": as_sealed(task.created_at),
        "claimed_at": as_sealed(task.claimed_at or now),
        "standard_time": waktu or None,
        "late": _is_late(now - task.created_at, waktu),
    }


def _is_late(taken: timedelta, waktu: str | None) -> bool | None:
    if not waktu or not is_duration(waktu):
        return None
    limit = standard_time(waktu)
    return taken > limit if limit >= _SHORTEST_LIMIT else None


def figures_of(type_: str, payload: Mapping[str, Any], occurred_at: datetime) -> Figures:
    """The figures of an event, from what is sealed of it."""
    timing = payload.get("timing", {})
    match type_:
        case "gateway_decided":
            return Figures(decision=", ".join(flow["name"] or flow["id"] for flow in payload.get("flows", ())) or None)
        case "user_task_completed":
            decided = payload.get("variables", {}).get(DECISION_FIELD)
            opened, claimed = _moment(timing.get("opened_at")), _moment(timing.get("claimed_at"))
            return Figures(
                decided if isinstance(decided, str) else None,
                _seconds(opened, claimed),
                _seconds(opened, occurred_at),
                timing.get("late"),
            )
        case "process_instance_completed" | "process_instance_failed" | "process_instance_cancelled":
            return Figures(duration_seconds=_seconds(_moment(timing.get("started_at")), occurred_at))
    return Figures()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _seconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else int((end - start).total_seconds())
