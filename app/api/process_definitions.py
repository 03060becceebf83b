"""Process definitions: the versions that were deployed, and their files."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import problems, schemas
from app.api.dependencies import Create, PageOf, Read, Unrepeatable, answer, shown
from app.api.route import asks, authenticated_router
from app.commands.approve_definition import approve_definition
from app.commands.delete_definition import delete_definition
from app.commands.reinstate_definition import reinstate_definition
from app.commands.reject_definition import reject_definition
from app.commands.retire_definition import retire_definition
from app.permissions import Operation
from app.storage import definition_history, process_definitions
from app.storage.idempotency import Answer
from app.storage.process_definitions import ProcessDefinition

router = authenticated_router("/process-definitions", "process definitions")


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
    status: schemas.DefinitionStatus | None = None,
    latest: Annotated[bool, Query(description="Only the newest version of each key, whatever its status.")] = False,
) -> Response:
    """The deployed versions, by key and then newest first."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)

    def question(session: Session) -> schemas.ListOf[schemas.ProcessDefinition]:
        found = process_definitions.search(session, page, key=key, status=status, only_latest=latest)
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


@router.get(
    "/{definition_id}/history",
    responses=problems.declared(404),
    response_model=schemas.ListOf[schemas.DefinitionEvent],
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def list_definition_events(definition_id: UUID, reading: Read, page: PageOf) -> Response:
    """Who proposed, approved, rejected, retired or deleted a version, when and why, oldest first."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)

    def question(session: Session) -> schemas.ListOf[schemas.DefinitionEvent]:
        found = definition_history.search(session, definition_id, page)
        if not found.items:
            process_definitions.get(session, definition_id)
        items = [schemas.DefinitionEvent.model_validate(item) for item in found.items]
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    body = reading.ask(question)
    reading.record()
    return shown(body)


@router.post(
    "/{definition_id}/approval",
    responses=problems.declared(403, 404, 409, 413, 415),
    response_model=schemas.ProcessDefinition,
    openapi_extra=asks(Operation.REVIEW_DEFINITION),
)
def approve_process_definition(
    definition_id: UUID, writing: Create, body: schemas.ReasonRequest | None = None
) -> Response:
    """Let a proposed version be started; by somebody else than who deployed it."""
    reason = None if body is None else body.reason

    def command(session: Session) -> Answer:
        return _answer_with(approve_definition(session, definition_id, writing.actor, reason, now=writing.now))

    return writing.run(command)


@router.post(
    "/{definition_id}/rejection",
    responses=problems.declared(403, 404, 409, 413, 415),
    response_model=schemas.ProcessDefinition,
    openapi_extra=asks(Operation.REVIEW_DEFINITION),
)
def reject_process_definition(definition_id: UUID, writing: Create, body: schemas.RejectionRequest) -> Response:
    """Settle that a proposed version will never be started; whoever deployed it may withdraw it so."""

    def command(session: Session) -> Answer:
        return _answer_with(reject_definition(session, definition_id, writing.actor, body.reason, now=writing.now))

    return writing.run(command)


@router.post(
    "/{definition_id}/retirement",
    responses=problems.declared(403, 404, 409, 413, 415),
    response_model=schemas.ProcessDefinition,
    openapi_extra=asks(Operation.RETIRE_DEFINITION),
)
def retire_process_definition(
    definition_id: UUID, writing: Create, body: schemas.ReasonRequest | None = None
) -> Response:
    """Let no new instance run on an approved version; those that run on it go on."""
    reason = None if body is None else body.reason

    def command(session: Session) -> Answer:
        return _answer_with(retire_definition(session, definition_id, writing.actor, reason, now=writing.now))

    return writing.run(command)


@router.delete(
    "/{definition_id}/retirement",
    responses=problems.declared(403, 404, 409),
    response_model=schemas.ProcessDefinition,
    openapi_extra=asks(Operation.RETIRE_DEFINITION),
)
def reinstate_process_definition(definition_id: UUID, writing: Unrepeatable) -> Response:
    """Let a retired version be started again."""

    def command(session: Session) -> Answer:
        return _answer_with(reinstate_definition(session, definition_id, writing.actor, now=writing.now))

    return writing.run(command)


@router.delete(
    "/{definition_id}",
    responses=problems.declared(403, 404, 409),
    response_model=schemas.ProcessDefinition,
    openapi_extra=asks(Operation.DELETE_DEFINITION),
)
def delete_process_definition(definition_id: UUID, writing: Unrepeatable) -> Response:
    """Delete a version on which no instance ever ran; gives it as it was. Its number is never given again."""

    def command(session: Session) -> Answer:
        return _answer_with(delete_definition(session, definition_id, writing.actor, now=writing.now))

    return writing.run(command)


def _answer_with(version: ProcessDefinition) -> Answer:
    return answer(200, schemas.ProcessDefinition.model_validate(version))


def _download(content: bytes, media_type: str) -> Response:
    # A file that a designer wrote is shown as data, never as a page of this site.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type=media_type)
