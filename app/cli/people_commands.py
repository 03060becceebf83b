"""The commands about people: `jenjang user …`, `jenjang role …`, `jenjang token …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.permissions import Scope

users = typer.Typer(no_args_is_help=True, help="The people who may sign in.")
roles = typer.Typer(no_args_is_help=True, help="What they may do.")
tokens = typer.Typer(no_args_is_help=True, help="The bearer tokens that they sign in with.")

Username = Annotated[str, typer.Argument(help="Whose.")]
RoleName = Annotated[
    str, typer.Argument(help="A lane of a deployed diagram, administrator, designer, auditor or starter.")
]


@users.command("add")
def add_user(
    username: Annotated[
        str, typer.Argument(help="Lowercase letters, digits, '.', '_' and '-', a letter or digit first; at most 64.")
    ],
    role: Annotated[
        list[str],
        typer.Option(help="A lane of a deployed diagram, administrator, designer, auditor or starter; repeatable."),
    ],
    name: Annotated[str | None, typer.Option(help="The person's name as others read it.")] = None,
) -> None:
    """Add a person with their roles."""
    from app.cli import people

    people.add(username, name or username, role)


@users.command("list")
def list_users() -> None:
    """Print everybody, with position and roles."""
    from app.cli import people

    people.print_all()


@users.command("deactivate")
def deactivate_user(username: Username) -> None:
    """Let a person in no more. Their open user tasks go back to the lane; nothing is deleted."""
    from app.cli import people

    people.deactivate(username)


@users.command("activate")
def activate_user(username: Username) -> None:
    """Let a person in again."""
    from app.cli import people

    people.activate(username)


@users.command("import")
def import_users(
    file: Annotated[Path, typer.Argument(help="CSV: username,name,email,nip,position,unit,roles,active.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this it is a dry run.")] = False,
) -> None:
    """Add and change people as a file says, all or nothing; who is not in the file stays as they are."""
    from app.cli import people_files

    people_files.import_file(file, apply=apply)


@users.command("export")
def export_users(
    file: Annotated[Path | None, typer.Argument(help="Where to; without it, standard output.")] = None,
) -> None:
    """Write everybody as CSV, in the columns that import reads. It has the NIP of each: mind who can read it."""
    from app.cli import people_files

    people_files.export(file)


@roles.command("grant")
def grant_role(username: Username, role: RoleName) -> None:
    """Let a person hold a role."""
    from app.cli import people

    people.grant(username, role)


@roles.command("revoke")
def revoke_role(username: Username, role: RoleName) -> None:
    """Take a role from a person; the open user tasks that they have by it go back to the lane."""
    from app.cli import people

    people.revoke(username, role)


@tokens.command("new")
def new_token(
    username: Annotated[str, typer.Argument(help="Whose token it will be.")],
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may be used for; repeatable. Default: all.")
    ] = None,
    expires_in: Annotated[str | None, typer.Option(help="Such as 12h, 90d or 26w. Default: never.")] = None,
    label: Annotated[str, typer.Option(help="What its owner will know it by.")] = "",
) -> None:
    """Print a new bearer token. It cannot be shown again: only its hash is kept."""
    from app.cli import tokens as printing

    printing.print_new(username, scope or [], expires_in, label)


@tokens.command("list")
def list_tokens(username: Username) -> None:
    """Print a person's tokens, newest first."""
    from app.cli import tokens as printing

    printing.print_all(username)


@tokens.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(help="As `jenjang token list` shows it.")]) -> None:
    """Make a token useless at once."""
    from app.cli import tokens as printing

    printing.revoke(token_id)
