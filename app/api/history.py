"""History: what happened in an instance, in order."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response
from sqlalchemy.orm import Session

from app.api import present, problems, schemas
from app.api.dependencies import PageOf, Read, shown
from app.api.event_filters import EventFilterOfOne
from app.api.route import asks, authenticated_router
from app.permissions import Operation
from app.storage import access, events

router = authenticated_router("/history", "history")


@router.get(
    "/process-instances/{instance_id}/events",
    responses=problems.declared(404),
    response_model=schemas.ListOf[schemas.Event],
    openapi_extra=asks(Operation.READ_HISTORY),
)
def list_events(instance_id: UUID, reading: Read, page: PageOf, wanted: EventFilterOfOne) -> Response:
    """The events of one instance, oldest first."""

    def question(session: Session) -> schemas.ListOf[schemas.Event]:
        instance = access.read_instance(session, instance_id, reading.actor, Operation.READ_HISTORY)
        found = events.list_of_instance(session, instance.id, page, wanted)
        items = [present.event(record) for record in found.items]
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    body = reading.ask(question)
    reading.record(instance_id)
    return shown(body)
