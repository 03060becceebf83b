"""The bodies that clients send and get."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

T = TypeVar("T")


def _rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


#: RFC 3339 in UTC
Instant = Annotated[datetime, PlainSerializer(_rfc3339, when_used="json-unless-none")]
ElementId = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Variables = dict[str, Any]


class Body(BaseModel):
    """What a client sends: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What a client gets, read off a record of the storage."""

    model_config = ConfigDict(from_attributes=True)


class FieldProblem(BaseModel):
    """One refused value."""

    pointer: str = Field(description="JSON Pointer into the body, or the parameter's name.")
    code: str
    reason: str


class DiagramProblem(BaseModel):
    """One thing wrong, or doubtful, in an uploaded diagram."""

    model_config = ConfigDict(from_attributes=True)

    file: str | None
    element_id: str | None
    line: int
    code: str
    reason: str
    hint: str


class Obstacle(BaseModel):
    """Why a process instance cannot be moved to another version, at one of the elements where it stands."""

    model_config = ConfigDict(from_attributes=True)

    element_id: str = Field(description="In the version that the instance runs.")
    code: str
    reason: str


class ProblemDetails(BaseModel):
    """A refusal, as RFC 9457 tells it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:jenjang:problem:user_task_closed"])
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem | DiagramProblem | Obstacle] = []


class ListOf(BaseModel, Generic[T]):
    """One page of a list; `total` only where `include_total=true` asked for it."""

    items: list[T]
    next_cursor: str | None
    total: int | None = Field(None, exclude_if=lambda value: value is None)


#: of a version
DefinitionStatus = Literal["proposed", "approved", "rejected", "retired"]


class ProcessDefinitionSummary(Answer):
    """One version of a process."""

    id: UUID | None = Field(description="null in a dry run")
    key: str
    version: int
    name: str
    sha256: str = Field(description="Of the diagram's bytes.")
    status: DefinitionStatus = Field(description="Only approved ones start.")


class ProcessDefinition(ProcessDefinitionSummary):
    """One version of a process, with its origin."""

    file_name: str
    deployment_id: UUID
    deployed_by: str
    deployed_at: Instant
    reviewed_by: str | None = Field(description="Who approved or rejected it; null where nobody was asked.")
    reviewed_at: Instant | None
    review_reason: str | None


class DefinitionEvent(Answer):
    """Something that happened to a version."""

    sequence: int = Field(description="Within the whole stream of administration, so with gaps here.")
    occurred_at: Instant
    type: str = Field(examples=["process_definition_approved"])
    actor: str
    payload: Mapping[str, Any] = Field(description="Which version, with the hashes of what it is, and why.")


class Quality(Answer):
    """Mutu baku: the quality standard of an activity (PermenPANRB 35/2012)."""

    kelengkapan: str | None
    waktu: str | None = Field(description="ISO 8601 duration; a week is 7, a month 30 calendar days")
    output: str | None
    keterangan: str | None


class UserTask(Answer):
    """A user task."""

    id: UUID
    process_instance_id: UUID
    element_id: str
    name: str
    role: str
    state: Literal["open", "completed", "cancelled"]
    round: int
    assignee: str | None
    candidates: list[str] | None = Field(description="Who alone may do it; null: whoever holds the role.")
    created_at: Instant
    due_at: Instant | None
    claimed_at: Instant | None
    completed_at: Instant | None
    completed_by: str | None
    on_behalf_of: str | None
    basis: str | None
    quality: Quality


class ProcessInstance(Answer):
    """A process instance with its open user tasks."""

    id: UUID
    process_definition_id: UUID
    process_definition_key: str
    version: int
    business_key: str | None
    status: Literal["active", "suspended", "completed", "cancelled", "failed"]
    variables: Variables
    started_by: str
    started_at: Instant
    ended_at: Instant | None
    user_tasks: list[UserTask]


class Form(BaseModel):
    """What to ask for, and what is known already."""

    form_schema: dict[str, Any] = Field(serialization_alias="schema", description="JSON Schema 2020-12.")
    values: Variables
    approval: Literal["paraf", "tanda_tangan"] | None = Field(description="What completing the task gives to it.")


class Completion(BaseModel):
    """What a completion led to."""

    user_task: UserTask
    process_instance: ProcessInstance
    next_user_tasks: list[UserTask]


class Comment(Answer):
    """A remark on a user task."""

    id: UUID
    author: str
    text: str
    created_at: Instant


class Event(Answer):
    """One event of an instance's history."""

    sequence: int
    process_instance_id: UUID
    occurred_at: Instant
    type: str
    element_id: str | None
    element_name: str | None
    round: int | None
    user_task_id: UUID | None
    actor: str
    on_behalf_of: str | None
    basis: str | None
    channel: UUID | None = Field(description="By which token the actor came: its id, never the token.")
    request_id: str | None
    process_definition_id: UUID = Field(description="The version that the instance ran once this had happened.")
    version: int
    decision: str | None = Field(description="What was decided: in the form's `keputusan`, or at a gateway.")
    waiting_seconds: int | None = Field(description="From the opening of a user task until somebody took it.")
    duration_seconds: int | None = Field(description="From opening to completion; of an end, since the start.")
    late: bool | None = Field(description="Whether it took longer than the standard time; null where none is a limit.")
    payload: Mapping[str, Any]
    hash: str = Field(description="SHA-256 in hexadecimal.")
    previous_hash: str


class OnBehalf(Body):
    """What a person may do in the name of somebody for whom they stand in (Plh, Plt)."""

    on_behalf_of: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        examples=[None],
        description="Username of the principal; needed only where the caller stands in for several who may do this.",
    )


class StartRequest(OnBehalf):
    """Which process to start: the newest version of a key, or one version by id."""

    process_definition_key: str | None = Field(None, min_length=1, max_length=255, examples=["penjenjangan_kinerja"])
    process_definition_id: UUID | None = Field(None, examples=[None])
    business_key: str | None = Field(None, min_length=1, max_length=255, examples=["penjenjangan-2026"])
    variables: Variables = Field({}, examples=[{}])


class CompletionRequest(OnBehalf):
    """The whole form, and a remark."""

    variables: Variables = Field(examples=[{"keputusan": "ya"}])
    comment: Text | None = None


class DraftRequest(OnBehalf):
    """The form so far."""

    variables: Variables


class AssignmentRequest(OnBehalf):
    """To whom; without a name, to the caller. To somebody else only with a reason."""

    assignee: str | None = Field(None, min_length=1, max_length=64, examples=[None])
    reason: Text | None = Field(None, examples=[None])


class CommentRequest(OnBehalf):
    """A remark."""

    text: Text


class CancellationRequest(Body):
    """Why an instance is ended."""

    reason: Text


class RejectionRequest(Body):
    """Why a version must not be started."""

    reason: Text


class ReasonRequest(Body):
    """Why, where the caller wants to say."""

    reason: Text | None = None


class MigrationRequest(Body):
    """To which version a process instance is moved."""

    target_process_definition_id: UUID
    mapping: dict[ElementId, ElementId] = Field(
        {},
        max_length=1000,
        examples=[{}],
        description="Ids of elements of the instance's version → ids in the target, where the service would not find "
        "them by id, by type and name, or by type and neighbours.",
    )
    dry_run: bool = Field(False, description="Only say what would happen; nothing is written.")


class UserTaskStanding(Answer):
    """What an open user task is in one version."""

    element_id: str
    name: str
    role: str
    candidates: list[str] | None
    assignee: str | None


class MovedUserTask(BaseModel):
    """An open user task: what it is, and what it becomes."""

    id: UUID
    before: UserTaskStanding
    after: UserTaskStanding = Field(description="Whoever has it and would be no candidate for it loses it.")


class MigrationPreview(BaseModel):
    """What moving a process instance would do."""

    migratable: bool
    obstacles: list[Obstacle] = Field(description="Why it cannot be moved; empty where it can.")
    mapping: dict[str, str] = Field(description="Each element that has a counterpart in the target, and which.")
    user_tasks: list[MovedUserTask] = Field(description="Those that stay open; empty where it cannot be moved.")
