"""History: the rounds of an instance."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app.api import problems
from app.api.dependencies import PageOf, Read, shown
from app.api.round_schemas import Round
from app.api.route import asks, authenticated_router
from app.api.schemas import ListOf
from app.permissions import Operation
from app.queries.list_rounds import list_rounds as question_of

router = authenticated_router("/history", "history")


@router.get(
    "/process-instances/{instance_id}/rounds",
    responses=problems.declared(404),
    response_model=ListOf[Round],
    openapi_extra=asks(Operation.READ_HISTORY),
)
def list_rounds(
    instance_id: UUID,
    reading: Read,
    page: PageOf,
    element_id: Annotated[
        str | None,
        Query(
            max_length=255,
            description="Only this user task or gateway, by its id in the version that the instance runs now, or the"
            " last id that it had.",
            examples=[None],
        ),
    ] = None,
) -> Response:
    """The rounds of one instance, the first one first: in each the n-th pass of every element that was reached so
    often, with who did it, what they decided, and what they changed against the round before. `sort`: `round`."""

    def question(session: Session) -> ListOf[Round]:
        found = question_of(session, instance_id, reading.actor, page, element_id)
        items = [Round.model_validate(each) for each in found.items]
        return ListOf(items=items, next_cursor=found.next_cursor, total=found.total)

    body = reading.ask(question)
    reading.record(instance_id)
    return shown(body)
