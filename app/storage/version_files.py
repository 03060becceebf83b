"""The files of a version, and the version that came before it: what is asked of versions that are compared."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.diff import Files
from app.storage import process_definitions, tables
from app.storage.process_definitions import ProcessDefinition

_definition = tables.process_definition.c


def files_of(session: Session, definition_id: UUID) -> Files:
    """The diagram and the forms of a version, byte for byte.

    Raises:
        ProcessDefinitionNotFound
    """
    xml = process_definitions.xml_of(session, definition_id)
    return Files(xml, process_definitions.forms_of(session, definition_id))


def before(session: Session, version: ProcessDefinition) -> ProcessDefinition | None:
    """The version of the same process with the next lower number, whatever its status; None of the first."""
    earlier = (_definition.key == version.key) & (_definition.version < version.version)
    query = process_definitions.SELECT.where(earlier).order_by(_definition.version.desc()).limit(1)
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else ProcessDefinition(**row)
