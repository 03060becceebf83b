"""`jenjang user` and `jenjang token`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import typer

from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.commands.add_user import add_user
from app.commands.issue_token import issue_token


def add(username: str, name: str, roles: Collection[str]) -> None:
    """Add a person and say so.

    Raises:
        UserRefused, UsernameTaken
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        add_user(session, username, name, roles, OPERATOR, now=datetime.now(UTC))
    typer.echo(f"Added {username}: {', '.join(sorted(set(roles)))}.")


def print_new_token(username: str) -> None:
    """Print a new token, and nothing else, so that a script can take it.

    Raises:
        UserNotFound
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        token = issue_token(session, username, OPERATOR, now=datetime.now(UTC)).secret
    typer.echo(token)
