"""Users and the roles that they hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import people_schemas, problems
from app.api.dependencies import Create, PageOf, Read, Replace, answer, etag, shown
from app.api.route import asks, authenticated_router
from app.api.schemas import ListOf
from app.commands.add_user import add_user as add
from app.commands.change_user import change_user as change
from app.commands.grant_role import grant_role as grant
from app.commands.revoke_role import revoke_role as revoke
from app.permissions import Operation
from app.storage import identities, people, people_search
from app.storage.idempotency import Answer
from app.storage.people import Person
from app.storage.people_search import PeopleFilter

router = authenticated_router("/users", "people")

Username = Annotated[str, Path(max_length=64)]
RoleName = Annotated[str, Path(max_length=200, description="A lane of a newest diagram, or a system role.")]


@router.get(
    "",
    responses=problems.declared(403),
    response_model=ListOf[people_schemas.UserSummary],
    openapi_extra=asks(Operation.READ_USER),
)
def list_users(
    reading: Read,
    page: PageOf,
    q: Annotated[str | None, Query(max_length=200, description="Part of the name or the username.")] = None,
    active: bool | None = None,
    role: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The people, by username; for administrators and auditors."""
    permissions.require(Operation.READ_USER, reading.actor)
    wanted = PeopleFilter(q, active, role)
    found = reading.ask(lambda session: people_search.search(session, page, wanted))
    reading.record()
    items = [people_schemas.UserSummary.model_validate(_fields(person)) for person in found.items]
    return shown(ListOf(items=items, next_cursor=found.next_cursor, total=found.total))


@router.post(
    "",
    status_code=201,
    responses=problems.declared(400, 403, 409, 413, 415),
    response_model=people_schemas.User,
    openapi_extra=asks(Operation.CHANGE_USER),
)
def add_user(body: people_schemas.NewUser, writing: Create) -> Response:
    """Add a person."""

    def command(session: Session) -> Answer:
        person = add(
            session,
            body.username,
            body.name,
            body.roles,
            writing.actor,
            now=writing.now,
            email=body.email,
            nip=body.nip,
            position_id=body.position_id,
        )
        return _answer_with(person, status=201, location=f"{writing.path}/{person.username}")

    return writing.run(command)


@router.get(
    "/{username}",
    responses=problems.declared(403, 404),
    response_model=people_schemas.IdentifiedUser,
    openapi_extra=asks(Operation.READ_USER),
)
def read_user(username: Username, reading: Read) -> Response:
    """One person; the NIP for administrators only."""
    permissions.require(Operation.READ_USER, reading.actor)
    sees_nip = permissions.is_allowed(Operation.READ_IDENTITY, reading.actor)

    def question(session: Session) -> tuple[Person, str | None]:
        person = people.get(session, username)
        return person, identities.nip_of(session, person.id) if sees_nip else None

    person, nip = reading.ask(question)
    reading.record()
    body = people_schemas.IdentifiedUser.model_validate(_fields(person) | {"nip": nip})
    return shown(body, {"ETag": etag(person.revision)})


@router.patch(
    "/{username}",
    responses=problems.declared(400, 403, 404, 409, 412, 413, 415),
    response_model=people_schemas.User,
    openapi_extra=asks(Operation.CHANGE_USER),
)
def change_user(username: Username, body: people_schemas.UserPatch, writing: Replace) -> Response:
    """Change a person. Whoever is deactivated is let in no more, and their open user tasks go back to the lane."""
    changes = body.model_dump(exclude_unset=True)

    def command(session: Session) -> Answer:
        person = change(session, username, writing.actor, changes, if_match=writing.if_match, now=writing.now)
        return _answer_with(person)

    return writing.run(command)


@router.put(
    "/{username}/roles/{role:path}",
    responses=problems.declared(403, 404, 412),
    response_model=people_schemas.User,
    openapi_extra=asks(Operation.CHANGE_ROLE),
)
def grant_role(username: Username, role: RoleName, writing: Replace) -> Response:
    """Let a person hold a role."""

    def command(session: Session) -> Answer:
        person = grant(session, username, role, writing.actor, if_match=writing.if_match, now=writing.now)
        return _answer_with(person)

    return writing.run(command)


@router.delete(
    "/{username}/roles/{role:path}",
    responses=problems.declared(403, 404, 409, 412),
    response_model=people_schemas.User,
    openapi_extra=asks(Operation.CHANGE_ROLE),
)
def revoke_role(username: Username, role: RoleName, writing: Replace) -> Response:
    """Take a role from a person; the open user tasks that they have by it go back to the lane."""

    def command(session: Session) -> Answer:
        person = revoke(session, username, role, writing.actor, if_match=writing.if_match, now=writing.now)
        return _answer_with(person)

    return writing.run(command)


def _answer_with(person: Person, *, status: int = 200, location: str | None = None) -> Answer:
    # Without the NIP: an answer to a POST is kept for a day.
    body = people_schemas.User.model_validate(_fields(person))
    return answer(status, body, revision=person.revision, location=location)


def _fields(person: Person) -> dict[str, object]:
    names = people_schemas.User.model_fields
    return {name: getattr(person, name) for name in names} | {"roles": sorted(person.roles)}
