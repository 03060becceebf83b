"""Deployments: what was handed in together, and what becomes the next version of each process."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from app.engine import definitions
from app.errors import DeploymentOvertaken, FieldError, ParameterRefused
from app.storage import process_definitions, tables
from app.storage.process_definitions import ProcessDefinition

_process = tables.process.c


@dataclass(frozen=True, slots=True)
class Candidate:
    """One process of an upload, ready to become a version."""

    key: str
    name: str
    file_name: str
    xml: bytes
    #: those that the process uses, uploaded or taken over from the newest version
    forms: Mapping[str, bytes]
    #: what stood when it was examined
    newest: ProcessDefinition | None
    #: the highest number that a version of this process ever had; 0 for a new process
    last_version: int

    @property
    def fingerprint(self) -> str:
        """Over the diagram and its forms."""
        return definitions.fingerprint(self.xml, self.forms)

    @property
    def is_unchanged(self) -> bool:
        """Whether the newest version is this very diagram with these very forms."""
        return self.newest is not None and self.newest.fingerprint == self.fingerprint

    @property
    def next_version(self) -> int:
        """The version that it is or would become."""
        return self.newest.version if self.newest is not None and self.is_unchanged else self.last_version + 1


def add(session: Session, deployed_by: str, now: datetime) -> UUID:
    """Record that somebody deployed; the definitions that came with it follow."""
    deployment_id = uuid7()
    session.execute(insert(tables.deployment), {"id": deployment_id, "deployed_by": deployed_by, "deployed_at": now})
    return deployment_id


def add_version(session: Session, deployment_id: UUID, candidate: Candidate, status: str) -> ProcessDefinition:
    """Store the next version of a process, whose numbers the caller has locked, with its forms."""
    definition_id = uuid7()
    _count(session, candidate)
    row = {
        "id": definition_id,
        "deployment_id": deployment_id,
        "key": candidate.key,
        "version": candidate.next_version,
        "name": candidate.name,
        "file_name": candidate.file_name,
        "sha256": hashlib.sha256(candidate.xml).hexdigest(),
        "fingerprint": candidate.fingerprint,
        "xml": candidate.xml,
        "status": status,
    }
    session.execute(insert(tables.process_definition), row)
    if candidate.forms:
        forms = [{"process_definition_id": definition_id, "name": n, "content": c} for n, c in candidate.forms.items()]
        session.execute(insert(tables.form), forms)
    return process_definitions.get(session, definition_id)


def _count(session: Session, candidate: Candidate) -> None:
    row = {"key": candidate.key, "last_version": candidate.next_version}
    if candidate.last_version == 0:
        session.execute(insert(tables.process), row)
    else:
        session.execute(update(tables.process).where(_process.key == candidate.key), row)


def require_newest(session: Session, based_on: UUID, candidates: Collection[Candidate]) -> None:
    """Refuse to replace anything but the version that the designer began with. What changes nothing passes.

    Raises:
        ProcessDefinitionNotFound, DeploymentOvertaken
        ParameterRefused: the version is of a process that is not among the candidates.
    """
    base = process_definitions.get(session, based_on)
    for candidate in candidates:
        if candidate.key == base.key:
            current = process_definitions.newest(session, base.key)
            if current.id != base.id and not replace(candidate, newest=current).is_unchanged:
                raise DeploymentOvertaken(current.overtook)
            return
    reason = f"It is a version of {base.key}, which is not in the uploaded files."
    raise ParameterRefused(errors=[FieldError("based_on", "other_process", reason)])


def last_version(session: Session, key: str) -> int:
    """The highest number that a version of this process ever had, also one that was deleted; 0 where there is none."""
    return session.scalar(select(_process.last_version).where(_process.key == key)) or 0


def lock_last_versions(session: Session, keys: Collection[str]) -> dict[str, int]:
    """As `last_version`, of those of the processes that are known; nobody else deploys them until the transaction ends.

    All are locked at once and always in the same order, so that no two deployments wait for each other.
    """
    query = select(_process.key, _process.last_version).where(_process.key.in_(keys)).order_by(_process.key)
    return {row.key: row.last_version for row in session.execute(query.with_for_update())}
