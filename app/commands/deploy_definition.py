"""Deploy what was examined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import permissions
from app.errors import Conflict, ProcessDefinitionNotFound
from app.permissions import Actor, Operation
from app.storage import process_definitions, tokens
from app.storage.process_definitions import Candidate, ProcessDefinition


class DeploymentOvertaken(Conflict):
    """Somebody else deployed a version of this process meanwhile; deploy again"""

    code = "deployment_overtaken"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The versions that the uploaded processes have now."""

    id: UUID
    process_definitions: tuple[ProcessDefinition, ...]
    #: whether any of them is new
    created: bool


def deploy_definition(session: Session, candidates: Sequence[Candidate], actor: Actor, *, now: datetime) -> Deployment:
    """Store a new version of every process that differs from its newest version.

    Raises:
        Forbidden
        DeploymentOvertaken: the newest version is not the one that the upload was examined against.
    """
    actor = tokens.renew(session, actor, now=now)
    permissions.require(Operation.DEPLOY, actor)
    current = [_against_newest(session, candidate) for candidate in candidates]
    unchanged = {c.key: c.newest for c in current if c.is_unchanged and c.newest is not None}
    changed = [candidate for candidate in candidates if candidate.key not in unchanged]
    if not changed:
        versions = tuple(unchanged.values())
        return Deployment(versions[0].deployment_id, versions, created=False)
    deployment_id = process_definitions.add_deployment(session, actor.username, now)
    added = {candidate.key: _add(session, deployment_id, candidate) for candidate in changed}
    versions = tuple((unchanged | added)[candidate.key] for candidate in candidates)
    return Deployment(deployment_id, versions, created=True)


def _against_newest(session: Session, candidate: Candidate) -> Candidate:
    """The candidate beside the version that is newest now; another one than when it was examined may only be equal."""
    try:
        newest = process_definitions.newest(session, candidate.key)
    except ProcessDefinitionNotFound:
        return candidate
    current = replace(candidate, newest=newest)
    if candidate.newest != newest and not current.is_unchanged:
        raise DeploymentOvertaken(f"{newest.deployed_by} deployed version {newest.version} meanwhile.")
    return current


def _add(session: Session, deployment_id: UUID, candidate: Candidate) -> ProcessDefinition:
    try:
        return process_definitions.add(session, deployment_id, candidate)
    except IntegrityError as same_version_added_meanwhile:
        raise DeploymentOvertaken from same_version_added_meanwhile
