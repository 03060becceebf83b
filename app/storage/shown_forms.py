"""What a person sees when they open a user task: the form's values before anything is entered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.engine.forms import Form
from app.storage import element_history, events
from app.storage.events import Event
from app.storage.process_instances import ProcessInstance
from app.storage.user_tasks import COMPLETED, UserTask


def values_shown(session: Session, instance: ProcessInstance, task: UserTask, form: Form) -> dict[str, Any]:
    """The draft; else what was entered in the element's last round; else the process variables of the same names.

    What is shown for reading only is always as the process variables are now. A completed task shows what was
    entered: what could be read at that time is in the history.
    """
    entered = _entered(session, instance, task)
    values = instance.variables if entered is None else entered
    shown = {name: value for name, value in values.items() if name in form.property_names - form.read_only}
    return shown if task.state == COMPLETED else shown | read_only(instance, form)


def read_only(instance: ProcessInstance, form: Form) -> dict[str, Any]:
    """What an open user task shows for reading only."""
    return {name: value for name, value in instance.variables.items() if name in form.read_only}


def _entered(session: Session, instance: ProcessInstance, task: UserTask) -> Mapping[str, Any] | None:
    if task.draft is not None:
        return task.draft
    submitted = _submission(session, task)
    return None if submitted is None else submitted.payload["variables"]


def _submission(session: Session, task: UserTask) -> Event | None:
    """The completion of the task; where it is not completed, that of the element's last round."""
    of_instance = partial(events.last, session, task.process_instance_id, "user_task_completed")
    if task.state == COMPLETED:
        return of_instance(user_task_id=task.id)
    terms = element_history.terms_of(session, task.process_instance_id, task.element_id)
    return next((found for term in terms if (found := of_instance(term=term)) is not None), None)
