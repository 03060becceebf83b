"""Standing in (Plh, Plt)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import people_schemas, problems
from app.api.dependencies import Create, PageOf, Read, answer, shown
from app.api.route import asks, authenticated_router
from app.api.schemas import ListOf
from app.commands.make_substitution import WantedSubstitution
from app.commands.make_substitution import make_substitution as make
from app.commands.revoke_substitution import revoke_substitution as revoke
from app.errors import SubstitutionNotFound
from app.permissions import Ground, Operation
from app.storage import substitutions
from app.storage.idempotency import Answer
from app.storage.substitutions import SubstitutionFilter

router = authenticated_router("/substitutions", "people")


@router.get(
    "",
    responses=problems.declared(),
    response_model=ListOf[people_schemas.Substitution],
    openapi_extra=asks(Operation.READ_SUBSTITUTION),
)
def list_substitutions(
    reading: Read,
    page: PageOf,
    username: Annotated[str | None, Query(max_length=64, description="Of either side.")] = None,
    in_force: Annotated[bool, Query(description="Only those in force now.")] = False,
) -> Response:
    """The caller's, on either side, latest beginning first; everybody's for administrators and auditors."""
    actor = reading.actor
    visible_to = None if permissions.is_allowed(Operation.READ_SUBSTITUTION, actor) else actor.user_id
    wanted = SubstitutionFilter(username, reading.now if in_force else None)
    found = reading.ask(lambda session: substitutions.search(session, page, wanted, visible_to))
    reading.record()
    items = [people_schemas.Substitution.model_validate(one) for one in found.items]
    return shown(ListOf(items=items, next_cursor=found.next_cursor, total=found.total))


@router.post(
    "",
    status_code=201,
    responses=problems.declared(400, 403, 409, 413, 415),
    response_model=people_schemas.Substitution,
    openapi_extra=asks(Operation.MAKE_SUBSTITUTION),
)
def make_substitution(body: people_schemas.NewSubstitution, writing: Create) -> Response:
    """Let somebody act in the caller's name for a time, by a letter; in another's name only as an administrator."""
    principal = body.principal or writing.actor.username
    wanted = WantedSubstitution(principal, body.deputy, body.starts_at, body.ends_at, body.letter)

    def command(session: Session) -> Answer:
        made = make(session, wanted, writing.actor, now=writing.now)
        shown_as = people_schemas.Substitution.model_validate(made)
        return answer(201, shown_as, location=f"{writing.path}/{made.id}")

    return writing.run(command)


@router.get(
    "/{substitution_id}",
    responses=problems.declared(404),
    response_model=people_schemas.Substitution,
    openapi_extra=asks(Operation.READ_SUBSTITUTION),
)
def read_substitution(substitution_id: UUID, reading: Read) -> Response:
    """One of them."""
    there = reading.ask(lambda session: substitutions.get(session, substitution_id))
    is_side = reading.actor.username in {there.principal, there.deputy}
    if not permissions.is_allowed(Operation.READ_SUBSTITUTION, reading.actor, {Ground.OWNER} if is_side else ()):
        raise SubstitutionNotFound
    reading.record()
    return shown(people_schemas.Substitution.model_validate(there))


@router.post(
    "/{substitution_id}/revocation",
    responses=problems.declared(403, 404, 409),
    response_model=people_schemas.Substitution,
    openapi_extra=asks(Operation.REVOKE_SUBSTITUTION),
)
def revoke_substitution(substitution_id: UUID, writing: Create) -> Response:
    """End it at once; by the principal or an administrator."""

    def command(session: Session) -> Answer:
        there = revoke(session, substitution_id, writing.actor, now=writing.now)
        return answer(200, people_schemas.Substitution.model_validate(there))

    return writing.run(command)
