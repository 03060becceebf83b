"""The commands about the proof of the history: `jenjang audit …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

audit = typer.Typer(no_args_is_help=True, help="The proof of the history.")


@audit.command("keygen")
def make_key(
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Replace the key that is there; what it signed can still be verified.")
    ] = False,
) -> None:
    """Make the key that signs checkpoints, and say by what it is known."""
    from app.cli import auditing

    auditing.make_key(rotate=rotate)


@audit.command("checkpoint")
def make_checkpoint() -> None:
    """Sign where all streams of events end now. What is under a checkpoint cannot be changed unseen any more."""
    from app.cli import auditing

    auditing.make_checkpoint()


@audit.command("verify")
def verify(
    since: Annotated[
        str | None,
        typer.Option(help="Trust what a checkpoint says: its number, or a date for the last one made by then."),
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="The copy of checkpoints.jsonl that you trust. Default: the one beside the key.")
    ] = None,
) -> None:
    """Prove the whole history, or say what is wrong with it, and where first; exit with 1 if there is anything."""
    from app.cli import verifying

    verifying.verify(since, checkpoints)
