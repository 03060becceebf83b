"""`jenjang migrate-instances`: the running instances of a version go on in another, each in its own transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import track
from sqlalchemy.orm import Session

from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.commands.migrate_process_instance import migrate_process_instance
from app.engine import migration
from app.errors import MigrationRefused, ProcessDefinitionNotApproved, Refused, ServiceError
from app.queries.preview_migration import preview_migration
from app.storage import definition_status, process_definitions, running_instances
from app.storage.database import Database
from app.storage.process_definitions import APPROVED, ProcessDefinition

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
#: what to do with one instance
Attempt = Callable[[UUID], None]


def migrate_instances(source: str, target: str, mapped: Iterable[str], *, dry_run: bool) -> None:
    """Move every running instance of a version; those that cannot be moved stay, and are told at the end.

    What is done stays done if it is interrupted, and the next time is left out.

    Raises:
        ProcessDefinitionNotFound, ProcessDefinitionNotApproved, Refused, MappingRefused: nothing was begun.
        Exit: some could not be moved.
    """
    mapping = _read_mapping(mapped)
    with opened_migrated(read_settings()) as database:
        with database.reading() as session:
            old, new = _version(session, source), _version(session, target)
            _require_fit(session, old, new, mapping)
            waiting = running_instances.ids_on(session, old.id)
        attempt = (_preview if dry_run else _migrate)(database, new.id, mapping)
        failures = _attempt_all(waiting, attempt)
    for instance_id, reason in failures.items():
        typer.echo(f"{instance_id}: {' '.join(reason.split())}", err=True)
    outcome = "can be migrated" if dry_run else "migrated"
    typer.echo(f"{len(waiting) - len(failures)} of {len(waiting)} process instance(s) {outcome}.")
    if failures:
        raise typer.Exit(1)


def _attempt_all(waiting: list[UUID], attempt: Attempt) -> dict[UUID, str]:
    """Why each of those that failed did."""
    failures = {}
    console = Console(stderr=True)
    # Where nobody watches, rich would leave an empty line of the bar.
    hidden = not console.is_interactive
    for instance_id in track(waiting, "Migrating", console=console, transient=True, disable=hidden):
        try:
            attempt(instance_id)
        except ServiceError as refused:
            failures[instance_id] = refused.detail
    return failures


def _migrate(database: Database, target_id: UUID, mapping: Mapping[str, str]) -> Attempt:
    def attempt(instance_id: UUID) -> None:
        now = datetime.now(UTC)
        with database.transaction() as session:
            migrate_process_instance(session, instance_id, target_id, mapping, OPERATOR, if_match=None, now=now)

    return attempt


def _preview(database: Database, target_id: UUID, mapping: Mapping[str, str]) -> Attempt:
    def attempt(instance_id: UUID) -> None:
        now = datetime.now(UTC)
        with database.reading() as session:
            preview = preview_migration(session, instance_id, target_id, mapping, OPERATOR, if_match=None, now=now)
        if not preview.migratable:
            raise MigrationRefused(preview.obstacles)

    return attempt


def _version(session: Session, named: str) -> ProcessDefinition:
    """A version by its id, or as KEY:VERSION."""
    key, _, number = named.rpartition(":")
    if key and _NUMBER.fullmatch(number):
        return process_definitions.numbered(session, key, int(number))
    try:
        return process_definitions.get(session, UUID(named))
    except ValueError as error:
        raise Refused(f"{named} is neither the id of a version nor KEY:VERSION.") from error


def _require_fit(session: Session, old: ProcessDefinition, new: ProcessDefinition, mapping: Mapping[str, str]) -> None:
    """Refuse at once what would be refused for each instance."""
    if old.key != new.key:
        raise Refused(f"{old.key} and {new.key} are two processes.")
    definition_status.require(session, new, APPROVED, ProcessDefinitionNotApproved)
    migration.align(process_definitions.parsed(session, old), process_definitions.parsed(session, new), mapping)
    if old.id == new.id:
        raise Refused(f"--from and --to both name version {old.version} of {old.key}.")


def _read_mapping(mapped: Iterable[str]) -> dict[str, str]:
    mapping = {}
    for text in mapped:
        old, separator, new = text.partition("=")
        if not (old and separator and new) or old in mapping:
            raise Refused(f"--map {text}: write it as OLD=NEW, each OLD once.")
        mapping[old] = new
    return mapping
