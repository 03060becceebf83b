"""What one command did to a process instance: plain frozen values, safe to share and to store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

#: process variables: JSON values by name
Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenUserTask:
    """A user task that waits for a person."""

    #: the engine's id of the task; stays the same until the task is closed
    element_task_id: UUID
    #: id of the element in the diagram
    element_id: str
    #: the n-th time this element was reached in this instance, from 1
    round: int
    #: usernames that `lane_owners` names for the task's lane; None: whoever holds the lane's role
    candidates: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Something that happened while the process ran, in the order it happened."""

    #: gateway_decided | process_instance_completed | process_instance_failed | timer_fired
    type: str
    element_id: str | None
    element_name: str | None
    round: int | None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A process variable before and after; `None` where it did not exist."""

    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one command."""

    #: the encoded state at rest; of constant size whatever the history
    state: bytes
    status: Literal["active", "completed", "failed"]
    #: every process variable, as seen from the whole instance
    variables: Variables
    #: the variables that this command changed
    changes: Mapping[str, Change]
    #: all user tasks that are open now
    open_user_tasks: tuple[OpenUserTask, ...]
    events: tuple[EngineEvent, ...]
    #: ids of the sequence flows that tokens took, in their order
    flows: tuple[str, ...]
    #: UTC; when the next timer is due
    next_due_at: datetime | None

    def changes_as_json(self) -> dict[str, dict[str, Any]]:
        """The changes as an event's payload tells them: name → old and new."""
        return {name: {"old": change.old, "new": change.new} for name, change in self.changes.items()}
