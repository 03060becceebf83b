"""Who may do what: the one table. Nothing else decides, and what is not named here is refused.

An operation is allowed on *grounds*. A ground is a system role that the person holds, or a relation in which the
person stands to the thing. Pure: the caller says which grounds hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.errors import Forbidden


class Ground(StrEnum):
    """A reason for which a person may do something."""

    #: whoever presents a valid token
    AUTHENTICATED = "authenticated"
    #: system roles, granted by name
    ADMINISTRATOR = "administrator"
    DESIGNER = "designer"
    AUDITOR = "auditor"
    #: holds the lane of the first user task
    STARTER = "starter"
    #: took or may take part in the process instance
    PARTICIPANT = "participant"
    #: holds the lane's role, or is named for the lane by `lane_owners`
    CANDIDATE = "candidate"
    #: has claimed the user task, or was assigned to it
    ASSIGNEE = "assignee"


SYSTEM_ROLES = frozenset({Ground.ADMINISTRATOR, Ground.DESIGNER, Ground.AUDITOR})


class Operation(StrEnum):
    """Everything that a person can ask the service to do."""

    DEPLOY = "deployment.create"
    READ_DEFINITION = "process_definition.read"
    START = "process_instance.start"
    READ_INSTANCE = "process_instance.read"
    CANCEL = "process_instance.cancel"
    SUSPEND = "process_instance.suspend"
    RESUME = "process_instance.resume"
    READ_TASK = "user_task.read"
    CLAIM = "user_task.claim"
    ASSIGN_TO_OTHER = "user_task.assign_to_other"
    RELEASE = "user_task.release"
    SAVE_DRAFT = "user_task.save_draft"
    COMMENT = "user_task.comment"
    COMPLETE = "user_task.complete"
    READ_HISTORY = "history.read"


_INVOLVED = frozenset({Ground.PARTICIPANT, Ground.AUDITOR, Ground.ADMINISTRATOR})

TABLE: Mapping[Operation, frozenset[Ground]] = MappingProxyType(
    {
        Operation.DEPLOY: frozenset({Ground.DESIGNER, Ground.ADMINISTRATOR}),
        Operation.READ_DEFINITION: frozenset({Ground.AUTHENTICATED}),
        Operation.START: frozenset({Ground.STARTER}),
        Operation.READ_INSTANCE: _INVOLVED,
        Operation.CANCEL: frozenset({Ground.ADMINISTRATOR}),
        Operation.SUSPEND: frozenset({Ground.ADMINISTRATOR}),
        Operation.RESUME: frozenset({Ground.ADMINISTRATOR}),
        Operation.READ_TASK: _INVOLVED,
        Operation.CLAIM: frozenset({Ground.CANDIDATE}),
        Operation.ASSIGN_TO_OTHER: frozenset({Ground.ADMINISTRATOR}),
        Operation.RELEASE: frozenset({Ground.ASSIGNEE, Ground.ADMINISTRATOR}),
        Operation.SAVE_DRAFT: frozenset({Ground.CANDIDATE}),
        Operation.COMMENT: frozenset({Ground.PARTICIPANT, Ground.ADMINISTRATOR}),
        Operation.COMPLETE: frozenset({Ground.CANDIDATE}),
        Operation.READ_HISTORY: _INVOLVED,
    }
)


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated person in whose name a command runs."""

    user_id: UUID
    username: str
    #: lane names and system roles
    roles: frozenset[str]

    @property
    def grounds(self) -> frozenset[Ground]:
        """What holds for this person whatever the thing."""
        return frozenset({Ground.AUTHENTICATED}) | {role for role in SYSTEM_ROLES if role in self.roles}


def is_allowed(operation: Operation, actor: Actor, relations: Collection[Ground] = ()) -> bool:
    """Whether the actor, standing in these relations to the thing, may do it."""
    return bool(TABLE[operation] & (actor.grounds | set(relations)))


def require(operation: Operation, actor: Actor, relations: Collection[Ground] = ()) -> None:
    """Refuse what the table does not allow.

    Raises:
        Forbidden
    """
    if not is_allowed(operation, actor, relations):
        grounds = " or ".join(sorted(TABLE[operation]))
        raise Forbidden(f"{operation.value} is for: {grounds}.")
