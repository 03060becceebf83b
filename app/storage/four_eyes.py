"""Four eyes: whoever performed the elements that a user task names in `pisah_tugas` may not perform that task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.engine.user_task_elements import UserTaskElement
from app.errors import FourEyes
from app.storage import element_history, tables

_event = tables.event.c
_of_instance = _event.process_instance_id == bindparam("instance_id")
# Read from the end of the history: no round of review makes the next one slower.
_COMPLETIONS = (
    select(_event.user_task_id, _event.element_name, _event.round, _event.actor, _event.on_behalf_of)
    .where(
        _of_instance,
        _event.type == "user_task_completed",
        _event.element_id == bindparam("element_id"),
        _event.sequence.between(bindparam("begins_after"), bindparam("ends_before")),
    )
    .order_by(_event.sequence.desc())
)
_LAST_COMPLETION = _COMPLETIONS.limit(1)
_OPENING = (
    select(_event.sequence)
    .where(_of_instance, _event.type == "user_task_opened", _event.user_task_id == bindparam("user_task_id"))
    .order_by(_event.sequence.desc())
    .limit(1)
)
_COMPLETIONS_SINCE = _COMPLETIONS.where(_event.sequence >= bindparam("opened"))


def require(session: Session, instance_id: UUID, element: UserTaskElement, usernames: Iterable[str]) -> None:
    """Refuse people of whom one performed a separated element in its latest round, in their own name or another's,
    or in whose name it was performed.

    Raises:
        FourEyes: with the rule, the element and the round.
    """
    for separated in element.separated_from:
        for performed in _latest_round(session, instance_id, separated):
            for username in sorted({performed.actor, performed.on_behalf_of} & set(usernames)):
                raise FourEyes(
                    f'{username} performed "{performed.element_name}" ({separated}) in round {performed.round}, and '
                    f"the property pisah_tugas of {element.element_id} keeps whoever did from performing this one."
                )


def _latest_round(session: Session, instance_id: UUID, element_id: str) -> Sequence[Any]:
    """The element's last completion, with those that came while its task was open: where two branches lead to one
    element, neither of two who perform it side by side is the earlier.
    """
    terms = [
        asdict(term) | {"instance_id": instance_id}
        for term in element_history.terms_of(session, instance_id, element_id)
    ]
    for term in terms:
        last = session.execute(_LAST_COMPLETION, term).one_or_none()
        if last is not None:
            opened = session.scalar(_OPENING, {"instance_id": instance_id, "user_task_id": last.user_task_id})
            since = ((_COMPLETIONS_SINCE, earlier | {"opened": opened}) for earlier in terms)
            return [completion for query, wanted in since for completion in session.execute(query, wanted)]
    return []
