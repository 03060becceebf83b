"""Process definitions and their forms: written once by `app.storage.deployments`; only their status changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.engine import definitions
from app.engine.definitions import Definition
from app.errors import (
    FormNotFound,
    ProcessDefinitionNotFound,
)
from app.storage import keyset, tables
from app.storage.moments import rfc3339

PROPOSED, APPROVED, REJECTED, RETIRED = "proposed", "approved", "rejected", "retired"


@dataclass(frozen=True, slots=True)
class ProcessDefinition:
    """One version of a process, without the diagram itself."""

    id: UUID
    deployment_id: UUID
    key: str
    #: 1, 2, 3 … within the key
    version: int
    name: str
    file_name: str
    #: SHA-256 of the diagram's bytes, in hexadecimal
    sha256: str
    #: over the diagram and its forms
    fingerprint: str
    #: proposed | approved | rejected | retired
    status: str
    #: who approved or rejected it, when and why; nobody where no second person was asked
    reviewed_by: str | None
    reviewed_at: datetime | None
    review_reason: str | None
    deployed_by: str
    deployed_at: datetime

    @property
    def process_definition_id(self) -> UUID:
        """Its own id, as an instance of it names it."""
        return self.id

    @property
    def title(self) -> str:
        """How a sentence about it begins."""
        return f"Version {self.version} of {self.key}"

    @property
    def as_told(self) -> dict[str, Any]:
        """What the history tells of it: which version, and the exact diagram and forms."""
        return {name: getattr(self, name) for name in ("key", "version", "sha256", "fingerprint")}

    @property
    def overtook(self) -> str:
        """What to tell somebody who meant to replace an older version."""
        return f"{self.title} was deployed by {self.deployed_by} at {rfc3339(self.deployed_at)}."


_definition = tables.process_definition.c
SELECT = select(
    *(column for column in tables.process_definition.c if column.name != "xml"),
    tables.deployment.c.deployed_by,
    tables.deployment.c.deployed_at,
).join_from(tables.process_definition, tables.deployment)


def get(session: Session, definition_id: UUID) -> ProcessDefinition:
    """One version.

    Raises:
        ProcessDefinitionNotFound
    """
    return _one(session, _definition.id == definition_id)


def numbered(session: Session, key: str, version: int) -> ProcessDefinition:
    """The version of a key that has this number.

    Raises:
        ProcessDefinitionNotFound
    """
    return _one(session, (_definition.key == key) & (_definition.version == version))


def newest(session: Session, key: str) -> ProcessDefinition:
    """The highest version of a key.

    Raises:
        ProcessDefinitionNotFound
    """
    return _one(session, _is_newest() & (_definition.key == key))


def _one(session: Session, condition: ColumnElement[bool]) -> ProcessDefinition:
    row = session.execute(SELECT.where(condition)).mappings().one_or_none()
    if row is None:
        raise ProcessDefinitionNotFound
    return ProcessDefinition(**row)


def ids_of(session: Session, key: str, version: int | None = None) -> Sequence[UUID]:
    """The ids of all versions of a key, or of the one of this number; none where there is no such."""
    query = select(_definition.id).where(_definition.key == key).order_by(_definition.version)
    return session.scalars(query if version is None else query.where(_definition.version == version)).all()


def current_of_each(session: Session) -> list[ProcessDefinition]:
    """Of every key the highest version and the highest approved one: what is proposed, and what is started."""
    current = or_(_is_newest(), _definition.version == _highest(APPROVED))
    query = SELECT.where(current).order_by(_definition.key, _definition.version)
    return [ProcessDefinition(**row) for row in session.execute(query).mappings()]


def search(
    session: Session, page: keyset.Page, *, key: str | None, status: str | None, only_latest: bool
) -> keyset.Slice[ProcessDefinition]:
    """Versions, by key and then newest first. The latest is the highest version of its key, whatever its status."""
    conditions = [] if key is None else [_definition.key == key]
    if status is not None:
        conditions.append(_definition.status == status)
    if only_latest:
        conditions.append(_is_newest())
    return keyset.fetch(
        session,
        SELECT.where(and_(True, *conditions)),
        page,
        sortable={"key": _definition.key, "version": _definition.version, "name": _definition.name},
        default_sort="key,-version",
        identity=_definition.id,
        build=lambda row: ProcessDefinition(**row),
    )


def _is_newest() -> ColumnElement[bool]:
    return _definition.version == _highest()


def _highest(*statuses: str) -> ColumnElement[int]:
    """The highest version of the row's key, of these statuses where any are named."""
    other = tables.process_definition.alias("other")
    highest = select(func.max(other.c.version)).where(other.c.key == _definition.key)
    return (highest.where(other.c.status.in_(statuses)) if statuses else highest).scalar_subquery()


def xml_of(session: Session, definition_id: UUID) -> bytes:
    """The diagram, byte for byte as it was uploaded.

    Raises:
        ProcessDefinitionNotFound
    """
    xml = session.scalar(select(_definition.xml).where(_definition.id == definition_id))
    if xml is None:
        raise ProcessDefinitionNotFound
    return bytes(xml)


def forms_of(session: Session, definition_id: UUID) -> dict[str, bytes]:
    """The forms by file name, byte for byte as they were uploaded."""
    form = tables.form.c
    rows = session.execute(select(form.name, form.content).where(form.process_definition_id == definition_id))
    return {row.name: bytes(row.content) for row in rows}


def form_of(session: Session, definition_id: UUID, name: str) -> bytes:
    """One form, byte for byte as it was uploaded.

    Raises:
        FormNotFound
    """
    form = tables.form.c
    content = session.scalar(select(form.content).where(form.process_definition_id == definition_id, form.name == name))
    if content is None:
        raise FormNotFound
    return bytes(content)


class Pinned(Protocol):
    """What is one version of a process, or runs one: a ProcessDefinition, a ProcessInstance."""

    @property
    def process_definition_id(self) -> UUID:
        """Of the version."""

    @property
    def key(self) -> str:
        """The process's id in the diagram."""

    @property
    def fingerprint(self) -> str:
        """Over the diagram and its forms."""


def parsed(session: Session, pinned: Pinned) -> Definition:
    """The definition as the engine runs it; read and parsed only when it is not in the cache."""

    def load() -> tuple[bytes, dict[str, bytes]]:
        definition_id = pinned.process_definition_id
        return xml_of(session, definition_id), forms_of(session, definition_id)

    return definitions.cached(pinned.key, pinned.fingerprint, load)


def parsed_of_instances(session: Session, instance_ids: Collection[UUID]) -> dict[UUID, Definition]:
    """The parsed definition of each of these instances."""
    instance = tables.process_instance.c
    rows = session.execute(
        select(instance.id, instance.process_definition_id, _definition.key, _definition.fingerprint)
        .join_from(tables.process_instance, tables.process_definition)
        .where(instance.id.in_(instance_ids))
    )
    return {row.id: parsed(session, row) for row in rows}
