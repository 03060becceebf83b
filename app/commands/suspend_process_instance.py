"""Suspend a process instance."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.permissions import Actor, Operation
from app.storage import access, process_instances
from app.storage.access import IfMatch
from app.storage.process_instances import SUSPENDED, ProcessInstance


def suspend_process_instance(
    session: Session, instance_id: UUID, actor: Actor, reason: str | None, *, if_match: IfMatch, now: datetime
) -> ProcessInstance:
    """Stop every command on an active instance, except resumption and cancellation.

    Raises:
        ProcessInstanceNotFound, Forbidden, Stale, ProcessInstanceNotActive
    """
    locked = access.lock_instance(session, instance_id, actor, Operation.SUSPEND, if_match=if_match, now=now)
    instance, now = locked.instance, locked.now
    access.require_active(session, instance)
    event = process_instances.status_event("process_instance_suspended", instance, SUSPENDED, reason)
    return process_instances.record(session, instance, [event], performer=locked.performer, now=now, status=SUSPENDED)
