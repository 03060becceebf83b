"""User tasks: find, read, claim, draft, comment, complete."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app.api import present, problems, schemas
from app.api.dependencies import Command, Moment, PageOf, Read, Replace, answer, etag, shown
from app.api.route import asks, authenticated_router
from app.commands.assign_user_task import assign_user_task as assign
from app.commands.comment_on_user_task import comment_on_user_task as comment_on
from app.commands.complete_user_task import complete_user_task as complete
from app.commands.release_user_task import release_user_task as release
from app.commands.save_draft import save_draft as save
from app.permissions import Operation
from app.queries.read_form import read_form as read
from app.storage import access, comments, process_definitions, user_task_search
from app.storage.idempotency import Answer
from app.storage.user_task_search import UserTaskFilter
from app.storage.user_tasks import UserTask

router = authenticated_router("/user-tasks", "user tasks")

State = Literal["open", "completed", "cancelled"]
Username = Annotated[str, Query(max_length=64, description="A username, or `me`.")]


@router.get(
    "",
    responses=problems.declared(),
    response_model=schemas.ListOf[schemas.UserTask],
    openapi_extra=asks(Operation.READ_TASK),
)
def list_user_tasks(
    reading: Read,
    page: PageOf,
    state: State | None = None,
    assignee: Username | None = None,
    candidate: Annotated[Literal["me"] | None, Query(description="Those that the caller could do.")] = None,
    process_instance_id: UUID | None = None,
    element_id: Annotated[str | None, Query(max_length=255)] = None,
    role: Annotated[str | None, Query(max_length=200)] = None,
    due_before: Moment | None = None,
) -> Response:
    """The user tasks of the instances that the caller may know of, oldest first."""
    actor = reading.actor
    wanted = UserTaskFilter(
        state=state,
        assignee=actor.username if assignee == "me" else assignee,
        candidate=None if candidate is None else actor,
        process_instance_id=process_instance_id,
        element_id=element_id,
        role=role,
        due_before=due_before,
    )

    def question(session: Session) -> schemas.ListOf[schemas.UserTask]:
        found = user_task_search.search(session, page, wanted, None if access.sees_everything(actor) else actor)
        items = present.user_task_list(session, found.items)
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    body = reading.ask(question)
    reading.record(*(task.process_instance_id for task in body.items))
    return shown(body)


@router.get(
    "/{task_id}",
    responses=problems.declared(404),
    response_model=schemas.UserTask,
    openapi_extra=asks(Operation.READ_TASK),
)
def read_user_task(task_id: UUID, reading: Read) -> Response:
    """One user task."""

    def question(session: Session) -> tuple[schemas.UserTask, int]:
        task = access.read_task(session, task_id, reading.actor)
        return present.user_task_list(session, [task])[0], task.revision

    body, revision = reading.ask(question)
    reading.record(body.process_instance_id)
    return shown(body, {"ETag": etag(revision)})


@router.get(
    "/{task_id}/form",
    responses=problems.declared(404),
    response_model=schemas.Form,
    openapi_extra=asks(Operation.READ_TASK),
)
def read_form(task_id: UUID, reading: Read) -> Response:
    """The form of a user task: its schema, and the draft, or what was entered in the round before."""
    form = reading.ask(lambda session: read(session, task_id, reading.actor))
    reading.record(form.process_instance_id)
    body = schemas.Form(
        form_schema=form.schema,
        values=dict(form.values),
        approval=form.approval,
    )
    return shown(body, {"ETag": etag(form.revision)})


@router.post(
    "/{task_id}/completion",
    responses=problems.declared(400, 403, 404, 409, 412, 413, 415),
    response_model=schemas.Completion,
    openapi_extra=asks(Operation.COMPLETE),
)
def complete_user_task(task_id: UUID, body: schemas.CompletionRequest, writing: Command) -> Response:
    """Complete a user task with the values of the whole form; the process runs on to its next rest."""

    def command(session: Session) -> Answer:
        done = complete(
            session,
            task_id,
            writing.actor,
            body.variables,
            comment=body.comment,
            on_behalf_of=body.on_behalf_of,
            if_match=writing.if_match,
            now=writing.now,
        )
        definition = process_definitions.parsed(session, done.process_instance)
        completion = schemas.Completion(
            user_task=present.user_task(done.user_task, definition),
            process_instance=present.process_instance(done.process_instance, done.open_user_tasks, definition),
            next_user_tasks=[present.user_task(task, definition) for task in done.next_user_tasks],
        )
        return answer(200, completion, revision=done.user_task.revision)

    return writing.run(command)


@router.post(
    "/{task_id}/assignment",
    responses=problems.declared(400, 403, 404, 409, 412, 413, 415),
    response_model=schemas.UserTask,
    openapi_extra=asks(Operation.CLAIM, Operation.ASSIGN_TO_OTHER),
)
def assign_user_task(task_id: UUID, writing: Command, body: schemas.AssignmentRequest | None = None) -> Response:
    """Claim a user task; or assign it to another candidate, as its assignee or as an administrator."""
    wanted = body or schemas.AssignmentRequest()

    def command(session: Session) -> Answer:
        task = assign(
            session,
            task_id,
            writing.actor,
            wanted.assignee,
            reason=wanted.reason,
            on_behalf_of=wanted.on_behalf_of,
            if_match=writing.if_match,
            now=writing.now,
        )
        return _answer_with(session, task)

    return writing.run(command)


@router.delete(
    "/{task_id}/assignment",
    responses=problems.declared(403, 404, 409, 412),
    response_model=schemas.UserTask,
    openapi_extra=asks(Operation.RELEASE),
)
def release_user_task(task_id: UUID, writing: Replace) -> Response:
    """Give a claimed user task back to its candidates."""

    def command(session: Session) -> Answer:
        task = release(session, task_id, writing.actor, if_match=writing.if_match, now=writing.now)
        return _answer_with(session, task)

    return writing.run(command)


@router.put(
    "/{task_id}/draft",
    responses=problems.declared(400, 403, 404, 409, 412, 413, 415),
    response_model=schemas.UserTask,
    openapi_extra=asks(Operation.SAVE_DRAFT),
)
def save_draft(task_id: UUID, body: schemas.DraftRequest, writing: Replace) -> Response:
    """Keep an unfinished form; `GET …/form` shows it again."""

    def command(session: Session) -> Answer:
        task = save(
            session,
            task_id,
            writing.actor,
            body.variables,
            on_behalf_of=body.on_behalf_of,
            if_match=writing.if_match,
            now=writing.now,
        )
        return _answer_with(session, task)

    return writing.run(command)


@router.get(
    "/{task_id}/comments",
    responses=problems.declared(404),
    response_model=schemas.ListOf[schemas.Comment],
    openapi_extra=asks(Operation.READ_TASK),
)
def list_comments(task_id: UUID, reading: Read, page: PageOf) -> Response:
    """The comments on a user task, oldest first."""

    def question(session: Session) -> tuple[schemas.ListOf[schemas.Comment], UUID]:
        task = access.read_task(session, task_id, reading.actor)
        found = comments.list_of_task(session, task, page)
        items = [schemas.Comment.model_validate(comment) for comment in found.items]
        return schemas.ListOf(items=items, next_cursor=found.next_cursor, total=found.total), task.process_instance_id

    body, instance_id = reading.ask(question)
    reading.record(instance_id)
    return shown(body)


@router.post(
    "/{task_id}/comments",
    status_code=201,
    responses=problems.declared(400, 403, 404, 409, 412, 413, 415),
    response_model=schemas.Comment,
    openapi_extra=asks(Operation.COMMENT),
)
def comment_on_user_task(task_id: UUID, body: schemas.CommentRequest, writing: Command) -> Response:
    """Write a comment on an open user task."""

    def command(session: Session) -> Answer:
        comment = comment_on(
            session,
            task_id,
            writing.actor,
            body.text,
            on_behalf_of=body.on_behalf_of,
            if_match=writing.if_match,
            now=writing.now,
        )
        return answer(201, schemas.Comment.model_validate(comment))

    return writing.run(command)


def _answer_with(session: Session, task: UserTask) -> Answer:
    return answer(200, present.user_task_list(session, [task])[0], revision=task.revision)
