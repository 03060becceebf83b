"""The parameters by which process instances are looked for."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query

from app.api.dependencies import Moment
from app.api.filter_parameters import (
    MAX_INTEGER,
    Count,
    Duration,
    Identifier,
    Username,
    Variables,
    read_variables,
    seconds,
)
from app.storage.process_instance_search import ProcessInstanceFilter

_Status = Literal["active", "suspended", "completed", "cancelled", "failed"]
_Actor = Annotated[
    str | None, Query(max_length=64, description="Username of somebody who acted in it, or in whose name it was done.")
]
_Element = Annotated[
    str | None,
    Query(max_length=255, description="Element at which anything has happened, now or before: a user task, a gateway."),
]
_Decision = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="A decision that was made in it: of the form's `keputusan`, or the name of a gateway's flow.",
    ),
]
_Round = Annotated[
    int | None, Query(ge=1, le=MAX_INTEGER, description="Any of its elements came to this round, or a later one.")
]
_Late = Annotated[bool | None, Query(description="Whether any user task of it was completed after its standard time.")]
_AtLeast = Annotated[
    Duration | None,
    Query(description="ISO 8601 duration from start to end: `P30D` is 30 calendar days. Only ended ones."),
]


async def _instance_filter(
    status: _Status | None = None,
    process_definition_key: Identifier = None,
    version: Count = None,
    business_key: Identifier = None,
    started_by: Username = None,
    started_after: Moment | None = None,
    started_before: Moment | None = None,
    ended_after: Moment | None = None,
    ended_before: Moment | None = None,
    variable: Variables = None,
    actor: _Actor = None,
    element_id: _Element = None,
    decision: _Decision = None,
    round_at_least: _Round = None,
    late: _Late = None,
    duration_at_least: _AtLeast = None,
    duration_at_most: Duration | None = None,
) -> ProcessInstanceFilter:
    return ProcessInstanceFilter(
        status=status,
        process_definition_key=process_definition_key,
        version=version,
        business_key=business_key,
        started_by=started_by,
        started_after=started_after,
        started_before=started_before,
        ended_after=ended_after,
        ended_before=ended_before,
        variables=read_variables(variable or []),
        actor=actor,
        element_id=element_id,
        decision=decision,
        round_at_least=round_at_least,
        late=late,
        duration_at_least=seconds(duration_at_least),
        duration_at_most=seconds(duration_at_most),
    )


InstanceFilterOf = Annotated[ProcessInstanceFilter, Depends(_instance_filter)]
