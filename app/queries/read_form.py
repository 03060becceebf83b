"""What a user task asks for, and what is known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import access, process_definitions, process_instances, shown_forms


@dataclass(frozen=True, slots=True)
class ShownForm:
    """A form as a person sees it."""

    process_instance_id: UUID
    #: JSON Schema 2020-12
    schema: dict[str, Any]
    values: Mapping[str, Any]
    #: paraf or tanda_tangan, where completing the task approves it
    approval: str | None
    #: changes with the user task, and with whatever happens in its instance
    revision: str


def read_form(session: Session, task_id: UUID, actor: Actor) -> ShownForm:
    """The form of a user task with its values.

    Raises:
        UserTaskNotFound
    """
    task = access.read_task(session, task_id, actor)
    instance = process_instances.get(session, task.process_instance_id)
    finished_in = task.process_definition_id
    version = instance if finished_in is None else process_definitions.get(session, finished_in)
    element = process_definitions.parsed(session, version).user_tasks[task.element_id]
    return ShownForm(
        process_instance_id=instance.id,
        schema=element.form.schema,
        values=shown_forms.values_shown(session, instance, task, element.form),
        approval=element.approval,
        revision=access.form_revision(task, instance),
    )
