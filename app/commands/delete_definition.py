"""Delete a version on which nothing ever ran."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import ProcessDefinitionInUse
from app.permissions import Actor, Operation
from app.storage import definition_status
from app.storage.process_definitions import ProcessDefinition


def delete_definition(session: Session, definition_id: UUID, actor: Actor, *, now: datetime) -> ProcessDefinition:
    """Delete a version with its forms; gives it as it was. That it was there stays in the stream of administration.

    Raises:
        ProcessDefinitionNotFound, Unauthenticated, Forbidden
        ProcessDefinitionInUse: an instance runs or ran on it, also one that has migrated to another version.
    """
    locked = definition_status.lock(session, definition_id, actor, Operation.DELETE_DEFINITION, now=now)
    count = definition_status.count_instances(session, locked.version)
    if count:
        raise ProcessDefinitionInUse(f"{locked.version.title} stays: {count} process instance(s) run or ran on it.")
    definition_status.remove(session, locked.version)
    definition_status.tell(session, locked, "deleted", None, now=now)
    return locked.version
