"""Read how long work takes, by version and element, beside the standard times of the diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.definitions import Definition
from app.engine.quality import is_duration, standard_time
from app.storage import process_definitions, statistics
from app.storage.process_definitions import ProcessDefinition
from app.storage.statistics import MAX_GROUPS, ElementFigures, InstanceFigures, Wanted


@dataclass(frozen=True, slots=True)
class MeasuredElement:
    """A user task, with what its version says of it."""

    version: ProcessDefinition
    #: None where the version has no such element any more
    name: str | None
    #: ISO 8601, and in seconds of calendar time
    standard_time: str | None
    standard_seconds: float | None
    figures: ElementFigures


@dataclass(frozen=True, slots=True)
class MeasuredVersion:
    """The instances of a version."""

    version: ProcessDefinition
    figures: InstanceFigures


@dataclass(frozen=True, slots=True)
class Statistics:
    """All that was measured, by key, version, element and month."""

    elements: list[MeasuredElement]
    versions: list[MeasuredVersion]
    #: whether there is more
    truncated: bool


def read_statistics(session: Session, wanted: Wanted) -> Statistics:
    """Figures of user tasks that were completed, and instances that started and ended, within the period."""
    elements, instances = statistics.of_elements(session, wanted), statistics.of_instances(session, wanted)
    truncated = max(len(elements), len(instances)) > MAX_GROUPS
    elements, instances = elements[:MAX_GROUPS], instances[:MAX_GROUPS]
    of_work = {each.process_definition_id for each in elements}
    ids = of_work | {each.process_definition_id for each in instances}
    versions = {id_: process_definitions.get(session, id_) for id_ in ids}
    parsed = {id_: process_definitions.parsed(session, versions[id_]) for id_ in of_work}
    measured = [_measured(each, versions, parsed) for each in elements]
    of_versions = [MeasuredVersion(versions[each.process_definition_id], each) for each in instances]
    return Statistics(
        sorted(measured, key=lambda each: (*_place(each.version), each.figures.element_id, each.figures.month or "")),
        sorted(of_versions, key=lambda each: (*_place(each.version), each.figures.month or "")),
        truncated,
    )


def _place(version: ProcessDefinition) -> tuple[str, int]:
    return version.key, version.version


def _measured(
    figures: ElementFigures, versions: dict[UUID, ProcessDefinition], parsed: dict[UUID, Definition]
) -> MeasuredElement:
    element = parsed[figures.process_definition_id].user_tasks.get(figures.element_id)
    waktu = None if element is None else element.quality.waktu or None
    known = waktu is not None and is_duration(waktu)
    return MeasuredElement(
        version=versions[figures.process_definition_id],
        name=None if element is None else element.name,
        standard_time=waktu if known else None,
        standard_seconds=standard_time(waktu).total_seconds() if waktu is not None and known else None,
        figures=figures,
    )
