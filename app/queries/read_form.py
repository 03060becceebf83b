"""What a user task asks for, and what is known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import access, events, process_definitions, process_instances, user_tasks


@dataclass(frozen=True, slots=True)
class ShownForm:
    """A form as a person sees it."""

    #: JSON Schema 2020-12
    schema: dict[str, Any]
    values: Mapping[str, Any]
    #: changes with the user task, and with whatever happens in its instance
    revision: str


def read_form(session: Session, task_id: UUID, actor: Actor) -> ShownForm:
    """The form of a user task with its values: the draft; else those of the element's last round; else the process
    variables of the same names. A completed task shows what was submitted.

    Raises:
        UserTaskNotFound
    """
    task = access.read_task(session, task_id, actor)
    instance = process_instances.get(session, task.process_instance_id)
    form = process_definitions.parsed(session, instance).user_tasks[task.element_id].form
    revision = access.form_revision(task, instance)
    if task.draft is not None:
        return ShownForm(form.schema, task.draft, revision)
    submitted = events.last(
        session,
        instance.id,
        "user_task_completed",
        element_id=task.element_id,
        user_task_id=task.id if task.state == user_tasks.COMPLETED else None,
    )
    known = instance.variables if submitted is None else submitted.payload["variables"]
    values = {name: value for name, value in known.items() if name in form.property_names}
    return ShownForm(form.schema, values, revision)
