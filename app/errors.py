"""What Jenjang refuses, and the words it uses. Knows nothing of HTTP, SQL or the engine.

The docstring of an error class is its title; `code` is stable and part of the interface.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One value that was refused, by its place in the request."""

    #: JSON Pointer (RFC 6901) from the root of the body, such as `/variables/catatan`, or the parameter's name
    pointer: str
    code: str
    reason: str


def json_pointer(steps: Iterable[str | int]) -> str:
    """The JSON Pointer (RFC 6901) to the value that these steps lead to."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or doubtful, in an uploaded diagram or form."""

    code: str
    #: what is wrong, in words of BPMN
    reason: str
    #: what to do about it
    hint: str
    #: id of the element (its nearest ancestor's where it has none); None where the whole document is meant
    element_id: str | None = None
    #: line inside the file, from 1
    line: int = 1
    #: base name of the uploaded file
    file: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        """As clients get it."""
        return asdict(self)


class ServiceError(Exception):
    """The request was refused"""

    #: stable; part of the interface
    code: str = "refused"

    def __init__(self, detail: str | None = None, *, errors: Iterable[FieldError] = ()) -> None:
        self.detail = detail or self.title
        self.errors = tuple(errors)
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        """The class's docstring: one text, never two."""
        return (type(self).__doc__ or "").strip()


class Malformed(ServiceError):
    """The request cannot be read"""

    code = "malformed"


class HostRefused(Malformed):
    """This host name is not served here"""

    code = "host_refused"


class Unauthenticated(ServiceError):
    """A valid bearer token is needed"""

    code = "unauthenticated"


class InvalidToken(Unauthenticated):
    """The bearer token is unknown or no longer valid"""

    code = "invalid_token"


class TooManyFailedAuthentications(ServiceError):
    """Too many attempts with bad credentials came from this address"""

    code = "too_many_failed_authentications"

    def __init__(self, retry_after: int) -> None:
        #: seconds until the next attempts are heard; a valid token is heard at once
        self.retry_after = retry_after
        super().__init__()


class Forbidden(ServiceError):
    """The role for this is missing"""

    code = "forbidden"


class ScopeMissing(Forbidden):
    """The token has no scope for this"""

    code = "scope_missing"


class NotStandingIn(Forbidden):
    """You do not stand in for this person"""

    code = "not_standing_in"


class FourEyes(Forbidden):
    """Somebody else must do this"""

    code = "four_eyes"


class NotFound(ServiceError):
    """There is no such thing"""

    code = "not_found"


class Conflict(ServiceError):
    """The state does not allow this"""

    code = "conflict"


class NotAcceptable(ServiceError):
    """There is no answer of a type that is accepted"""

    code = "not_acceptable"


class Stale(ServiceError):
    """It changed since it was read"""

    code = "stale"


class TooLarge(ServiceError):
    """The request is too large"""

    code = "too_large"


class UnsupportedMediaType(ServiceError):
    """This content type is not accepted here"""

    code = "unsupported_media_type"


class Refused(ServiceError):
    """The request was understood and refused"""

    code = "refused"


class Unavailable(ServiceError):
    """The database is busy or away"""

    code = "unavailable"


class Busy(Unavailable):
    """Too much of this is being done at this moment; try again in some seconds"""

    code = "busy"


class ProviderAway(Unavailable):
    """The OpenID provider cannot be asked for its keys"""

    code = "openid_provider_away"


class DiagramRefused(Refused):
    """The diagram cannot be deployed"""

    code = "diagram_refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problem(s) must be mended before this can be deployed.")


class FormRefused(Refused):
    """The submitted values do not fit the form"""

    code = "form_refused"


class ProcessStuck(Conflict):
    """The process cannot go on from here; nothing was changed"""

    def __init__(self, code: str, element_id: str, detail: str) -> None:
        #: why: no_matching_flow, expression_failed, …
        self.code = code
        #: where, in the diagram
        self.element_id = element_id
        super().__init__(detail)


class ProcessDefinitionNotFound(NotFound):
    """There is no such process definition"""

    code = "process_definition_not_found"


class ProcessDefinitionNotApproved(Conflict):
    """This version of the process is not approved"""

    code = "process_definition_not_approved"


class ProcessDefinitionNotProposed(Conflict):
    """This version of the process is no longer proposed"""

    code = "process_definition_not_proposed"


class ProcessDefinitionNotRetired(Conflict):
    """This version of the process is not retired"""

    code = "process_definition_not_retired"


class ProcessDefinitionInUse(Conflict):
    """Process instances need this version of the process"""

    code = "process_definition_in_use"


class DeploymentOvertaken(Conflict):
    """Somebody else deployed a version of this process meanwhile; deploy again"""

    code = "deployment_overtaken"


class SopSheetTooWide(Conflict):
    """The SOP sheet has more columns than fit on a page"""

    code = "sop_sheet_too_wide"


class SopSheetTooLarge(Conflict):
    """The SOP sheet is too large to be drawn"""

    code = "sop_sheet_too_large"


class EvidenceTooLarge(Conflict):
    """The dossier of this process instance is too large to be drawn"""

    code = "evidence_too_large"


class AuditKeyNotFound(NotFound):
    """No key that signs checkpoints was made yet"""

    code = "audit_key_not_found"


class FormNotFound(NotFound):
    """The process definition has no form of this name"""

    code = "form_not_found"


class ProcessInstanceNotFound(NotFound):
    """There is no such process instance"""

    code = "process_instance_not_found"


class UserTaskNotFound(NotFound):
    """There is no such user task"""

    code = "user_task_not_found"


class UserNotFound(NotFound):
    """There is no such user"""

    code = "user_not_found"


class PositionNotFound(NotFound):
    """There is no such position"""

    code = "position_not_found"


class TokenNotFound(NotFound):
    """There is no such token"""

    code = "token_not_found"


class SubstitutionNotFound(NotFound):
    """There is no such substitution"""

    code = "substitution_not_found"


class UsernameTaken(Conflict):
    """There is a user of this name already"""

    code = "username_taken"


class NipTaken(Conflict):
    """Somebody else has this NIP"""

    code = "nip_taken"


class PositionTaken(Conflict):
    """There is a position of this name in this unit already"""

    code = "position_taken"


class LastAdministrator(Conflict):
    """Somebody must remain administrator"""

    code = "last_administrator"


class UserRefused(Refused):
    """This cannot be written down of a user"""

    code = "user_refused"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        found = tuple(errors)
        super().__init__(" ".join(error.reason for error in found), errors=found)


class RoleUnknown(Refused):
    """There is no such role"""

    code = "role_unknown"


class UserTaskClosed(Conflict):
    """The user task is no longer open"""

    code = "user_task_closed"


class UserTaskClaimed(Conflict):
    """The user task is claimed by somebody else"""

    code = "user_task_claimed"


class UserTaskNotClaimed(Conflict):
    """Nobody has claimed the user task"""

    code = "user_task_not_claimed"


class PrincipalAmbiguous(Conflict):
    """It must be said on whose behalf"""

    code = "principal_ambiguous"


class ProcessInstanceNotActive(Conflict):
    """The process instance is not active"""

    code = "process_instance_not_active"


class ProcessInstanceNotSuspended(Conflict):
    """The process instance is not suspended"""

    code = "process_instance_not_suspended"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a process instance cannot be moved to another version, at one of the elements where it stands."""

    #: in the diagram of the version that it runs
    element_id: str
    code: str
    reason: str


class MigrationRefused(Conflict):
    """The process instance cannot be moved to this version"""

    code = "process_instance_not_migratable"

    def __init__(self, obstacles: Iterable[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)
        super().__init__(" ".join(dict.fromkeys(obstacle.reason for obstacle in self.obstacles)))


class NothingToMigrate(Conflict):
    """The process instance runs this version already"""

    code = "nothing_to_migrate"


class MappingRefused(Refused):
    """The mapping of elements cannot be followed"""

    code = "mapping_refused"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        found = tuple(errors)
        super().__init__(" ".join(dict.fromkeys(error.reason for error in found)), errors=found)


class BodyRefused(Refused):
    """The body does not have the expected shape"""

    code = "body_refused"


class ParameterRefused(Refused):
    """A parameter was refused"""

    code = "parameter_refused"


class IdempotencyKeyInUse(Conflict):
    """A request with this Idempotency-Key is still running"""

    code = "idempotency_key_in_use"


class IdempotencyKeyReused(Refused):
    """This Idempotency-Key was used for another request"""

    code = "idempotency_key_reused"
