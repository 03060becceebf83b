"""What logs for process mining are written from: events, each with what is known of its instance, task and actor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

#: the types of events that tell when somebody worked on a user task
COMPLETED = "user_task_completed"
TAKEN = frozenset({"user_task_claimed", "user_task_assigned"})
GIVEN_BACK = "user_task_released"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event of the history."""

    process_instance_id: UUID
    #: 1, 2, 3 … within the instance
    sequence: int
    occurred_at: datetime
    type: str
    element_id: str | None
    element_name: str | None
    round: int | None
    user_task_id: UUID | None
    actor: str
    on_behalf_of: str | None
    basis: str | None
    channel: UUID | None
    request_id: str | None
    process_definition_id: UUID
    #: of the process, that the instance ran once this had happened
    version: int
    payload: Mapping[str, Any]
    decision: str | None
    waiting_seconds: int | None
    duration_seconds: int | None
    late: bool | None
    hash: bytes
    previous_hash: bytes
    #: of the instance, as it is now
    business_key: str | None
    status: str
    started_by: str
    started_at: datetime
    process_definition_key: str
    newest_version: int
    #: the lane of the user task
    role: str | None
    #: of the actor, as they are now
    position: str | None
    unit: str | None

    @property
    def activity(self) -> str:
        """What was done: the name of the element exactly as the diagram has it."""
        return self.element_name or self.element_id or self.type

    @property
    def group(self) -> str | None:
        """The unit of the actor: as it was when they approved something, else as it is now."""
        approval = self.payload.get("approval") or {}
        signed: str | None = approval.get("unit") if approval.get("username") == self.actor else None
        return signed or self.unit

    @property
    def taken_at(self) -> datetime | None:
        """Of a completion, when its user task was taken; None where that is not told."""
        text = (self.payload.get("timing") or {}).get("claimed_at")
        return None if text is None else datetime.fromisoformat(text)

    @property
    def note(self) -> str | None:
        """What somebody said: in the form or beside it, or the reason that they gave."""
        entered, told = self.payload.get("variables") or {}, self.payload
        for said in (told.get("note"), entered.get("catatan"), told.get("comment"), told.get("reason")):
            if isinstance(said, str) and said:
                return said
        return None


@dataclass(frozen=True, slots=True)
class LoggedPerson:
    """Somebody who acted, or in whose name it was done."""

    username: str
    #: as they are now
    position: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class LoggedDefinition:
    """A version of a process; of one that was deleted since, only its number is known."""

    id: UUID
    key: str | None
    version: int
    name: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class LoggedDocument:
    """A document, by what is in it."""

    #: in hexadecimal
    sha256: str
    #: where it lay, from when on
    addresses: tuple[tuple[datetime, str], ...]


def moment(instant: datetime) -> str:
    """An instant as logs tell it: ISO 8601, in UTC, to the microsecond."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
