"""Four eyes: whoever performed the elements that a user task names in `pisah_tugas` may not perform that task."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.engine.user_task_elements import UserTaskElement
from app.errors import FourEyes
from app.storage import tables
from app.storage.user_tasks import COMPLETED

_task = tables.user_task.c
_of_instance = (_task.process_instance_id == bindparam("instance_id")) & (_task.state == COMPLETED)
_LATEST = (
    select(_task.element_id, func.max(_task.round).label("round"))
    .where(_of_instance, _task.element_id.in_(bindparam("elements", expanding=True)))
    .group_by(_task.element_id)
    .subquery()
)
_PERFORMED = (
    select(_task.element_id, _task.name, _task.round, _task.completed_by, _task.on_behalf_of)
    .join(_LATEST, (_task.element_id == _LATEST.c.element_id) & (_task.round == _LATEST.c.round))
    .where(_of_instance)
)


def require(session: Session, instance_id: UUID, element: UserTaskElement, usernames: Iterable[str]) -> None:
    """Refuse people of whom one performed a separated element in its latest round, in their own name or another's,
    or in whose name it was performed.

    Raises:
        FourEyes: with the rule, the element and the round.
    """
    if not element.separated_from:
        return
    wanted = {"instance_id": instance_id, "elements": element.separated_from}
    for row in session.execute(_PERFORMED, wanted):
        for username in sorted({row.completed_by, row.on_behalf_of} & set(usernames)):
            raise FourEyes(
                f'{username} performed "{row.name}" ({row.element_id}) in round {row.round}, and the property '
                f"pisah_tugas of {element.element_id} keeps whoever did from performing this one."
            )
