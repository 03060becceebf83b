"""Positions (jabatan)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import people_schemas, problems
from app.api.dependencies import Create, PageOf, Read, Replace, answer, etag, shown
from app.api.route import asks, authenticated_router
from app.api.schemas import ListOf
from app.commands.add_position import add_position as add
from app.commands.change_position import change_position as change
from app.permissions import Operation
from app.storage import positions
from app.storage.idempotency import Answer

router = authenticated_router("/positions", "people")


@router.get(
    "",
    responses=problems.declared(403),
    response_model=ListOf[people_schemas.Position],
    openapi_extra=asks(Operation.READ_POSITION),
)
def list_positions(
    reading: Read,
    page: PageOf,
    q: Annotated[str | None, Query(max_length=200, description="Part of the name.")] = None,
    unit: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The positions, by name."""
    permissions.require(Operation.READ_POSITION, reading.actor)
    found = reading.ask(lambda session: positions.search(session, page, q=q, unit=unit))
    reading.record()
    items = [people_schemas.Position.model_validate(position) for position in found.items]
    return shown(ListOf(items=items, next_cursor=found.next_cursor, total=found.total))


@router.post(
    "",
    status_code=201,
    responses=problems.declared(400, 403, 409, 413, 415),
    response_model=people_schemas.Position,
    openapi_extra=asks(Operation.CHANGE_POSITION),
)
def add_position(body: people_schemas.NewPosition, writing: Create) -> Response:
    """Add a position in a unit."""

    def command(session: Session) -> Answer:
        position = add(session, body.name, body.unit, writing.actor, now=writing.now)
        shown_as = people_schemas.Position.model_validate(position)
        return answer(201, shown_as, revision=position.revision, location=f"{writing.path}/{position.id}")

    return writing.run(command)


@router.get(
    "/{position_id}",
    responses=problems.declared(403, 404),
    response_model=people_schemas.Position,
    openapi_extra=asks(Operation.READ_POSITION),
)
def read_position(position_id: UUID, reading: Read) -> Response:
    """One position."""
    permissions.require(Operation.READ_POSITION, reading.actor)
    position = reading.ask(lambda session: positions.get(session, position_id))
    reading.record()
    return shown(people_schemas.Position.model_validate(position), {"ETag": etag(position.revision)})


@router.patch(
    "/{position_id}",
    responses=problems.declared(400, 403, 404, 409, 412, 413, 415),
    response_model=people_schemas.Position,
    openapi_extra=asks(Operation.CHANGE_POSITION),
)
def change_position(position_id: UUID, body: people_schemas.PositionPatch, writing: Replace) -> Response:
    """Change a position's name or unit; what was approved keeps the name that it had then."""
    changes = body.model_dump(exclude_unset=True)

    def command(session: Session) -> Answer:
        position = change(session, position_id, writing.actor, changes, if_match=writing.if_match, now=writing.now)
        return answer(200, people_schemas.Position.model_validate(position), revision=position.revision)

    return writing.run(command)
