"""Bearer tokens."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import people_schemas, problems
from app.api.dependencies import PageOf, Read, Unrepeatable, answer, shown
from app.api.route import asks, authenticated_router
from app.api.schemas import ListOf
from app.commands.issue_token import WantedToken
from app.commands.issue_token import issue_token as issue
from app.commands.revoke_token import revoke_token as revoke
from app.permissions import Ground, Operation
from app.storage import token_register
from app.storage.idempotency import Answer

router = authenticated_router("/tokens", "people")


@router.get(
    "",
    responses=problems.declared(403),
    response_model=ListOf[people_schemas.Token],
    openapi_extra=asks(Operation.READ_TOKEN, Operation.READ_ANY_TOKEN),
)
def list_tokens(
    reading: Read,
    page: PageOf,
    username: Annotated[str | None, Query(max_length=64, description="For administrators and auditors.")] = None,
) -> Response:
    """The caller's tokens, newest first, or somebody else's."""
    wanted = username or reading.actor.username
    if wanted == reading.actor.username:
        permissions.require(Operation.READ_TOKEN, reading.actor, {Ground.OWNER})
    else:
        permissions.require(Operation.READ_ANY_TOKEN, reading.actor)
    found = reading.ask(lambda session: token_register.of(session, wanted, page))
    if wanted != reading.actor.username:
        reading.record()
    items = [people_schemas.Token.model_validate(token) for token in found.items]
    return shown(ListOf(items=items, next_cursor=found.next_cursor, total=found.total))


@router.post(
    "",
    status_code=201,
    responses=problems.declared(400, 403, 413, 415),
    response_model=people_schemas.IssuedToken,
    openapi_extra=asks(Operation.ISSUE_TOKEN),
)
def issue_token(body: people_schemas.NewToken, writing: Unrepeatable) -> Response:
    """Make a token for the caller, which can do no more and last no longer than the one that asks for it.

    It takes no Idempotency-Key, because the answer would be kept, and the secret in it: if it was lost, revoke the
    token and make another.
    """
    wanted = WantedToken(body.name, body.scopes, body.expires_at)

    def command(session: Session) -> Answer:
        issued = issue(session, writing.actor.username, writing.actor, wanted, now=writing.now)
        token = people_schemas.Token.model_validate(token_register.get(session, issued.id))
        return answer(201, people_schemas.IssuedToken(**token.model_dump(), token=issued.secret))

    return writing.run(command)


@router.delete(
    "/{token_id}",
    responses=problems.declared(403, 404),
    response_model=people_schemas.Token,
    openapi_extra=asks(Operation.REVOKE_TOKEN, Operation.REVOKE_ANY_TOKEN),
)
def revoke_token(token_id: UUID, writing: Unrepeatable) -> Response:
    """Make a token useless from this moment, and all that it made: the caller's, or, for administrators, anybody's."""

    def command(session: Session) -> Answer:
        token = revoke(session, token_id, writing.actor, now=writing.now)
        return answer(200, people_schemas.Token.model_validate(token))

    return writing.run(command)
