"""Cancel a process instance."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor, Operation
from app.storage import access, events, process_instances, user_tasks
from app.storage.access import IfMatch
from app.storage.process_instances import CANCELLED, SUSPENDED, ProcessInstance


def cancel_process_instance(
    session: Session, instance_id: UUID, actor: Actor, reason: str, *, if_match: IfMatch, now: datetime
) -> ProcessInstance:
    """End an active or suspended instance for good and close its open user tasks.

    Raises:
        ProcessInstanceNotFound, Forbidden, Stale, ProcessInstanceNotActive
    """
    locked = access.lock_instance(session, instance_id, actor, Operation.CANCEL, if_match=if_match, now=now)
    instance, now = locked.instance, locked.now
    if instance.status != SUSPENDED:
        access.require_active(session, instance)
    cancelled = user_tasks.cancel_open(session, user_tasks.open_of(session, instance_id), now)
    story = [events.task_event("user_task_cancelled", task, reason=reason) for task in cancelled]
    story.append(process_instances.status_event("process_instance_cancelled", instance, CANCELLED, reason))
    return process_instances.record(session, instance, story, performer=locked.performer, now=now, status=CANCELLED)
