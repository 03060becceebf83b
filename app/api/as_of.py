"""History: how an instance was seen at an earlier time."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from app.api import present, problems
from app.api.as_of_schemas import ProcessInstanceAsOf, TokenPosition
from app.api.dependencies import Moment, Read, shown
from app.api.filter_parameters import Count
from app.api.route import asks, authenticated_router
from app.permissions import Operation
from app.queries.read_as_of import Past
from app.queries.read_as_of import read_as_of as question_of

router = authenticated_router("/history", "history")


@router.get(
    "/process-instances/{instance_id}/as-of",
    responses=problems.declared(404),
    response_model=ProcessInstanceAsOf,
    openapi_extra=asks(Operation.READ_HISTORY),
)
def read_as_of(
    instance_id: UUID,
    reading: Read,
    at: Annotated[
        Moment | None, Query(description="A moment from the start of the instance until now.", examples=[None])
    ] = None,
    seq: Annotated[Count | None, Query(description="Sequence of an event of the instance.", examples=[1])] = None,
) -> Response:
    """One instance with its open user tasks exactly as it could be read at a moment, or once an event had happened:
    give either `at` or `seq`."""

    def question(session: Session) -> ProcessInstanceAsOf:
        return _shown(question_of(session, instance_id, reading.actor, at, seq, now=reading.now))

    body = reading.ask(question)
    reading.record(instance_id)
    return shown(body)


def _shown(past: Past) -> ProcessInstanceAsOf:
    seen = present.process_instance(past.process_instance, past.open_user_tasks, past.definition)
    return ProcessInstanceAsOf(
        **dict(seen),
        sequence=past.sequence,
        as_of=past.occurred_at,
        tokens=[TokenPosition.model_validate(position) for position in past.tokens],
    )
