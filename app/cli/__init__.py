"""The command `jenjang`: what an operator does on the machine itself. An edge like the REST interface."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli import audit_commands, people_commands
from app.errors import ServiceError

# Starting makes a hundred thousand objects that stay, and would look through all of them again and again for garbage:
# a sixth of the time. In every process of the service, as each imports this.
gc.set_threshold(50_000, 20, 20)

#: exit code of an expected failure; wrong usage has 2
_FAILED = 1

cli = typer.Typer(
    name="jenjang",
    help="Run a government SOP as a BPMN diagram: who decided what, when, on which text.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(people_commands.users, name="user")
cli.add_typer(people_commands.roles, name="role")
cli.add_typer(people_commands.tokens, name="token")
cli.add_typer(audit_commands.audit, name="audit")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 1,
    proxy_headers: Annotated[
        bool, typer.Option("--proxy-headers", help="Believe X-Forwarded-For and -Proto of JENJANG_TRUSTED_PROXIES.")
    ] = False,
) -> None:
    """Answer REST requests until stopped. Logs go to standard error, one JSON object a line."""
    from app.cli import serving

    serving.serve(host, port, workers, proxy_headers=proxy_headers)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema. Safe to repeat."""
    from app.cli import database

    database.migrate()


@cli.command()
def deploy(
    folder: Annotated[Path, typer.Argument(help="Holds the .bpmn files, and their forms as .json, here or in forms/.")],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only tell what would change, whom it touches, and how the sheet would look."),
    ] = False,
    restore_extensions: Annotated[
        bool, typer.Option("--restore-extensions", help="Put back what `extension_lost` warns of, and say what it was.")
    ] = False,
) -> None:
    """Deploy every diagram of a folder with its forms, all or none."""
    if dry_run:
        from app.cli import previewing

        previewing.preview(folder, restore_extensions=restore_extensions)
        return
    from app.cli import deploying

    deploying.deploy(folder, restore_extensions=restore_extensions)


@cli.command("migrate-instances")
def migrate_instances(
    source: Annotated[str, typer.Option("--from", help="The version that they run: its id, or KEY:VERSION.")],
    target: Annotated[str, typer.Option("--to", help="The version to go on in: its id, or KEY:VERSION.")],
    mapped: Annotated[
        list[str] | None, typer.Option("--map", help="OLD=NEW: an element whose counterpart cannot be found.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which of them can go on.")] = False,
) -> None:
    """Let all running instances of a version go on in another. Safe to interrupt and to repeat."""
    from app.cli import migrating_instances

    migrating_instances.migrate_instances(source, target, mapped or [], dry_run=dry_run)


@cli.command("sop-sheet")
def sop_sheet(
    file: Annotated[Path, typer.Argument(help="The diagram, a .bpmn file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write it: .pdf, .html or .json.")],
    process: Annotated[str | None, typer.Option(help="Id of the process, where the file has several.")] = None,
) -> None:
    """Write the SOP sheet of a diagram. Needs no server and no database."""
    from app.cli import sheets

    sheets.write(file, output, process)


@cli.command()
def doctor() -> None:
    """Say what keeps the work from going on, a line each; exit with 1 if there is anything."""
    from app.cli import diagnosing

    diagnosing.diagnose()


@cli.command("seed-demo")
def seed_demo(
    as_json: Annotated[bool, typer.Option("--json", help="Print the tokens as JSON.")] = False,
    fresh_tokens: Annotated[
        bool, typer.Option("--fresh-tokens", help="If it is seeded already, replace the tokens of the demo people.")
    ] = False,
) -> None:
    """Fill an empty database with the SOP and nine demo people. Needs JENJANG_DEMO=true."""
    from app.cli import seeding

    tokens = seeding.seed_or_renew() if fresh_tokens else seeding.seed()
    if as_json:
        seeding.print_json(tokens)
    else:
        seeding.print_table(tokens)


@cli.command()
def demo() -> None:
    """Play the whole SOP over HTTP, one rejection included, against a server of its own that leaves nothing behind."""
    from app.cli import playing

    playing.play()


def main() -> None:
    """Run the command line; an expected failure is told in one plain line on standard error."""
    try:
        exit_code = cli(standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message(), error.exit_code)
    except ServiceError as error:
        _fail(error.detail, _FAILED)
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", _FAILED)
    sys.exit(exit_code)


def _fail(message: str, exit_code: int) -> None:
    if message:
        typer.echo(f"jenjang: {' '.join(message.split())}", err=True)
    sys.exit(exit_code)
