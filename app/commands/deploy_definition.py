"""Deploy what was examined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import permissions
from app.errors import DeploymentOvertaken, ProcessDefinitionNotFound
from app.permissions import Actor, Operation
from app.storage import deployments, process_definitions, streams, tokens
from app.storage.deployments import Candidate
from app.storage.process_definitions import APPROVED, PROPOSED, ProcessDefinition
from app.storage.streams import NewEntry


@dataclass(frozen=True, slots=True)
class Deployment:
    """The versions that the uploaded processes have now."""

    id: UUID
    process_definitions: tuple[ProcessDefinition, ...]
    #: whether any of them is new
    created: bool


def deploy_definition(
    session: Session, candidates: Sequence[Candidate], actor: Actor, *, approval_required: bool, now: datetime
) -> Deployment:
    """Store a new version of every process that differs from its newest version.

    Args:
        approval_required: whether the versions are only proposed, until a second person approves them

    Raises:
        Forbidden
        DeploymentOvertaken: there is a newer version than the one that the upload was examined against.
    """
    actor = tokens.renew(session, actor, now=now)
    permissions.require(Operation.DEPLOY, actor)
    last_versions = deployments.lock_last_versions(session, [candidate.key for candidate in candidates])
    current = [_against_newest(session, candidate, last_versions.get(candidate.key, 0)) for candidate in candidates]
    unchanged = {c.key: c.newest for c in current if c.is_unchanged and c.newest is not None}
    changed = [candidate for candidate in current if candidate.key not in unchanged]
    if not changed:
        versions = tuple(unchanged.values())
        return Deployment(versions[0].deployment_id, versions, created=False)
    deployment_id = deployments.add(session, actor.username, now)
    status = PROPOSED if approval_required else APPROVED
    added = {candidate.key: _add(session, deployment_id, candidate, status) for candidate in changed}
    story = [entry for version in added.values() for entry in _told(version)]
    streams.append(session, "administration", story, actor=actor, now=now)
    versions = tuple((unchanged | added)[candidate.key] for candidate in candidates)
    return Deployment(deployment_id, versions, created=True)


def _against_newest(session: Session, candidate: Candidate, last_version: int) -> Candidate:
    """The candidate beside the version that is newest now; a newer one than when it was examined may only be equal."""
    current = replace(candidate, last_version=last_version)
    try:
        newest = process_definitions.newest(session, candidate.key)
    except ProcessDefinitionNotFound:
        return replace(current, newest=None)
    current = replace(current, newest=newest)
    # Nothing is overtaken where the version that it was examined against has been deleted meanwhile.
    if not current.is_unchanged and (candidate.newest is None or candidate.newest.version < newest.version):
        raise DeploymentOvertaken(newest.overtook)
    return current


def _add(session: Session, deployment_id: UUID, candidate: Candidate, status: str) -> ProcessDefinition:
    try:
        return deployments.add_version(session, deployment_id, candidate, status)
    except IntegrityError as first_version_added_meanwhile:
        raise DeploymentOvertaken from first_version_added_meanwhile


def _told(version: ProcessDefinition) -> list[NewEntry]:
    """Proposed in any case; and approved at once where no second person is asked."""
    proposed = NewEntry("process_definition_proposed", str(version.id), version.as_told)
    if version.status == PROPOSED:
        return [proposed]
    return [proposed, NewEntry("process_definition_approved", str(version.id), version.as_told | {"reason": None})]
