"""Resume a suspended process instance."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import ProcessInstanceNotSuspended
from app.permissions import Actor, Operation
from app.storage import access, process_instances
from app.storage.access import IfMatch
from app.storage.process_instances import ACTIVE, SUSPENDED, ProcessInstance


def resume_process_instance(
    session: Session, instance_id: UUID, actor: Actor, reason: str | None, *, if_match: IfMatch, now: datetime
) -> ProcessInstance:
    """Let a suspended instance go on where it stood.

    Raises:
        ProcessInstanceNotFound, Forbidden, Stale, ProcessInstanceNotSuspended
    """
    locked = access.lock_instance(session, instance_id, actor, Operation.RESUME, if_match=if_match, now=now)
    instance, now = locked.instance, locked.now
    if instance.status != SUSPENDED:
        raise ProcessInstanceNotSuspended(f"The process instance is {access.how_it_came(session, instance)}.")
    event = process_instances.status_event("process_instance_resumed", instance, ACTIVE, reason)
    return process_instances.record(session, instance, [event], performer=locked.performer, now=now, status=ACTIVE)
