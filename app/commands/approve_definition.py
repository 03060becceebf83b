"""Approve a proposed version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.errors import FourEyes, ProcessDefinitionNotProposed
from app.permissions import Actor, Operation
from app.storage import definition_status
from app.storage.process_definitions import APPROVED, PROPOSED, ProcessDefinition


def approve_definition(
    session: Session, definition_id: UUID, actor: Actor, reason: str | None, *, now: datetime
) -> ProcessDefinition:
    """Let a version be started, as a second person: whoever deployed it never approves it, whatever their roles.

    Raises:
        ProcessDefinitionNotFound, Unauthenticated, Forbidden, FourEyes, ProcessDefinitionNotProposed
    """
    locked = definition_status.lock(session, definition_id, actor, Operation.REVIEW_DEFINITION, now=now)
    version, reviewer = locked.version, locked.actor.username
    definition_status.require(session, version, PROPOSED, ProcessDefinitionNotProposed)
    if reviewer == version.deployed_by:
        raise FourEyes(f"{version.title} was deployed by {reviewer}: somebody else must approve it.")
    approved = definition_status.change(
        session, version, APPROVED, reviewed_by=reviewer, reviewed_at=now, review_reason=reason
    )
    definition_status.tell(session, locked, "approved", reason, now=now)
    return approved
