"""`jenjang user import` and `jenjang user export`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkstemp

import typer
from sqlalchemy.orm import Session

from app.cli import people_csv
from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.cli.people_csv import Sheet
from app.commands.import_people import ImportRefused, PersonRow, import_people
from app.errors import FieldError, Refused, ServiceError
from app.storage import identities, people
from app.storage.people import Person
from app.storage.streams import NewEntry


def import_file(path: Path, *, apply: bool) -> None:
    """Make the people as the file says, or say what that would do.

    Raises:
        Refused, LastAdministrator; Exit: each mistake of the file was told on a line of its own.
    """
    with path.open("rb") as file:
        sheet = people_csv.read(file.read(people_csv.MAX_BYTES + 1))
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        told = _import(session, sheet, path)
        if not apply:
            # Tried to the end, and taken back: so nothing can be promised that would not go through.
            session.rollback()
    for entry in told:
        typer.echo(_line(entry))
    count = f"{len(sheet.rows)} people in the file, {len(told)} changes"
    typer.echo(f"{count}." if apply else f"{count}. Nothing was changed: this was a dry run. Add --apply.")


def _import(session: Session, sheet: Sheet, path: Path) -> Sequence[NewEntry]:
    errors = list(sheet.errors)
    try:
        told = import_people(session, sheet.rows, OPERATOR, now=datetime.now(UTC))
    except ImportRefused as refused:
        errors += refused.errors
    except ServiceError:
        # What a part of the lines would do says nothing about them all.
        if not errors:
            raise
    if errors:
        _tell(path, errors)
        raise typer.Exit(1)
    return told


def _tell(path: Path, errors: Iterable[FieldError]) -> None:
    located = [(int(line), column, error.reason) for error in errors for line, column in [_place(error)]]
    for line, column, reason in sorted(located):
        typer.echo(f"{path.name}:{line}: {column}: {reason}", err=True)


def _place(error: FieldError) -> tuple[str, str]:
    _, line, column = error.pointer.split("/")
    return line, column


def _line(entry: NewEntry) -> str:
    what = entry.type.replace("_", " ")
    match entry.type:
        case "position_added":
            return f"{what}: {entry.payload['name']}, {entry.payload['unit']}"
        case "user_changed":
            return f"{what}: {entry.subject}: {', '.join(sorted(entry.payload))}"
        case "user_added":
            return f"{what}: {entry.subject}: {', '.join(entry.payload['roles'])}"
        case "role_granted" | "role_revoked":
            return f"{what}: {entry.subject}: {entry.payload['role']}"
    return f"{what}: {entry.subject}"


def export(path: Path | None) -> None:
    """Write everybody as CSV into a file that only its owner may read, or to standard output."""
    with opened_migrated(read_settings()) as database, database.reading() as session:
        everybody = people.all_of(session)
        nips = identities.nips_of(session, [person.id for person in everybody])
    text = people_csv.write(_row(person, nips.get(person.id)) for person in everybody)
    if path is None:
        typer.echo(text, nl=False)
        return
    # With a mark at its beginning, by which a spreadsheet knows UTF-8.
    _write_private(path.resolve(), text.encode("utf-8-sig"))
    typer.echo(f"{len(everybody)} people written to {path}.")


def _write_private(path: Path, content: bytes) -> None:
    """Put a new file in the place of the one there, whose mode, and whoever has it open, would lay NIPs open."""
    if path.exists() and not path.is_file():
        raise Refused(f"{path} is not a file.")
    descriptor, name = mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def _row(person: Person, nip: str | None) -> PersonRow:
    return PersonRow(
        username=person.username,
        name=person.name,
        email=person.email,
        nip=nip,
        position=person.position.name if person.position else None,
        unit=person.position.unit if person.position else None,
        roles=person.roles,
        active=person.active,
    )
