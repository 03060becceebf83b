"""`jenjang audit keygen` and `jenjang audit checkpoint`."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from app.cli.database import opened_migrated, read_settings
from app.commands.make_checkpoint import make_checkpoint as make
from app.errors import Conflict
from app.proof import audit_keys
from app.proof.seal import as_sealed
from app.storage import checkpoint_file, checkpoints


def make_key(*, rotate: bool) -> None:
    """Make the key that signs checkpoints, and print its id.

    Raises:
        Conflict: there is one, and it is not to be replaced. OSError
    """
    folder = read_settings().audit_dir
    if audit_keys.exists(folder) and not rotate:
        raise Conflict(f"There is a key in {folder}: `jenjang audit keygen --rotate` replaces it.")
    key = audit_keys.make(folder)
    typer.echo(f"Made the key {key.key_id} in {folder}. Keep its public part where auditors find it.")


def make_checkpoint() -> None:
    """Make a checkpoint, in the database and in the file outside it, and say so.

    Raises:
        Conflict: there is no key; somebody else makes one; the file has other checkpoints, or more. OSError
        Unavailable
    """
    settings = read_settings()
    key = audit_keys.private(settings.audit_dir)
    with opened_migrated(settings) as database, checkpoint_file.held(settings.audit_dir) as file:
        with database.reading() as session:
            file.complete(checkpoints.every(session))
        made = make(database, key, now=datetime.now(UTC))
        file.append([made])
    typer.echo(
        f"Checkpoint {made.number}, {as_sealed(made.created_at)}: "
        f"{made.event_count} event(s) in {made.stream_count} stream(s), signed by {made.key_id}."
    )
