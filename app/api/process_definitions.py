"""Process definitions: the versions that were deployed, and their files."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import problems, schemas
from app.api.dependencies import PageOf, Read, bearer, shown
from app.api.route import AuthenticatedRoute, asks
from app.permissions import Operation
from app.storage import process_definitions

router = APIRouter(
    prefix="/process-definitions", tags=["process definitions"], route_class=AuthenticatedRoute, dependencies=[bearer]
)


@router.get(
    "",
    responses=problems.declared(),
    response_model=schemas.ListOf[schemas.ProcessDefinition],
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def list_process_definitions(
    reading: Read,
    page: PageOf,
    key: Annotated[str | None, Query(max_length=255)] = None,
    latest: Annotated[bool, Query(description="Only the newest version of each key.")] = False,
) -> Response:
    """The deployed versions, by key and then newest first."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)

    def question(session: Session) -> schemas.ListOf[schemas.ProcessDefinition]:
        found = process_definitions.search(session, page, key=key, only_latest=latest)
        items = [schemas.ProcessDefinition.model_validate(item) for item in found.items]
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    return shown(reading.ask(question))


@router.get(
    "/{definition_id}",
    responses=problems.declared(404),
    response_model=schemas.ProcessDefinition,
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def read_process_definition(definition_id: UUID, reading: Read) -> Response:
    """One version."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)
    found = reading.ask(lambda session: process_definitions.get(session, definition_id))
    return shown(schemas.ProcessDefinition.model_validate(found))


@router.get(
    "/{definition_id}/xml",
    responses={**problems.declared(404), 200: {"content": {"application/xml": {}}, "description": "The diagram."}},
    response_class=Response,
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def read_xml(definition_id: UUID, reading: Read) -> Response:
    """The diagram, byte for byte as it was uploaded."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)
    return _download(reading.ask(lambda session: process_definitions.xml_of(session, definition_id)), "application/xml")


@router.get(
    "/{definition_id}/forms/{name}",
    responses={**problems.declared(404), 200: {"content": {"application/json": {}}, "description": "The form."}},
    response_class=Response,
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def read_form_file(definition_id: UUID, name: str, reading: Read) -> Response:
    """A form, byte for byte as it was uploaded."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)
    content = reading.ask(lambda session: process_definitions.form_of(session, definition_id, name))
    return _download(content, "application/json")


def _download(content: bytes, media_type: str) -> Response:
    # A file that a designer wrote is shown as data, never as a page of this site.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type=media_type)
