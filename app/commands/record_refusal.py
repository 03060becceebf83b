"""Record that somebody tried what they may not do, or what was not theirs to do then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import (
    Forbidden,
    ProcessInstanceNotActive,
    ProcessInstanceNotFound,
    ServiceError,
    SubstitutionNotFound,
    TokenNotFound,
    UserTaskClaimed,
    UserTaskClosed,
    UserTaskNotFound,
)
from app.permissions import Actor, Operation
from app.storage import streams, target_resources
from app.storage.streams import NewEntry
from app.storage.target_resources import TargetResource

#: by right, or because it is not, or no longer, their turn
_BY_RIGHT_OR_TURN = (Forbidden, UserTaskClaimed, UserTaskClosed, ProcessInstanceNotActive)
#: perhaps by right: who may not know of a thing hears what they would hear if it were not there
_PERHAPS_HIDDEN = (ProcessInstanceNotFound, UserTaskNotFound, TokenNotFound, SubstitutionNotFound)
#: characters that the column of the subject holds; no path that leads to anything is longer
_MAX_PATH = 255


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody tried. Nothing of what they wrote: it was refused, and here it could never be erased."""

    method: str
    path: str
    #: what the path names, by the names of its parameters
    named: Mapping[str, str]
    operations: Collection[Operation]
    #: in whose name they said to act
    on_behalf_of: str | None


def is_recorded(refusal: ServiceError) -> bool:
    """Whether such a refusal is recorded, at least where the thing is there."""
    return isinstance(refusal, (*_BY_RIGHT_OR_TURN, *_PERHAPS_HIDDEN))


def record_refusal(session: Session, actor: Actor, attempt: Attempt, refusal: ServiceError, *, now: datetime) -> None:
    """Write `attempt_refused` into the `access` stream, which locks no instance; not of a thing that is not there."""
    target = target_resources.find(session, attempt.named)
    if target is None and isinstance(refusal, _PERHAPS_HIDDEN):
        return
    about, path = target or TargetResource(), attempt.path[:_MAX_PATH]
    payload = {
        "method": attempt.method,
        "path": path,
        "operations": [operation.value for operation in attempt.operations],
        "code": refusal.code,
        "on_behalf_of": attempt.on_behalf_of,
        "user_task_id": about.user_task_id and str(about.user_task_id),
        "element_id": about.element_id,
    }
    entry = NewEntry("attempt_refused", str(about.id or path), payload, about.process_instance_id)
    streams.append(session, "access", [entry], actor=actor, now=now)
