"""`jenjang seed-demo`: the SOP and the people to play it with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.cli.deploying import read_folder
from app.commands.add_user import add_user
from app.commands.deploy_definition import deploy_definition
from app.commands.issue_token import issue_token
from app.errors import Conflict, Forbidden, UserNotFound
from app.queries.examine_upload import examine_upload, read_stored
from app.settings import Settings
from app.storage import people, token_register
from app.storage.database import Database

_DIAGRAMS = Path(__file__).parents[2] / "bpmn"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One of the people who play the SOP."""

    username: str
    name: str
    role: str


DEMO_PEOPLE = (
    DemoPerson("kepala", "Ratna Wulandari", "Kepala Badan"),
    DemoPerson("sekretaris", "Bambang Prasetyo", "Sekretaris"),
    DemoPerson("ketua", "Siti Rahmawati", "Ketua Tim Kerja Sekretariat"),
    DemoPerson("anggota1", "Agus Setiawan", "Tim"),
    DemoPerson("anggota2", "Dewi Anggraini", "Tim"),
    DemoPerson("anggota3", "I Made Suartana", "Tim"),
    DemoPerson("auditor", "Yohanes Siregar", "auditor"),
    DemoPerson("perancang", "Rizky Maulana", "designer"),
    DemoPerson("admin", "Nur Aisyah", "administrator"),
)

#: bearer tokens by username
Tokens = Mapping[str, str]


def seed() -> Tokens:
    """Seed the empty database that the environment names.

    Raises:
        Forbidden: JENJANG_DEMO is off; Conflict: there are people already.
    """
    settings = _demo_settings()
    with opened_migrated(settings) as database, Console(stderr=True).status("Seeding the demo"):
        return seed_database(database)


def seed_or_renew() -> Tokens:
    """Seed the database that the environment names, or make new tokens where it is seeded.

    Raises:
        Forbidden: JENJANG_DEMO is off; Conflict: there are people, but not those of the demo.
    """
    settings = _demo_settings()
    with opened_migrated(settings) as database, Console(stderr=True).status("Preparing the demo"):
        with database.reading() as session:
            is_empty = people.count(session) == 0
        return seed_database(database) if is_empty else _renew_tokens(database)


def seed_database(database: Database) -> Tokens:
    """Deploy the diagrams and add the demo people, all or nothing.

    Raises:
        Conflict: there are people already.
    """
    now = datetime.now(UTC)
    with database.transaction() as session:
        if people.count(session):
            raise Conflict("There are people in this database already; the demo is for an empty one.")
        for folder in sorted(path for path in _DIAGRAMS.iterdir() if path.is_dir()):
            examined = examine_upload(read_folder(folder), partial(read_stored, session))
            deploy_definition(session, examined.candidates, OPERATOR, approval_required=False, now=now)
        for person in DEMO_PEOPLE:
            add_user(session, person.username, person.name, [person.role], OPERATOR, now=now, is_demo=True)
        return _issue_tokens(session, now)


def print_json(tokens: Tokens) -> None:
    """Print the tokens for a program."""
    typer.echo(json.dumps({"tokens": dict(tokens)}))


def print_table(tokens: Tokens) -> None:
    """Print the tokens for a person."""
    table = Table("username", "role", "token", box=box.SIMPLE)
    for person in DEMO_PEOPLE:
        table.add_row(person.username, person.role, tokens[person.username])
    # A token that is wrapped cannot be copied.
    Console(width=100).print(table)


def _demo_settings() -> Settings:
    settings = read_settings()
    if not settings.demo:
        raise Forbidden("The demo people are let in only with JENJANG_DEMO=true; never set it where real work is done.")
    return settings


def _renew_tokens(database: Database) -> Tokens:
    now = datetime.now(UTC)
    with database.transaction() as session:
        for person in DEMO_PEOPLE:
            token_register.revoke_all(session, _require_demo_person(session, person.username), now)
        return _issue_tokens(session, now)


def _require_demo_person(session: Session, username: str) -> UUID:
    try:
        found = people.get_by_username(session, username)
    except UserNotFound as error:
        raise Conflict("The people in this database are not those of the demo.") from error
    if not found.is_demo:
        raise Conflict(f"The user {username} of this database is not of the demo.")
    return found.id


def _issue_tokens(session: Session, now: datetime) -> Tokens:
    return {person.username: issue_token(session, person.username, OPERATOR, now=now).secret for person in DEMO_PEOPLE}
