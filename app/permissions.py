"""Who may do what: the one table. Nothing else decides, and what is not named here is refused.

An operation is allowed on *grounds*, and through a token of the right *scope*. A ground is a system role that the
person holds, or a relation in which the person stands to the thing. Pure: the caller says which grounds hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.errors import Forbidden, ScopeMissing


class Ground(StrEnum):
    """A reason for which a person may do something."""

    #: whoever presents a valid token
    AUTHENTICATED = "authenticated"
    #: system roles, granted by name
    ADMINISTRATOR = "administrator"
    DESIGNER = "designer"
    AUDITOR = "auditor"
    STARTER = "starter"
    #: holds the lane of the first user task, or stands in for who does
    FIRST_PERFORMER = "first_performer"
    #: took or may take part in the process instance
    PARTICIPANT = "participant"
    #: holds the lane's role, or is named for the lane by `lane_owners`, or stands in for such a person
    CANDIDATE = "candidate"
    #: has claimed the user task, or was assigned to it, or is the one in whose name it was claimed
    ASSIGNEE = "assignee"
    #: it is the person's own: their token, their standing in
    OWNER = "owner"


SYSTEM_ROLES = frozenset({Ground.ADMINISTRATOR, Ground.DESIGNER, Ground.AUDITOR, Ground.STARTER})


class Scope(StrEnum):
    """What a token may be used for, at most; its owner's grounds decide besides."""

    TASKS = "tasks"
    READ = "read"
    DEPLOY = "deploy"
    AUDIT = "audit"
    ADMIN = "admin"


ALL_SCOPES = frozenset(Scope)


class Operation(StrEnum):
    """Everything that a person can ask the service to do."""

    DEPLOY = "deployment.create"
    READ_DEFINITION = "process_definition.read"
    REVIEW_DEFINITION = "process_definition.review"
    RETIRE_DEFINITION = "process_definition.retire"
    DELETE_DEFINITION = "process_definition.delete"
    START = "process_instance.start"
    READ_INSTANCE = "process_instance.read"
    CANCEL = "process_instance.cancel"
    SUSPEND = "process_instance.suspend"
    RESUME = "process_instance.resume"
    MIGRATE = "process_instance.migrate"
    READ_TASK = "user_task.read"
    CLAIM = "user_task.claim"
    ASSIGN_TO_OTHER = "user_task.assign_to_other"
    RELEASE = "user_task.release"
    SAVE_DRAFT = "user_task.save_draft"
    COMMENT = "user_task.comment"
    COMPLETE = "user_task.complete"
    READ_HISTORY = "history.read"
    READ_STREAM = "history.read_stream"
    READ_STATISTICS = "history.read_statistics"
    EXPORT_HISTORY = "history.export"
    READ_USER = "user.read"
    READ_IDENTITY = "user.read_identity"
    CHANGE_USER = "user.change"
    READ_ROLE = "role.read"
    CHANGE_ROLE = "role.change"
    READ_POSITION = "position.read"
    CHANGE_POSITION = "position.change"
    READ_TOKEN = "token.read"  # noqa: S105 - no secret
    READ_ANY_TOKEN = "token.read_any"  # noqa: S105 - no secret
    ISSUE_TOKEN = "token.issue"  # noqa: S105 - no secret
    REVOKE_TOKEN = "token.revoke"  # noqa: S105 - no secret
    REVOKE_ANY_TOKEN = "token.revoke_any"  # noqa: S105 - no secret
    READ_SUBSTITUTION = "substitution.read"
    MAKE_SUBSTITUTION = "substitution.make"
    REVOKE_SUBSTITUTION = "substitution.revoke"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do an operation: one of the grounds must hold, and the token must have one of the scopes."""

    grounds: frozenset[Ground]
    scopes: frozenset[Scope]


def _rule(grounds: Collection[Ground], *scopes: Scope) -> Rule:
    return Rule(frozenset(grounds), frozenset(scopes))


_ADMINISTRATOR = {Ground.ADMINISTRATOR}
_DESIGNING = {Ground.DESIGNER, Ground.ADMINISTRATOR}
_INVOLVED = {Ground.PARTICIPANT, Ground.AUDITOR, Ground.ADMINISTRATOR}
_SUPERVISION = {Ground.AUDITOR, Ground.ADMINISTRATOR}
_OWN = {Ground.OWNER, Ground.ADMINISTRATOR}
_READING = (Scope.READ, Scope.TASKS, Scope.AUDIT)
_PEOPLE = (Scope.ADMIN, Scope.AUDIT)

TABLE: Mapping[Operation, Rule] = MappingProxyType(
    {
        Operation.DEPLOY: _rule(_DESIGNING, Scope.DEPLOY),
        Operation.READ_DEFINITION: _rule({Ground.AUTHENTICATED}, *Scope),
        Operation.REVIEW_DEFINITION: _rule(_DESIGNING, Scope.DEPLOY),
        Operation.RETIRE_DEFINITION: _rule(_DESIGNING, Scope.DEPLOY),
        Operation.DELETE_DEFINITION: _rule(_DESIGNING, Scope.DEPLOY),
        Operation.START: _rule({Ground.FIRST_PERFORMER, Ground.STARTER}, Scope.TASKS),
        Operation.READ_INSTANCE: _rule(_INVOLVED, *_READING),
        Operation.CANCEL: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.SUSPEND: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.RESUME: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.MIGRATE: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.READ_TASK: _rule(_INVOLVED, *_READING),
        Operation.CLAIM: _rule({Ground.CANDIDATE}, Scope.TASKS),
        Operation.ASSIGN_TO_OTHER: _rule({Ground.ASSIGNEE, Ground.ADMINISTRATOR}, Scope.TASKS, Scope.ADMIN),
        Operation.RELEASE: _rule({Ground.ASSIGNEE, Ground.ADMINISTRATOR}, Scope.TASKS, Scope.ADMIN),
        Operation.SAVE_DRAFT: _rule({Ground.CANDIDATE}, Scope.TASKS),
        Operation.COMMENT: _rule({Ground.PARTICIPANT, Ground.ADMINISTRATOR}, Scope.TASKS),
        Operation.COMPLETE: _rule({Ground.CANDIDATE}, Scope.TASKS),
        Operation.READ_HISTORY: _rule(_INVOLVED, Scope.READ, Scope.AUDIT),
        Operation.READ_STREAM: _rule(_SUPERVISION, Scope.READ, Scope.AUDIT),
        Operation.READ_STATISTICS: _rule(_SUPERVISION, Scope.READ, Scope.AUDIT),
        Operation.EXPORT_HISTORY: _rule(_SUPERVISION, Scope.READ, Scope.AUDIT),
        Operation.READ_USER: _rule(_SUPERVISION, *_PEOPLE),
        Operation.READ_IDENTITY: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.CHANGE_USER: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.READ_ROLE: _rule(_SUPERVISION, *_PEOPLE),
        Operation.CHANGE_ROLE: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.READ_POSITION: _rule(_SUPERVISION, *_PEOPLE),
        Operation.CHANGE_POSITION: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.READ_TOKEN: _rule({Ground.OWNER}, *Scope),
        Operation.READ_ANY_TOKEN: _rule(_SUPERVISION, *_PEOPLE),
        Operation.ISSUE_TOKEN: _rule({Ground.OWNER}, *Scope),
        Operation.REVOKE_TOKEN: _rule({Ground.OWNER}, *Scope),
        Operation.REVOKE_ANY_TOKEN: _rule(_ADMINISTRATOR, Scope.ADMIN),
        Operation.READ_SUBSTITUTION: _rule(_OWN | _SUPERVISION, Scope.READ, Scope.TASKS, *_PEOPLE),
        Operation.MAKE_SUBSTITUTION: _rule(_OWN, Scope.ADMIN),
        Operation.REVOKE_SUBSTITUTION: _rule(_OWN, Scope.ADMIN),
    }
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody in whose name another may act for a time (Plh, Plt)."""

    username: str
    #: lane names; whoever stands in gets none of the system roles
    roles: frozenset[str]
    user_id: UUID
    #: number of the letter by which it was ordered
    letter: str
    substitution_id: UUID


#: of the command line on the machine itself, which has no account
OPERATOR_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Actor:
    """The authenticated person who asks."""

    user_id: UUID
    username: str
    #: lane names and system roles
    roles: frozenset[str]
    #: those of the roles that an outside provider vouches for, and nobody granted here
    outside_roles: frozenset[str] = frozenset()
    #: of the token
    scopes: frozenset[Scope] = ALL_SCOPES
    #: by which token the person came; None: by one of an outside provider, or from the command line
    token_id: UUID | None = None
    #: of the request by which the person asks
    request_id: str | None = None
    #: for whom the person stands in at this moment
    principals: tuple[Principal, ...] = ()

    @property
    def persons(self) -> tuple[Actor | Principal, ...]:
        """The person, and those for whom they stand in."""
        return (self, *self.principals)

    @property
    def grounds(self) -> frozenset[Ground]:
        """What holds for this person whatever the thing."""
        return frozenset({Ground.AUTHENTICATED}) | {role for role in SYSTEM_ROLES if role in self.roles}


@dataclass(frozen=True, slots=True)
class Performer:
    """Who really does something, and in whose name."""

    actor: Actor
    principal: Principal | None = None

    @property
    def username(self) -> str:
        """Who really acts."""
        return self.actor.username

    @property
    def on_behalf_of(self) -> str | None:
        """In whose name; None: in their own."""
        return None if self.principal is None else self.principal.username

    @property
    def basis(self) -> str | None:
        """The letter that allows it."""
        return None if self.principal is None else self.principal.letter

    @property
    def usernames(self) -> frozenset[str]:
        """Both of them."""
        return frozenset({self.actor.username} | ({self.principal.username} if self.principal else set()))


def is_allowed(operation: Operation, actor: Actor, relations: Collection[Ground] = ()) -> bool:
    """Whether the actor, standing in these relations to the thing, may do it."""
    rule = TABLE[operation]
    return bool(rule.scopes & actor.scopes) and bool(rule.grounds & (actor.grounds | set(relations)))


def require(operation: Operation, actor: Actor, relations: Collection[Ground] = ()) -> None:
    """Refuse what the table does not allow.

    Raises:
        ScopeMissing, Forbidden
    """
    require_scope([operation], actor)
    if not is_allowed(operation, actor, relations):
        grounds = " or ".join(sorted(TABLE[operation].grounds))
        raise Forbidden(f"{operation.value} is for: {grounds}.")


def require_scope(operations: Collection[Operation], actor: Actor) -> None:
    """Refuse a token that is not meant for any of these operations, whatever its owner may do.

    Raises:
        ScopeMissing
    """
    accepted = frozenset[Scope]().union(*(TABLE[operation].scopes for operation in operations))
    if not accepted & actor.scopes:
        held = ", ".join(sorted(actor.scopes)) or "none"
        raise ScopeMissing(f"This needs a token with one of the scopes: {', '.join(sorted(accepted))}. It has: {held}.")


def require_system_role(operations: Collection[Operation], actor: Actor) -> None:
    """Refuse whoever lacks a system role for what nothing but a system role allows.

    Raises:
        Forbidden
    """
    grounds = frozenset[Ground]().union(*(TABLE[operation].grounds for operation in operations))
    if grounds <= SYSTEM_ROLES and not grounds & actor.grounds:
        raise Forbidden(f"This is for: {' or '.join(sorted(grounds))}.")
