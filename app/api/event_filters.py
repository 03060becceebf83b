"""The parameters by which events are looked for: in the list across instances, in that of one, and in exports."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from app.api.dependencies import Moment
from app.api.filter_parameters import (
    MAX_INTEGER,
    Count,
    Duration,
    Identifier,
    Variables,
    read_types,
    read_variables,
    seconds,
)
from app.storage.event_search import EventFilter
from app.storage.event_types import OF_INSTANCES

_Actor = Annotated[str | None, Query(max_length=64, description="Username of who acted, or in whose name it was done.")]
_Type = Annotated[
    list[str] | None,
    Query(alias="type", max_length=40, description="Type of event; repeatable: any of them.", examples=[None]),
]
_Late = Annotated[
    bool | None, Query(description="`true`: user tasks completed after their standard time; `false`: those in time.")
]
_Decision = Annotated[
    str | None,
    Query(max_length=1000, description="What was decided: in the form's `keputusan`, or the name of a gateway's flow."),
]
_Round = Annotated[
    int | None, Query(ge=1, le=MAX_INTEGER, description="Events of this round of an element, or a later one.")
]
_Key = Annotated[
    str | None, Query(max_length=255, description="Process of the version that the instance ran once it had happened.")
]
_AtLeast = Annotated[
    Duration | None,
    Query(description="ISO 8601 duration: `P3D` is three calendar days. Only events that have one are found."),
]


async def _event_filter(
    actor: _Actor = None,
    element_id: Identifier = None,
    type_: _Type = None,
    occurred_after: Moment | None = None,
    occurred_before: Moment | None = None,
    process_definition_key: _Key = None,
    version: Count = None,
    process_instance_id: UUID | None = None,
    business_key: Identifier = None,
    variable: Variables = None,
    decision: _Decision = None,
    round_at_least: _Round = None,
    late: _Late = None,
    duration_at_least: _AtLeast = None,
    duration_at_most: Duration | None = None,
) -> EventFilter:
    return EventFilter(
        actor=actor,
        element_id=element_id,
        types=read_types(type_ or [], OF_INSTANCES),
        occurred_after=occurred_after,
        occurred_before=occurred_before,
        process_definition_key=process_definition_key,
        version=version,
        process_instance_id=process_instance_id,
        business_key=business_key,
        variables=read_variables(variable or []),
        decision=decision,
        round_at_least=round_at_least,
        late=late,
        duration_at_least=seconds(duration_at_least),
        duration_at_most=seconds(duration_at_most),
    )


async def _event_filter_of_one(
    actor: _Actor = None,
    element_id: Identifier = None,
    type_: _Type = None,
    occurred_after: Moment | None = None,
    occurred_before: Moment | None = None,
    round_at_least: _Round = None,
) -> EventFilter:
    return EventFilter(
        actor=actor,
        element_id=element_id,
        types=read_types(type_ or [], OF_INSTANCES),
        occurred_after=occurred_after,
        occurred_before=occurred_before,
        round_at_least=round_at_least,
    )


#: across instances
EventFilterOf = Annotated[EventFilter, Depends(_event_filter)]
#: within one instance
EventFilterOfOne = Annotated[EventFilter, Depends(_event_filter_of_one)]
