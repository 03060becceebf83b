"""Process instances: start, find, read, cancel, suspend, resume, migrate."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response
from sqlalchemy.orm import Session

from app.api import present, problems, schemas
from app.api.dependencies import Command, Create, PageOf, Read, answer, etag, shown
from app.api.instance_filters import InstanceFilterOf
from app.api.route import asks, authenticated_router
from app.commands.cancel_process_instance import cancel_process_instance as cancel
from app.commands.migrate_process_instance import migrate_process_instance as migrate
from app.commands.resume_process_instance import resume_process_instance as resume
from app.commands.start_process_instance import start_process_instance as start
from app.commands.suspend_process_instance import suspend_process_instance as suspend
from app.errors import BodyRefused, FieldError
from app.permissions import Operation
from app.queries.preview_migration import preview_migration
from app.storage import access, process_definitions, process_instance_search, user_tasks
from app.storage.idempotency import Answer
from app.storage.process_instances import ProcessInstance

router = authenticated_router("/process-instances", "process instances")


@router.post(
    "",
    status_code=201,
    responses=problems.declared(400, 403, 404, 409, 413, 415),
    response_model=schemas.ProcessInstance,
    openapi_extra=asks(Operation.START),
)
def start_process_instance(body: schemas.StartRequest, writing: Create) -> Response:
    """Start a process and run it to its first rest."""
    process_definition = _named(body)

    def command(session: Session) -> Answer:
        started = start(
            session,
            process_definition,
            writing.actor,
            business_key=body.business_key,
            variables=body.variables,
            on_behalf_of=body.on_behalf_of,
            now=writing.now,
        )
        instance = started.process_instance
        definition = process_definitions.parsed(session, instance)
        shown_instance = present.process_instance(instance, started.open_user_tasks, definition)
        return answer(201, shown_instance, revision=instance.revision, location=f"{writing.path}/{instance.id}")

    return writing.run(command)


def _named(body: schemas.StartRequest) -> UUID | str:
    named = [name for name in (body.process_definition_id, body.process_definition_key) if name is not None]
    if len(named) != 1:
        reason = "Give either process_definition_key or process_definition_id."
        raise BodyRefused(errors=[FieldError("/process_definition_key", "exactly_one", reason)])
    return named[0]


@router.get(
    "",
    responses=problems.declared(),
    response_model=schemas.ListOf[schemas.ProcessInstance],
    openapi_extra=asks(Operation.READ_INSTANCE),
)
def list_process_instances(reading: Read, page: PageOf, wanted: InstanceFilterOf) -> Response:
    """The instances that the caller may know of, newest first.

    `sort` takes `started_at`, `ended_at`, `duration_seconds`, `highest_round`, `status`, `started_by`, `business_key`
    and `process_definition_key`. Sorted by `ended_at` or `duration_seconds`, only instances are listed that have
    ended; by `highest_round`, only those in which something was done again.
    """
    actor = reading.actor

    def question(session: Session) -> schemas.ListOf[schemas.ProcessInstance]:
        visible_to = None if access.sees_everything(actor) else actor
        found = process_instance_search.search(session, page, wanted, visible_to)
        tasks = user_tasks.open_of_instances(session, [instance.id for instance in found.items])
        items = [
            present.process_instance(instance, tasks[instance.id], process_definitions.parsed(session, instance))
            for instance in found.items
        ]
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    body = reading.ask(question)
    reading.record(*(instance.id for instance in body.items))
    return shown(body)


@router.get(
    "/{instance_id}",
    responses=problems.declared(404),
    response_model=schemas.ProcessInstance,
    openapi_extra=asks(Operation.READ_INSTANCE),
)
def read_process_instance(instance_id: UUID, reading: Read) -> Response:
    """One instance with its open user tasks."""

    def question(session: Session) -> tuple[schemas.ProcessInstance, int]:
        instance = access.read_instance(session, instance_id, reading.actor, Operation.READ_INSTANCE)
        return present.process_instance_now(session, instance), instance.revision

    body, revision = reading.ask(question)
    reading.record(instance_id)
    return shown(body, {"ETag": etag(revision)})


_COMMAND_PROBLEMS = problems.declared(400, 403, 404, 409, 412, 413, 415)


@router.post(
    "/{instance_id}/cancellation",
    responses=_COMMAND_PROBLEMS,
    response_model=schemas.ProcessInstance,
    openapi_extra=asks(Operation.CANCEL),
)
def cancel_process_instance(instance_id: UUID, body: schemas.CancellationRequest, writing: Command) -> Response:
    """End an instance for good; its open user tasks are closed."""

    def command(session: Session) -> Answer:
        instance = cancel(session, instance_id, writing.actor, body.reason, if_match=writing.if_match, now=writing.now)
        return _answer_with(session, instance)

    return writing.run(command)


@router.post(
    "/{instance_id}/suspension",
    responses=_COMMAND_PROBLEMS,
    response_model=schemas.ProcessInstance,
    openapi_extra=asks(Operation.SUSPEND),
)
def suspend_process_instance(
    instance_id: UUID, writing: Command, body: schemas.ReasonRequest | None = None
) -> Response:
    """Stop every command on an instance until it is resumed."""
    reason = None if body is None else body.reason

    def command(session: Session) -> Answer:
        instance = suspend(session, instance_id, writing.actor, reason, if_match=writing.if_match, now=writing.now)
        return _answer_with(session, instance)

    return writing.run(command)


@router.post(
    "/{instance_id}/resumption",
    responses=_COMMAND_PROBLEMS,
    response_model=schemas.ProcessInstance,
    openapi_extra=asks(Operation.RESUME),
)
def resume_process_instance(instance_id: UUID, writing: Command, body: schemas.ReasonRequest | None = None) -> Response:
    """Let a suspended instance go on."""
    reason = None if body is None else body.reason

    def command(session: Session) -> Answer:
        instance = resume(session, instance_id, writing.actor, reason, if_match=writing.if_match, now=writing.now)
        return _answer_with(session, instance)

    return writing.run(command)


@router.post(
    "/{instance_id}/migration",
    responses=_COMMAND_PROBLEMS,
    response_model=schemas.ProcessInstance | schemas.MigrationPreview,
    openapi_extra=asks(Operation.MIGRATE),
)
def migrate_process_instance(instance_id: UUID, body: schemas.MigrationRequest, writing: Command) -> Response:
    """Let a running instance go on in another version; with `dry_run`, a preview instead of the instance."""
    asked = (instance_id, body.target_process_definition_id, body.mapping, writing.actor)
    if body.dry_run:
        with writing.database.reading() as session:
            preview = preview_migration(session, *asked, if_match=writing.if_match, now=writing.now)
        return shown(present.migration_preview(preview))

    def command(session: Session) -> Answer:
        return _answer_with(session, migrate(session, *asked, if_match=writing.if_match, now=writing.now))

    return writing.run(command)


def _answer_with(session: Session, instance: ProcessInstance) -> Answer:
    return answer(200, present.process_instance_now(session, instance), revision=instance.revision)
