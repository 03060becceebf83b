"""Four eyes: whoever performed the elements that a user task names in `pisah_tugas` may not perform that task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.engine.user_task_elements import UserTaskElement
from app.errors import FourEyes
from app.storage import tables

_event = tables.event.c
_STORY = (
    select(
        _event.type,
        _event.sequence,
        _event.user_task_id,
        _event.element_id,
        _event.element_name,
        _event.round,
        _event.actor,
        _event.on_behalf_of,
    )
    .where(
        _event.process_instance_id == bindparam("instance_id"),
        _event.element_id.in_(bindparam("elements", expanding=True)),
        _event.type.in_(["user_task_opened", "user_task_completed"]),
    )
    .order_by(_event.sequence)
)


@dataclass(frozen=True, slots=True)
class _Performance:
    """That a separated element was performed once."""

    element_id: str
    element_name: str
    round: int
    performers: frozenset[str | None]
    #: places in the instance's history
    opened: int
    completed: int


def require(session: Session, instance_id: UUID, element: UserTaskElement, usernames: Iterable[str]) -> None:
    """Refuse people of whom one performed a separated element in its latest round, in their own name or another's,
    or in whose name it was performed.

    Raises:
        FourEyes: with the rule, the element and the round.
    """
    if not element.separated_from:
        return
    for performed in _latest(_performances(session, instance_id, element.separated_from)):
        for username in sorted(performed.performers & set(usernames), key=str):
            raise FourEyes(
                f'{username} performed "{performed.element_name}" ({performed.element_id}) in round '
                f"{performed.round}, and the property pisah_tugas of {element.element_id} keeps whoever did from "
                "performing this one."
            )


def _performances(session: Session, instance_id: UUID, elements: Iterable[str]) -> Iterator[_Performance]:
    opened: dict[UUID, int] = {}
    for row in session.execute(_STORY, {"instance_id": instance_id, "elements": list(elements)}):
        if row.type == "user_task_opened":
            opened[row.user_task_id] = row.sequence
        else:
            yield _Performance(
                element_id=row.element_id,
                element_name=row.element_name,
                round=row.round,
                performers=frozenset({row.actor, row.on_behalf_of} - {None}),
                opened=opened[row.user_task_id],
                completed=row.sequence,
            )


def _latest(performances: Iterable[_Performance]) -> Iterator[_Performance]:
    """The latest round of each element, with those that were still open when it began: where two branches lead to one
    element, neither of two who perform it side by side is the earlier.
    """
    by_element: defaultdict[str, list[_Performance]] = defaultdict(list)
    for performed in performances:
        by_element[performed.element_id].append(performed)
    for rounds in by_element.values():
        latest = max(rounds, key=lambda performed: performed.round)
        yield from (performed for performed in rounds if performed.completed >= latest.opened)
