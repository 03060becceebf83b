"""Take back that a version was retired."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import ProcessDefinitionNotRetired
from app.permissions import Actor, Operation
from app.storage import definition_status
from app.storage.process_definitions import APPROVED, RETIRED, ProcessDefinition


def reinstate_definition(session: Session, definition_id: UUID, actor: Actor, *, now: datetime) -> ProcessDefinition:
    """Let a retired version be started again; it was approved before.

    Raises:
        ProcessDefinitionNotFound, Unauthenticated, Forbidden, ProcessDefinitionNotRetired
    """
    locked = definition_status.lock(session, definition_id, actor, Operation.RETIRE_DEFINITION, now=now)
    definition_status.require(session, locked.version, RETIRED, ProcessDefinitionNotRetired)
    reinstated = definition_status.change(session, locked.version, APPROVED)
    definition_status.tell(session, locked, "reinstated", None, now=now)
    return reinstated
