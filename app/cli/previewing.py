"""`jenjang deploy --dry-run`: what a deployment would change, told in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.database import opened_migrated, read_settings
from app.cli.deploying import examine, read_folder, tell, tell_restored
from app.engine.diff import LAYOUT
from app.queries.examine_upload import holders_in
from app.queries.find_touched_instances import TouchedInstances
from app.queries.preview_deployment import ProcessPreview, preview_deployment

#: letters of a value that are shown
_MAX_VALUE = 120


def preview(folder: Path, *, restore_extensions: bool) -> None:
    """Tell what deploying a folder would change, whom it would touch, and how the SOP sheet would look; write nothing.

    Args: `restore_extensions` whether to put back what the diagrams lost against the newest versions.
    Raises:
        NotFound, Refused: the folder; Exit: each problem of the diagrams was told on a line of its own.
    """
    files, settings = read_folder(folder), read_settings()
    with opened_migrated(settings) as database, Console(stderr=True).status("Examining the diagrams"):
        holders = holders_in(database, demo=settings.demo)
        examined, restored = examine(database, files, holders, restore_extensions=restore_extensions)
        previews = preview_deployment(database, examined, datetime.now(UTC))
    tell(examined.warnings)
    tell_restored(restored)
    console = Console(highlight=False)
    for found in previews:
        for part in _told(found):
            console.print(part)


def _told(found: ProcessPreview) -> Iterator[str | Table]:
    replaced = "" if found.replaces is None else f", against version {found.replaces.version}"
    yield f"[bold]{escape(found.key)}[/bold]{replaced}"
    yield from _differences(found)
    yield from _instances(found.instances)
    yield from _sheet(found)


def _differences(found: ProcessPreview) -> Iterator[str | Table]:
    drawn_otherwise = sum(difference.kind == LAYOUT for difference in found.differences)
    if len(found.differences) > drawn_otherwise:
        table = _table("element", "change", "old", "new")
        for each in found.differences:
            if each.kind != LAYOUT:
                change = " ".join((each.kind.replace("_", " "), each.property or ""))
                table.add_row(*map(_cell, (each.element_id or each.name, change, each.old, each.new)))
        yield table
    elif not drawn_otherwise:
        yield "Nothing was changed."
    if drawn_otherwise:
        yield f"Elements that are only drawn otherwise: {drawn_otherwise}."


def _instances(instances: TouchedInstances) -> Iterator[str | Table]:
    yield f"Running instances: {instances.total}."
    if instances.total > instances.examined:
        yield f"Of these, the newest {instances.examined} were looked into."
    if instances.waiting:
        table = _table("waiting at", "version", "instances", "could be migrated")
        for each in instances.waiting:
            table.add_row(escape(each.element_id), str(each.version), str(each.count), str(each.migratable))
        yield table
    reasons = Counter(obstacle.reason for each in instances.items for obstacle in each.obstacles)
    yield from (f"{number} ×: {escape(reason)}" for reason, number in reasons.most_common())


def _sheet(found: ProcessPreview) -> Iterator[str | Table]:
    if found.sheet_differences:
        table = _table("row of the SOP sheet", "change", "old", "new")
        for each in found.sheet_differences:
            change = " ".join((each.change, each.column or ""))
            table.add_row(*map(_cell, (str(each.number), change, each.old, each.new)))
        yield table
    if found.old_total != found.new_total:
        yield f"Total time of the SOP sheet: {found.old_total or 'none'} → {found.new_total or 'none'}."


def _table(*headers: str) -> Table:
    """A table that breaks long ids rather than cutting them: they are there to be copied."""
    table = Table()
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _cell(text: str | None) -> str:
    """A value in one line, however long it is; nothing of it is taken for a colour."""
    line = " ".join((text or "").split())
    return escape(line if len(line) <= _MAX_VALUE else f"{line[:_MAX_VALUE]}…")
