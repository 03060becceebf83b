"""Retire an approved version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import ProcessDefinitionNotApproved
from app.permissions import Actor, Operation
from app.storage import definition_status
from app.storage.process_definitions import APPROVED, RETIRED, ProcessDefinition


def retire_definition(
    session: Session, definition_id: UUID, actor: Actor, reason: str | None, *, now: datetime
) -> ProcessDefinition:
    """Let no new instance run on a version; those that do go on.

    Raises:
        ProcessDefinitionNotFound, Unauthenticated, Forbidden, ProcessDefinitionNotApproved
    """
    locked = definition_status.lock(session, definition_id, actor, Operation.RETIRE_DEFINITION, now=now)
    definition_status.require(session, locked.version, APPROVED, ProcessDefinitionNotApproved)
    retired = definition_status.change(session, locked.version, RETIRED)
    definition_status.tell(session, locked, "retired", reason, now=now)
    return retired
