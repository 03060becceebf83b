"""`jenjang audit verify`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.orm import Session

from app.cli.database import opened_migrated, read_settings
from app.errors import Conflict, Refused
from app.proof import audit_keys
from app.proof.checkpoints import Checkpoint
from app.proof.seal import as_sealed
from app.queries import verify_history
from app.queries.verify_history import Verification
from app.storage import checkpoint_file, checkpoints, proof_rows

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
#: findings that are printed
_SHOWN = 20


def verify(since: str | None, copy: Path | None) -> None:
    """Go through the whole history, print what is proven, and what is wrong.

    Args: `since` a checkpoint's number, or a date, as somebody wrote it; `copy` the file of checkpoints to trust.
    Raises:
        Refused: there is no such checkpoint. Conflict: a key or the copy cannot be read. OSError, Unavailable
        Exit: with 1, there are findings.
    """
    settings = read_settings()
    keys = audit_keys.public(settings.audit_dir)
    with opened_migrated(settings) as database, database.reading() as session:
        begin = None if since is None else _checkpoint(session, since)
        outside = _outside(session, copy, settings.audit_dir / checkpoint_file.NAME)
        with _progress(proof_rows.count_events(session)) as progress:
            result = verify_history.verify_history(session, keys, outside, begin, progress)
    for told in _told(result):
        typer.echo(told)
    if result.finding_count:
        _print_findings(result)
        raise typer.Exit(1)


def _checkpoint(session: Session, since: str) -> Checkpoint:
    """The checkpoint of this number, or the last that was made by the end of this date (UTC)."""
    if _NUMBER.fullmatch(since):
        found = checkpoints.get(session, int(since))
    else:
        try:
            moment = datetime.fromisoformat(since)
        except ValueError as error:
            raise Refused(f"--since {since}: write the number of a checkpoint, or a date as 2026-07-04.") from error
        if len(since) == len("2026-07-04"):
            moment = datetime.combine(moment, time.max)
        found = checkpoints.latest_by(session, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if found is None:
        raise Refused(f"--since {since}: there is no such checkpoint.")
    return found


def _outside(session: Session, copy: Path | None, usual: Path) -> Iterator[Checkpoint]:
    if copy is None and not usual.exists():
        if checkpoints.latest(session) is not None:
            raise Conflict(f"{usual} is gone, which knows all checkpoints: name a copy of it by --checkpoints.")
        return iter(())
    return checkpoint_file.read(copy or usual)


@contextmanager
def _progress(total: int) -> Iterator[verify_history.Progress]:
    console = Console(stderr=True)
    columns = (TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Where nobody watches, rich would leave an empty line of the bar.
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def _told(result: Verification) -> Iterator[str]:
    """What is proven, in sentences."""
    looked_at = "" if result.since is None else f", of which {result.looked_at} since checkpoint {result.since.number}"
    chained = "are chained without a gap" if not result.finding_count else "were looked at"
    streams = f"{result.instance_count} process instance(s) and of 2 other streams"
    yield f"{result.event_count} event(s) of {streams} {chained}{looked_at}."
    sound = result.checkpoints.sound
    if sound is None:
        yield "None is under a signed checkpoint: `jenjang audit checkpoint` makes one."
    else:
        rest = result.event_count - result.covered_count
        yield (
            f"{result.covered_count} are under checkpoint {sound.number} of {as_sealed(sound.created_at)}, "
            f"signed by {sound.key_id}; {rest} only chained since."
        )
    if result.checkpoints.not_outside:
        first = result.checkpoints.not_outside[0]
        yield f"The copy outside the database ends before checkpoint {first}."
    if result.redacted_count:
        named = ", ".join(f"{stream} {sequence}" for stream, sequence in result.redacted[:_SHOWN])
        more = " …" if result.redacted_count > _SHOWN else ""
        yield f"Of {result.redacted_count} the payload or state was removed, by a digest that is proven: {named}{more}."


def _print_findings(result: Verification) -> None:
    typer.echo(f"jenjang: {result.finding_count} finding(s), the first of them:", err=True)
    for finding in result.findings[:_SHOWN]:
        place = finding.stream if finding.sequence is None else f"{finding.stream}, {finding.sequence}"
        typer.echo(f"{place}: {finding.code}: {finding.reason}", err=True)
