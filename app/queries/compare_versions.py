"""Compare two stored versions of a process."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.diff import Difference, compare
from app.errors import FieldError, ParameterRefused
from app.storage import process_definitions, version_files
from app.storage.database import Database
from app.storage.process_definitions import ProcessDefinition


@dataclass(frozen=True, slots=True)
class ComparedVersions:
    """Two versions, and what the newer says otherwise."""

    #: None where there was no version before
    old: ProcessDefinition | None
    new: ProcessDefinition
    differences: tuple[Difference, ...]


def compare_versions(database: Database, definition_id: UUID, to: UUID | None) -> ComparedVersions:
    """What `to` says otherwise than a version; without `to`, what the version says otherwise than the one before it.

    No transaction is open while they are compared.

    Raises:
        ProcessDefinitionNotFound
        ParameterRefused: they are of different processes.
    """
    with database.reading() as session:
        old, new = _versions(session, definition_id, to)
        old_files = None if old is None else version_files.files_of(session, old.id)
        new_files = version_files.files_of(session, new.id)
    return ComparedVersions(old, new, compare(new.key, old_files, new_files))


def _versions(
    session: Session, definition_id: UUID, to: UUID | None
) -> tuple[ProcessDefinition | None, ProcessDefinition]:
    this = process_definitions.get(session, definition_id)
    if to is None:
        return version_files.before(session, this), this
    other = process_definitions.get(session, to)
    if other.key != this.key:
        reason = f"It is a version of {other.key}; this is one of {this.key}."
        raise ParameterRefused(errors=[FieldError("to", "other_process", reason)])
    return this, other
