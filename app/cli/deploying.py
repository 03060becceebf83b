"""`jenjang deploy`: a folder of diagrams with their forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from app import permissions
from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.commands.deploy_definition import Deployment, deploy_definition
from app.errors import DiagramRefused, NotFound, Problem, Refused
from app.permissions import Operation
from app.queries.examine_upload import Examined, examine_upload, holders_in, stored_in
from app.queries.restore_extensions import RestoredExtension, examine_restored
from app.storage.database import Database
from app.storage.process_definitions import PROPOSED, ProcessDefinition


def deploy(folder: Path, *, restore_extensions: bool) -> None:
    """Deploy every diagram of a folder, all or none, and tell the versions that they have now.

    Args: `restore_extensions` whether to put back what the diagrams lost against the newest versions.
    Raises:
        NotFound, Refused: the folder; Exit: each problem of the diagrams was told on a line of its own.
    """
    files, settings = read_folder(folder), read_settings()
    with opened_migrated(settings) as database, Console(stderr=True).status("Examining the diagrams"):
        holders = holders_in(database, demo=settings.demo)
        examined, restored = examine(database, files, holders, restore_extensions=restore_extensions)
        with database.transaction() as session:
            deployment = deploy_definition(
                session,
                examined.candidates,
                OPERATOR,
                approval_required=settings.is_approval_required,
                now=datetime.now(UTC),
            )
    tell(examined.warnings)
    tell_restored(restored)
    Console().print(_table(deployment, examined))
    for version in deployment.process_definitions:
        if version.status == PROPOSED:
            typer.echo(_how_to_approve(version, holders))


def read_folder(folder: Path) -> dict[str, bytes]:
    """The diagrams of a folder, and the forms beside them or in `forms/`, by file name.

    Raises:
        NotFound: no such folder, or no diagram in it; Refused: two forms of one name.
    """
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}.")
    diagrams = sorted(folder.glob("*.bpmn"))
    if not diagrams:
        raise NotFound(f"There is no .bpmn file in {folder}.")
    files: dict[str, bytes] = {}
    for path in [*diagrams, *sorted(folder.glob("*.json")), *sorted(folder.glob("forms/*.json"))]:
        if path.name in files:
            raise Refused(f"{path.name} stands in {folder} and in its forms/: keep one of the two.")
        files[path.name] = path.read_bytes()
    return files


def examine(
    database: Database, files: Mapping[str, bytes], holders: Mapping[str, frozenset[str]], *, restore_extensions: bool
) -> tuple[Examined, Sequence[RestoredExtension]]:
    """What would be deployed, and what of it was put back.

    Raises:
        Exit: each problem was told.
    """
    stored = stored_in(database)
    try:
        if restore_extensions:
            return examine_restored(files, stored, holders)
        return examine_upload(files, stored, holders), ()
    except DiagramRefused as refused:
        tell(refused.problems)
        raise typer.Exit(1) from refused


def tell(problems: Iterable[Problem]) -> None:
    """Each problem in a line on standard error, as compilers do."""
    for problem in problems:
        element = f" ({problem.element_id})" if problem.element_id else ""
        line = f"{problem.file}:{problem.line}: {problem.code}: {problem.reason}{element}"
        typer.echo(" ".join(line.split()), err=True)


def tell_restored(restored: Sequence[RestoredExtension]) -> None:
    """What was put back into the diagrams as they are deployed, but not into the files of the folder."""
    for each in restored:
        line = f'{each.file}: put back {each.name} of {each.element_id}: "{each.value}"'
        typer.echo(" ".join(line.split()))
    if restored:
        typer.echo("The files stay as they are: fetch the version before you edit it further.")


def _table(deployment: Deployment, examined: Examined) -> Table:
    unchanged = {candidate.key for candidate in examined.candidates if candidate.is_unchanged}
    table = Table("process", "version", "")
    for definition in deployment.process_definitions:
        outcome = "unchanged" if definition.key in unchanged else "new"
        table.add_row(definition.key, str(definition.version), f"{outcome}, {definition.status}")
    return table


def _how_to_approve(version: ProcessDefinition, holders: Mapping[str, frozenset[str]]) -> str:
    """That it cannot be started yet, and who can change that: a person with a name, never the command line itself."""
    grounds = permissions.TABLE[Operation.REVIEW_DEFINITION].grounds
    reviewers = frozenset[str]().union(*(holders.get(ground, frozenset()) for ground in grounds))
    others = ", ".join(sorted(reviewers - {version.deployed_by}))
    who = others or "nobody yet, add somebody by `jenjang user add USER --role designer`"
    return (
        f"{version.title} is only proposed: it starts once somebody else than {version.deployed_by} has approved it.\n"
        f"  Who can: {who}.\n"
        f"  How: POST /api/v1/process-definitions/{version.id}/approval"
    )
