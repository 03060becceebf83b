"""`jenjang user` and `jenjang role`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.commands.add_user import add_user
from app.commands.change_user import change_user
from app.commands.grant_role import grant_role
from app.commands.revoke_role import revoke_role
from app.storage import people

#: columns of a table that goes into a file or to another program
_WIDE = 200


def add(username: str, name: str, roles: Collection[str]) -> None:
    """Add a person and say so.

    Raises:
        UserRefused, UsernameTaken
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        add_user(session, username, name, roles, OPERATOR, now=datetime.now(UTC))
    typer.echo(f"Added {username}: {', '.join(sorted(set(roles)))}.")


def print_all() -> None:
    """Print everybody, with position and roles."""
    with opened_migrated(read_settings()) as database, database.reading() as session:
        everybody = people.all_of(session)
    rows = (
        (
            person.username,
            person.name,
            f"{person.position.name}, {person.position.unit}" if person.position else "",
            "; ".join(sorted(person.roles)),
            "" if person.active else "inactive",
        )
        for person in everybody
    )
    print_table(("username", "name", "position", "roles", ""), rows)


def deactivate(username: str) -> None:
    """Let a person in no more; their open user tasks go back to the lane.

    Raises:
        UserNotFound, LastAdministrator
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        _set_active(session, username, active=False)
    typer.echo(f"{username} is not active.")


def activate(username: str) -> None:
    """Let a person in again.

    Raises:
        UserNotFound
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        _set_active(session, username, active=True)
    typer.echo(f"{username} is active.")


def _set_active(session: Session, username: str, *, active: bool) -> None:
    change_user(session, username, OPERATOR, {"active": active}, if_match=None, now=datetime.now(UTC))


def grant(username: str, role: str) -> None:
    """Let a person hold a role.

    Raises:
        UserNotFound, RoleUnknown
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        person = grant_role(session, username, role, OPERATOR, now=datetime.now(UTC))
    typer.echo(f"{username} holds: {', '.join(sorted(person.roles))}.")


def revoke(username: str, role: str) -> None:
    """Take a role from a person.

    Raises:
        UserNotFound, LastAdministrator
    """
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        person = revoke_role(session, username, role, OPERATOR, now=datetime.now(UTC))
    typer.echo(f"{username} holds: {', '.join(sorted(person.roles)) or 'no role'}.")


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table, as wide as the terminal."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else _WIDE, markup=False, highlight=False).print(table)
