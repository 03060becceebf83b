"""One pass of a user task, told by what happened to it: from its opening to its completion, in whatever version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.engine.user_task_elements import UserTaskElement
from app.engine.value_changes import FieldChange, changes_between
from app.storage.event_figures import DECISION_FIELD, NOTE_FIELD
from app.storage.rounds import RoundEvent
from app.storage.user_tasks import CANCELLED, COMPLETED, OPEN


@dataclass(frozen=True, slots=True)
class Approval:
    """What a completion approved."""

    #: paraf or tanda_tangan
    kind: str
    #: of whoever approved, as they were called then
    name: str | None
    position: str | None
    #: of the form as it was, and the version of the diagram that showed it
    content_sha256: str


@dataclass(frozen=True, slots=True)
class Return:
    """That a decision sent the work back to an element, which opened for one more round."""

    returned_at: datetime
    #: who decided so, and in whose name
    actor: str
    on_behalf_of: str | None
    basis: str | None
    #: where it was decided
    from_element_id: str | None
    from_element_name: str | None
    from_user_task_id: UUID | None
    decision: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of a user task."""

    user_task_id: UUID
    #: as it was called when it was completed; before, as it is called now
    element_id: str
    element_name: str
    role: str
    #: open | completed | cancelled
    state: str
    #: of the process definition in which it was completed, cancelled, or waits
    version: int
    #: who has it, while it is open
    assignee: str | None
    #: who completed it, in whose name, by which letter
    actor: str | None
    on_behalf_of: str | None
    basis: str | None
    opened_at: datetime
    claimed_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    #: whole seconds: until it was claimed, from then to its completion, and both together
    waiting_seconds: int | None
    working_seconds: int | None
    total_seconds: int | None
    #: an ISO 8601 duration
    standard_time: str | None
    #: None where nothing was told of it
    late: bool | None
    decision: str | None
    note: str | None
    approval: Approval | None
    #: how the work came back to the element; None where it was not sent back
    returned: Return | None
    #: the round whose values these are compared with
    compared_with_round: int | None
    #: None where there is nothing to compare, or to compare with
    changes: Sequence[FieldChange] | None


#: what says which element a user task is, and who has it
_NAMING = ("user_task_opened", "user_task_moved", "user_task_completed")
_HANDING_OVER = ("user_task_claimed", "user_task_assigned", "user_task_released")


@dataclass(slots=True)
class Told:
    """What the events tell of one pass."""

    user_task_id: UUID
    opening: RoundEvent
    #: what last said which element it is, and in which version
    naming: RoundEvent
    #: that a decision sent the work back, which opened it
    returned: RoundEvent | None = None
    #: how the one who has it, or completed it, came by it; None where nobody had claimed it
    claim: RoundEvent | None = None
    completion: RoundEvent | None = None
    cancellation: RoundEvent | None = None

    def hear(self, event: RoundEvent) -> None:
        """What happened next."""
        if event.type in _NAMING:
            self.naming = event
        if event.type in _HANDING_OVER:
            self.claim = None if event.type == "user_task_released" else event
        elif event.type == "user_task_completed":
            self.completion = event
        elif event.type == "user_task_cancelled":
            self.cancellation = event


def told_passes(events: Sequence[RoundEvent]) -> list[Told]:
    """The passes that these events tell of, in the order in which they opened."""
    told: dict[UUID, Told] = {}
    returned: dict[UUID, RoundEvent] = {}
    for event in events:
        if (task_id := event.user_task_id) is None:
            continue
        if event.type == "user_task_returned":
            returned[task_id] = event
        elif task_id in told:
            told[task_id].hear(event)
        else:
            told[task_id] = Told(task_id, opening=event, naming=event, returned=returned.get(task_id))
    return list(told.values())


def entered(completion: RoundEvent) -> Mapping[str, Any] | None:
    """What was entered; None where it was removed by law."""
    values: Mapping[str, Any] | None = completion.payload.get("variables")
    return values


def make(told: Told, element: UserTaskElement, before: RoundEvent | None) -> Pass:
    """One pass.

    Args: `element` in the version of its naming; `before` the completion to compare with.
    """
    completion, cancellation = told.completion, told.cancellation
    compared, changes = _compared(completion, before)
    return Pass(
        user_task_id=told.user_task_id,
        element_id=element.element_id,
        element_name=element.name,
        role=element.role,
        version=(completion or cancellation or told.naming).version,
        returned=None if told.returned is None else _return(told.returned),
        compared_with_round=compared,
        changes=changes,
        **_standing(told),
        **_times(told),
        **_said({} if completion is None else completion.payload, element),
    )


def _standing(told: Told) -> dict[str, Any]:
    """Whether it is done, who has it, and who did it."""
    completion, claim = told.completion, told.claim
    if completion is not None:
        performer = {name: getattr(completion, name) for name in ("actor", "on_behalf_of", "basis")}
        return {"state": COMPLETED, "assignee": None, **performer}
    is_open = told.cancellation is None
    assignee = claim.payload.get("assignee") if is_open and claim is not None else None
    nobody = {"actor": None, "on_behalf_of": None, "basis": None}
    return {"state": OPEN if is_open else CANCELLED, "assignee": assignee, **nobody}


def _times(told: Told) -> dict[str, Any]:
    opened_at = told.opening.occurred_at
    completed_at = None if told.completion is None else told.completion.occurred_at
    # Whoever completes what nobody has claimed takes it in that moment.
    claimed_at = completed_at if told.claim is None else told.claim.occurred_at
    return {
        "opened_at": opened_at,
        "claimed_at": claimed_at,
        "completed_at": completed_at,
        "cancelled_at": None if told.cancellation is None else told.cancellation.occurred_at,
        "waiting_seconds": _seconds(opened_at, claimed_at),
        "working_seconds": _seconds(claimed_at, completed_at),
        "total_seconds": _seconds(opened_at, completed_at),
    }


def _said(payload: Mapping[str, Any], element: UserTaskElement) -> dict[str, Any]:
    """What the payload of a completion says; events of before this was told say nothing of standard times."""
    timing, variables = payload.get("timing", {}), payload.get("variables", {})
    return {
        "standard_time": timing.get("standard_time", element.quality.waktu),
        "late": timing.get("late"),
        "decision": _text(variables.get(DECISION_FIELD)),
        "note": _text(variables.get(NOTE_FIELD)) or payload.get("comment"),
        "approval": _approval(payload.get("approval")),
    }


def _compared(
    completion: RoundEvent | None, before: RoundEvent | None
) -> tuple[int | None, Sequence[FieldChange] | None]:
    if completion is None or before is None:
        return None, None
    old, new = entered(before), entered(completion)
    if old is None or new is None:
        return None, None
    return before.round, changes_between(old, new)


def _approval(record: Mapping[str, Any] | None) -> Approval | None:
    if record is None:
        return None
    return Approval(record["kind"], record.get("name"), record.get("position"), record["content_sha256"])


def _return(event: RoundEvent) -> Return:
    told = event.payload
    task_id = told.get("from_user_task_id")
    return Return(
        returned_at=event.occurred_at,
        actor=event.actor,
        on_behalf_of=event.on_behalf_of,
        basis=event.basis,
        from_element_id=told.get("from_element_id"),
        from_element_name=told.get("from_element_name"),
        from_user_task_id=None if task_id is None else UUID(task_id),
        decision=_text(told.get("decision")),
        note=_text(told.get("note")),
    )


def _seconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else int((end - start).total_seconds())


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
