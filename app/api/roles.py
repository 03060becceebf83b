"""Roles."""

from __future__ import annotations

from fastapi import Response

from app import permissions
from app.api import people_schemas, problems
from app.api.dependencies import Read, shown
from app.api.route import asks, authenticated_router
from app.api.schemas import ListOf
from app.permissions import Operation
from app.storage import roles

router = authenticated_router("/roles", "people")


@router.get(
    "",
    responses=problems.declared(403),
    response_model=ListOf[people_schemas.Role],
    openapi_extra=asks(Operation.READ_ROLE),
)
def list_roles(reading: Read) -> Response:
    """Every role by name, on one page: lanes of the newest diagrams, system roles, and what somebody still holds."""
    permissions.require(Operation.READ_ROLE, reading.actor)
    items = [people_schemas.Role.model_validate(role) for role in reading.ask(roles.all_of)]
    reading.record()
    return shown(ListOf(items=items, next_cursor=None, total=None))
