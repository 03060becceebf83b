"""The rounds of an instance, read from its events: what belongs to the n-th pass of each element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.storage import tables
from app.storage.element_history import Term

_event = tables.event.c
#: what a pass is told by
_TELLING = (
    "gateway_decided",
    "user_task_returned",
    "user_task_opened",
    "user_task_claimed",
    "user_task_assigned",
    "user_task_released",
    "user_task_moved",
    "user_task_completed",
    "user_task_cancelled",
)
#: in the order of the fields of `RoundEvent`
_COLUMNS = (
    *(_event.sequence, _event.occurred_at, _event.type, _event.element_id, _event.element_name, _event.round),
    *(_event.user_task_id, _event.actor, _event.on_behalf_of, _event.basis),
    *(_event.process_definition_id, _event.version, _event.payload),
)


@dataclass(frozen=True, slots=True)
class RoundEvent:
    """An event that happened to one element, in one of its rounds."""

    sequence: int
    occurred_at: datetime
    type: str
    element_id: str
    element_name: str | None
    round: int
    user_task_id: UUID | None
    actor: str
    on_behalf_of: str | None
    basis: str | None
    process_definition_id: UUID
    version: int
    payload: dict[str, Any]


def _within(terms: Sequence[Term]) -> ColumnElement[bool]:
    return or_(
        *(
            and_(_event.element_id == term.element_id, _event.sequence.between(term.begins_after, term.ends_before))
            for term in terms
        )
    )


def events_of(session: Session, instance_id: UUID, lowest: int, highest: int) -> list[RoundEvent]:
    """What happened in these rounds, in order, and the completions of the one before them."""
    query = (
        select(*_COLUMNS)
        .where(
            _event.process_instance_id == instance_id,
            or_(
                and_(_event.round.between(lowest, highest), _event.type.in_(_TELLING)),
                and_(_event.round == lowest - 1, _event.type == "user_task_completed"),
            ),
        )
        .order_by(_event.sequence)
    )
    rows: Any = session.execute(query)
    return [RoundEvent(*row) for row in rows]


def last_completion(
    session: Session, instance_id: UUID, terms: Sequence[Term], *, before: RoundEvent
) -> RoundEvent | None:
    """The newest completion of an element before this one, in an earlier round."""
    query = (
        select(*_COLUMNS)
        .where(
            _event.process_instance_id == instance_id,
            _event.type == "user_task_completed",
            _event.sequence < before.sequence,
            _event.round < before.round,
            _within(terms),
        )
        .order_by(_event.sequence.desc())
        .limit(1)
    )
    row: Any = session.execute(query).one_or_none()
    return None if row is None else RoundEvent(*row)
