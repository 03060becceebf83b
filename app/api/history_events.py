"""History across instances: their events, and those of the streams that belong to no instance."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import present, problems, schemas
from app.api.dependencies import Moment, PageOf, Read, shown
from app.api.event_filters import EventFilterOf
from app.api.filter_parameters import Username, read_types
from app.api.history_schemas import Entry
from app.api.route import asks, authenticated_router
from app.permissions import Operation
from app.storage import event_pages, stream_search
from app.storage.event_types import OF_ACCESS, OF_ADMINISTRATION
from app.storage.stream_search import EntryFilter
from app.storage.streams import StreamName

router = authenticated_router("/history", "history")

_TYPES = {"administration": OF_ADMINISTRATION, "access": OF_ACCESS}


@router.get(
    "/events",
    responses=problems.declared(),
    response_model=schemas.ListOf[schemas.Event],
    openapi_extra=asks(Operation.READ_HISTORY),
)
def list_events_of_all(reading: Read, page: PageOf, wanted: EventFilterOf) -> Response:
    """The events of all instances that the caller may know of, newest first.

    `sort` takes `occurred_at`, `duration_seconds` and `round`. Sorted by `duration_seconds`, only events are listed
    that have one; by `round`, only those of second and later rounds.
    """
    actor = reading.actor

    def question(session: Session) -> schemas.ListOf[schemas.Event]:
        visible_to = None if permissions.is_allowed(Operation.READ_HISTORY, actor) else actor
        found = event_pages.search(session, page, wanted, visible_to)
        items = [present.event(record) for record in found.items]
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    body = reading.ask(question)
    reading.record(*(event.process_instance_id for event in body.items))
    return shown(body)


@router.get(
    "/streams/{stream}/events",
    responses=problems.declared(403),
    response_model=schemas.ListOf[Entry],
    openapi_extra=asks(Operation.READ_STREAM),
)
def list_stream_events(
    stream: StreamName,
    reading: Read,
    page: PageOf,
    type_: Annotated[
        list[str] | None,
        Query(alias="type", max_length=20, description="Type of event; repeatable: any of them.", examples=[None]),
    ] = None,
    actor: Username = None,
    subject: Annotated[
        str | None, Query(max_length=255, description="Exactly what it is about, such as a username.")
    ] = None,
    process_instance_id: UUID | None = None,
    occurred_after: Moment | None = None,
    occurred_before: Moment | None = None,
) -> Response:
    """What happened to people and versions (`administration`), or who read and was refused what (`access`).

    Oldest first; `sort` takes `sequence` and `-sequence`.
    """
    permissions.require(Operation.READ_STREAM, reading.actor)
    wanted = EntryFilter(
        types=read_types(type_ or [], _TYPES[stream]),
        actor=actor,
        subject=subject,
        process_instance_id=process_instance_id,
        occurred_after=occurred_after,
        occurred_before=occurred_before,
    )
    found = reading.ask(lambda session: stream_search.search(session, stream, page, wanted))
    items = [Entry.model_validate(entry) for entry in found.items]
    reading.record(*{entry.process_instance_id for entry in found.items if entry.process_instance_id})
    return shown(schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total))
