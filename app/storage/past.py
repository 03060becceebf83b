"""Where an instance stood at an earlier time, looked up backwards from there: however long its history is, nothing is
read of it but the few rows that decide.

An instance is seen as it rested between two commands. What happens within one is never seen by anybody, so an event in
the middle of a command stands for the whole of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.storage import tables

_event = tables.event.c
_task = tables.user_task.c

#: events that are a whole command, or end one, though no state stands on them
_ENDING_A_COMMAND = (
    "user_task_claimed",
    "user_task_assigned",
    "user_task_draft_saved",
    "user_task_commented",
    "process_instance_suspended",
    "process_instance_resumed",
    "process_instance_cancelled",
)
#: events that tell whether an instance is suspended: the others happen to those that are and to those that are not
_TELLING_WHETHER_SUSPENDED = (
    "process_instance_started",
    "process_instance_suspended",
    "process_instance_resumed",
    "user_task_claimed",
    "user_task_assigned",
    "user_task_draft_saved",
    "user_task_commented",
    "user_task_completed",
)
_RELEASED = "user_task_released"
#: of the stretch in which an event is searched by its time, by one query each
_PARTS = 16
#: openings of user tasks that are looked at first
_AT_ONCE = 16
_HANDING_OVER = ("user_task_claimed", "user_task_assigned", _RELEASED)


def _named(name: str) -> BindParameter[Any]:
    return bindparam(name)


# A state that was removed by law stands where it stood.
_HAS_STATE = or_(_event.state_after.is_not(None), _event.state_sha256.is_not(None))
_OF_INSTANCE = _event.process_instance_id == _named("instance_id")
_UNTIL = and_(_OF_INSTANCE, _event.sequence <= _named("until"))


def _last(*columns: ColumnElement[Any], where: ColumnElement[bool]) -> Select[Any]:
    return select(*columns).where(_UNTIL, where).order_by(_event.sequence.desc()).limit(1)


# Built once: SQLAlchemy takes longer to build a statement than to run it.
_MOMENTS = select(_event.sequence, _event.occurred_at).where(
    _OF_INSTANCE, _event.sequence.in_(bindparam("sequences", expanding=True))
)
_WHAT = (_event.sequence, _event.type, _event.occurred_at, _event.process_definition_id, _event.version)
_AT = select(*_WHAT).where(_OF_INSTANCE, _event.sequence == _named("sequence"))
_STATE = _last(_event.state_after, where=_HAS_STATE)
_WHETHER_SUSPENDED = _last(_event.type, where=_event.type.in_(_TELLING_WHETHER_SUSPENDED))
_RELEASE = select(
    _event.type, _event.occurred_at, _event.actor, _event.request_id, _event.payload, _HAS_STATE.label("has_state")
).where(_OF_INSTANCE, _event.sequence == _named("sequence"))
_BEFORE_RELEASES = _last(_event.type, _HAS_STATE.label("has_state"), where=_event.type != _RELEASED)
_END = (
    select(_event.sequence)
    .where(_OF_INSTANCE, _event.sequence >= _named("since"), or_(_HAS_STATE, _event.type.in_(_ENDING_A_COMMAND)))
    .order_by(_event.sequence)
    .limit(1)
)
_OPENINGS = (
    select(_event.sequence, _event.occurred_at, _event.user_task_id)
    .where(_UNTIL, _event.type == "user_task_opened")
    .order_by(_event.sequence.desc())
    .limit(_named("count"))
)
_TASKS = select(tables.user_task).where(
    _task.process_instance_id == _named("instance_id"), _task.id.in_(bindparam("task_ids", expanding=True))
)
_newest = (
    select(func.max(_event.sequence))
    .where(
        _UNTIL,
        _event.sequence >= _named("since"),
        _event.type.in_(_HANDING_OVER),
        _event.user_task_id.in_(bindparam("task_ids", expanding=True)),
    )
    .group_by(_event.user_task_id)
)
_HOLDING = select(
    _event.user_task_id, _event.type, _event.occurred_at, _event.on_behalf_of, _event.basis, _event.payload
).where(_OF_INSTANCE, _event.sequence.in_(_newest))


@dataclass(frozen=True, slots=True)
class Rested:
    """The last event of a command, with which an instance came to rest."""

    sequence: int
    type: str
    occurred_at: datetime
    #: the version that it ran from then on
    process_definition_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The opening of a user task."""

    sequence: int
    occurred_at: datetime
    #: the row of the task as it is now
    row: Mapping[str, Any]


def last_until(session: Session, instance_id: UUID, last_sequence: int, moment: datetime) -> int:
    """The sequence of the last event that had happened by then; 0 where none had.

    The events of a command share one time, and time never runs backwards in a stream: so it can be searched part by
    part, each a fraction of the one before, and ends a command.
    """
    had_happened, may_have = 0, last_sequence
    while had_happened < may_have:
        width = -((had_happened - may_have) // _PARTS)
        probes = range(had_happened + 1, may_have + 1, width)
        found = session.execute(_MOMENTS, {"instance_id": instance_id, "sequences": list(probes)}).all()
        reached = [row.sequence for row in found if row.occurred_at <= moment]
        may_have = min(max(reached) + width - 1, may_have) if reached else probes[0] - 1
        had_happened = max(reached, default=had_happened)
    return had_happened


def end_of_command(session: Session, instance_id: UUID, sequence: int) -> int:
    """The sequence of the last event of the command to which an event belongs."""
    of_event = {"instance_id": instance_id, "sequence": sequence}
    event = session.execute(_RELEASE, of_event).one()
    if event.type == _RELEASED and not event.has_state and not _is_within_a_step(session, instance_id, sequence):
        return _end_of_releases(session, instance_id, sequence, event)
    end: int = session.execute(_END, {"instance_id": instance_id, "since": sequence}).scalar_one()
    return end


def _is_within_a_step(session: Session, instance_id: UUID, sequence: int) -> bool:
    """Whether a release followed from what ran: then what came before it has not ended its command."""
    before = session.execute(_BEFORE_RELEASES, {"instance_id": instance_id, "until": sequence}).one()
    return not before.has_state and before.type not in _ENDING_A_COMMAND


def _end_of_releases(session: Session, instance_id: UUID, sequence: int, event: Row[Any]) -> int:
    """A person who may act no longer loses all their user tasks of an instance at once, for one reason."""

    def told(release: Row[Any]) -> tuple[Any, ...]:
        reason = release.payload.get("reason")
        return (release.type, release.occurred_at, release.actor, release.request_id, reason)

    following, same = sequence, event.payload.get("reason") is not None
    while same:
        found = session.execute(_RELEASE, {"instance_id": instance_id, "sequence": following + 1}).one_or_none()
        same = found is not None and told(found) == told(event)
        following += same
    return following


def rested(session: Session, instance_id: UUID, sequence: int) -> Rested:
    """The event with which a command ended."""
    row = session.execute(_AT, {"instance_id": instance_id, "sequence": sequence}).mappings().one()
    return Rested(**row)


def state_at(session: Session, instance_id: UUID, sequence: int) -> bytes | None:
    """The state in which the event left the instance; None where it was removed by law."""
    state = session.execute(_STATE, {"instance_id": instance_id, "until": sequence}).scalar_one()
    return None if state is None else bytes(state)


def was_suspended(session: Session, instance_id: UUID, sequence: int) -> bool:
    """Whether an instance that had not ended was suspended once the event had happened."""
    type_ = session.execute(_WHETHER_SUSPENDED, {"instance_id": instance_id, "until": sequence}).scalar_one()
    return bool(type_ == "process_instance_suspended")


def opened(
    session: Session, instance_id: UUID, sequence: int, element_task_ids: Collection[UUID]
) -> dict[UUID, Opened]:
    """How the user tasks opened that the engine knows by these ids, by id of the engine."""
    found: dict[UUID, Opened] = {}
    wanted, until, count = set(element_task_ids), sequence, _AT_ONCE
    # Backwards, for most have opened lately; in greater and greater parts, for one may be open since the beginning.
    while wanted - found.keys():
        asked = {"instance_id": instance_id, "until": until, "count": count}
        openings = {row.user_task_id: row for row in session.execute(_OPENINGS, asked)}
        of_them = {"instance_id": instance_id, "task_ids": list(openings)}
        for task in session.execute(_TASKS, of_them).mappings():
            opening = openings[task["id"]]
            if task["element_task_id"] in wanted:
                found[task["element_task_id"]] = Opened(opening.sequence, opening.occurred_at, dict(task))
        until, count = min(row.sequence for row in openings.values()) - 1, count * 4
    return found


def held(
    session: Session, instance_id: UUID, sequence: int, tasks: Collection[Opened]
) -> dict[UUID, Mapping[str, Any]]:
    """Who had these user tasks once the event had happened, and in whose name: the columns that tell it, by id."""
    if not tasks:
        return {}
    asked = {
        "instance_id": instance_id,
        "since": min(task.sequence for task in tasks),
        "until": sequence,
        "task_ids": [task.row["id"] for task in tasks],
    }
    found = session.execute(_HOLDING, asked)
    return {row.user_task_id: _holding(row) for row in found if row.type != _RELEASED}


def _holding(row: Any) -> dict[str, Any]:
    told = {"assignee": row.payload.get("assignee"), "claimed_at": row.occurred_at}
    # Whoever was given it by somebody has it in their own name, whoever that somebody acted for.
    claimed = row.type == "user_task_claimed"
    return told | {"on_behalf_of": row.on_behalf_of if claimed else None, "basis": row.basis if claimed else None}
