"""The body that tells how an instance was seen at an earlier time."""

from __future__ import annotations

from pydantic import Field

from app.api.schemas import Answer, Instant, ProcessInstance


class TokenPosition(Answer):
    """An element at which tokens stood."""

    element_id: str
    element_name: str | None
    count: int = Field(description="Several where an activity has several instances, or where tokens wait at a join.")


class ProcessInstanceAsOf(ProcessInstance):
    """A process instance as it could be read then, with its open user tasks of then."""

    sequence: int = Field(
        description="The event that had happened last. Of `seq` within a command, the last event of that command: what"
        " happens in between is never seen."
    )
    as_of: Instant = Field(description="When that event happened: so it was from then until the next event.")
    tokens: list[TokenPosition] = Field(
        description="Where the tokens stood: open user tasks, timers, joins, subprocesses before what is inside them."
        " A boundary event that waits holds none: the token is on its activity."
    )
