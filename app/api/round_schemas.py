"""The bodies that tell the rounds of an instance."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.api.schemas import Answer, Instant


class FieldChange(Answer):
    """A field of the form that came, went or changed."""

    field: str = Field(
        description="Its name; of what lies inside a field a JSON Pointer.",
        examples=["ringkasan_konsep", "/paraf_konsep/jabatan"],
    )
    kind: Literal["added", "removed", "changed"]
    old: Any = Field(description="null where there was none")
    new: Any = Field(description="null where there is none any more")


class Approval(Answer):
    """What a completion approved."""

    kind: Literal["paraf", "tanda_tangan"]
    name: str | None
    position: str | None = Field(description="Of whoever approved, as it was called then.")
    content_sha256: str = Field(description="Of the form as it was, and the version of the diagram that showed it.")


class Return(Answer):
    """That a decision sent the work back to the element, which opened for one more round."""

    returned_at: Instant
    actor: str
    on_behalf_of: str | None
    basis: str | None
    from_element_id: str | None = Field(description="Where it was decided; null where that was removed by law.")
    from_element_name: str | None
    from_user_task_id: UUID | None
    decision: str | None
    note: str | None


class Pass(Answer):
    """One pass of a user task: who did it, when, and what it changed."""

    user_task_id: UUID
    element_id: str = Field(description="As it was when it was completed; of an open one, as it is now.")
    element_name: str
    role: str
    state: Literal["open", "completed", "cancelled"]
    version: int = Field(description="Of the process definition in which it was completed, cancelled, or waits.")
    assignee: str | None = Field(description="Who has it, while it is open.")
    actor: str | None = Field(description="Who completed it.")
    on_behalf_of: str | None
    basis: str | None
    opened_at: Instant
    claimed_at: Instant | None
    completed_at: Instant | None
    cancelled_at: Instant | None
    waiting_seconds: int | None = Field(description="From its opening until somebody took it.")
    working_seconds: int | None = Field(description="From then until its completion.")
    total_seconds: int | None = Field(description="From its opening until its completion.")
    standard_time: str | None = Field(description="ISO 8601 duration.")
    late: bool | None = Field(description="null where the standard time is no limit, or nothing was told of it.")
    decision: str | None = Field(description="The form's `keputusan`.")
    note: str | None = Field(description="The form's `catatan`, or else the comment of the completion.")
    approval: Approval | None
    returned: Return | None = Field(
        description="Who sent the work back to this element, and why, so that this pass opened; null where nobody did,"
        " and where that was not written down yet."
    )
    compared_with_round: int | None = Field(
        description="The round whose values these are compared with: the one before, or, where that was not completed"
        " by then, the last one that was."
    )
    changes: list[FieldChange] | None = Field(
        description="What was entered otherwise than then, field by field; null in the first round, and of what is not"
        " completed. Made one after the other, the changes lead from those values to these."
    )


class Flow(Answer):
    """A sequence flow that was taken."""

    id: str
    name: str | None
    condition: str | None


class GatewayDecision(Answer):
    """Which way a gateway let the work go."""

    element_id: str
    element_name: str | None
    decided_at: Instant
    actor: str = Field(description="Who completed the user task after which it was decided.")
    on_behalf_of: str | None
    basis: str | None
    version: int
    flows: list[Flow]
    variables: dict[str, Any] = Field(description="The values that the conditions read.")


class Round(Answer):
    """The n-th pass of each element that was reached so often: elements of different loops count on their own."""

    number: int
    passes: list[Pass] = Field(description="In the order in which they opened.")
    decisions: list[GatewayDecision]
