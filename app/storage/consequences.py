"""What followed from a command, as events: the path taken, the tasks that opened and closed, the end if it came."""

from __future__ import annotations

from collections.abc import Sequence

from app.engine.definitions import Definition
from app.engine.step import Step
from app.storage.event_figures import DECISION_FIELD, NOTE_FIELD
from app.storage.events import NewEvent, task_event
from app.storage.user_tasks import Replaced, UserTask

#: types of the events that end an instance
ENDINGS = frozenset({"process_instance_completed", "process_instance_cancelled", "process_instance_failed"})


def consequences(step: Step, tasks: Replaced, returned: Sequence[NewEvent] = ()) -> list[NewEvent]:
    """What followed from the cause, in reading order. Args: `returned` what the step sent back, as `returned` tells."""
    ran = [NewEvent(e.type, e.payload, e.element_id, e.element_name, e.round) for e in step.events]
    return [
        *(event for event in ran if event.type not in ENDINGS),
        *(event for before, after in tasks.renewed for event in _renewal(before, after)),
        *(task_event("user_task_cancelled", task) for task in tasks.cancelled),
        *returned,
        *(task_event("user_task_opened", task, candidates=task.candidates) for task in tasks.opened),
        *(event for event in ran if event.type in ENDINGS),
    ]


def returned(definition: Definition, step: Step, tasks: Replaced, cause: NewEvent) -> list[NewEvent]:
    """That somebody's decision sends the work back: to an element that was reached before, and comes no later in the
    diagram than the one decided at."""
    if not any(event.type == "gateway_decided" for event in step.events):
        return []
    entered = cause.payload.get("variables", {})
    told = {
        "from_element_id": cause.element_id,
        "from_element_name": cause.element_name,
        "from_user_task_id": str(cause.user_task_id),
        "decision": entered.get(DECISION_FIELD),
        "note": entered.get(NOTE_FIELD, cause.payload.get("comment")),
    }
    again = (task for task in tasks.opened if task.round > 1)
    back = (task for task in again if definition.leads_back(cause.element_id or "", task.element_id))
    return [task_event("user_task_returned", task, **told) for task in back]


def _renewal(before: UserTask, after: UserTask) -> list[NewEvent]:
    """What a change of `lane_owners` did to a task that stays open."""
    changed = [task_event("user_task_candidates_changed", after, old=before.candidates, new=after.candidates)]
    if before.assignee is not None and after.assignee is None:
        changed.append(task_event("user_task_released", after, former_assignee=before.assignee))
    return changed
