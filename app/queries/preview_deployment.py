"""Preview a deployment: what was changed, whom it touches, and what the SOP sheet would then look like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.engine import definitions
from app.engine.diff import Difference, Files, compare
from app.engine.sheet_differences import SheetDifference, compare_sheets
from app.engine.sop_sheet import read_sheet
from app.queries.examine_upload import Examined
from app.queries.find_touched_instances import TouchedInstances, find_touched_instances
from app.storage import version_files
from app.storage.database import Database
from app.storage.deployments import Candidate
from app.storage.process_definitions import ProcessDefinition


@dataclass(frozen=True, slots=True)
class ProcessPreview:
    """What the deployment of one process would change."""

    key: str
    #: the newest version; None where there is none
    replaces: ProcessDefinition | None
    differences: tuple[Difference, ...]
    instances: TouchedInstances
    sheet_differences: tuple[SheetDifference, ...]
    #: of the sheet, such as "47 hari 13 menit"; the old one None where there is no version before
    old_total: str | None
    new_total: str


def preview_deployment(database: Database, examined: Examined, now: datetime) -> tuple[ProcessPreview, ...]:
    """What would change, process by process. Nothing is written, and no transaction is open while the engine works."""
    return tuple(_preview(database, candidate, now) for candidate in examined.candidates)


def _preview(database: Database, candidate: Candidate, now: datetime) -> ProcessPreview:
    key, replaced, new = candidate.key, candidate.newest, Files(candidate.xml, candidate.forms)
    old = None if replaced is None else _files_of(database, replaced)
    definition = definitions.cached(key, candidate.fingerprint, lambda: (new.xml, new.forms))
    old_sheet, new_sheet = None if old is None else read_sheet(key, old.xml), read_sheet(key, new.xml)
    return ProcessPreview(
        key=key,
        replaces=replaced,
        differences=compare(key, old, new),
        instances=find_touched_instances(database, key, definition, now),
        sheet_differences=compare_sheets(old_sheet, new_sheet),
        old_total=None if old_sheet is None else old_sheet.total_text,
        new_total=new_sheet.total_text,
    )


def _files_of(database: Database, version: ProcessDefinition) -> Files:
    with database.reading() as session:
        return version_files.files_of(session, version.id)
