"""Reject a proposed version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import ProcessDefinitionNotProposed
from app.permissions import Actor, Operation
from app.storage import definition_status
from app.storage.process_definitions import PROPOSED, REJECTED, ProcessDefinition


def reject_definition(
    session: Session, definition_id: UUID, actor: Actor, reason: str, *, now: datetime
) -> ProcessDefinition:
    """Settle that a version will never be started. Whoever deployed it may do so too: they withdraw it.

    Raises:
        ProcessDefinitionNotFound, Unauthenticated, Forbidden, ProcessDefinitionNotProposed
    """
    locked = definition_status.lock(session, definition_id, actor, Operation.REVIEW_DEFINITION, now=now)
    version, reviewer = locked.version, locked.actor.username
    definition_status.require(session, version, PROPOSED, ProcessDefinitionNotProposed)
    rejected = definition_status.change(
        session, version, REJECTED, reviewed_by=reviewer, reviewed_at=now, review_reason=reason
    )
    definition_status.tell(session, locked, "rejected", reason, now=now)
    return rejected
