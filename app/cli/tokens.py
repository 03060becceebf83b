"""`jenjang token`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from app.cli.acting import OPERATOR
from app.cli.database import opened_migrated, read_settings
from app.cli.people import print_table
from app.commands.issue_token import WantedToken, issue_token
from app.commands.revoke_token import revoke_token
from app.errors import Refused, TokenNotFound
from app.permissions import Scope
from app.storage import keyset, people, token_register
from app.storage.token_register import Token

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_PAGE = 200


def print_new(username: str, scopes: Collection[Scope], expires_in: str | None, label: str) -> None:
    """Print a new token, and nothing else, so that a script can take it.

    Raises:
        UserNotFound, Refused
    """
    now = datetime.now(UTC)
    expires_at = None if expires_in is None else now + _span(expires_in)
    wanted = WantedToken(label, scopes or None, expires_at)
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        issued = issue_token(session, username, OPERATOR, wanted, now=now)
    typer.echo(issued.secret)


def print_all(username: str) -> None:
    """Print a person's tokens, newest first.

    Raises:
        UserNotFound
    """
    with opened_migrated(read_settings()) as database, database.reading() as session:
        people.get(session, username)
        rows = [_row(token, datetime.now(UTC)) for token in _all_of(session, username)]
    print_table(("id", "begins", "label", "scopes", "state"), rows)


def revoke(token_id: str) -> None:
    """Make a token useless at once.

    Raises:
        TokenNotFound
    """
    try:
        wanted = UUID(token_id)
    except ValueError as error:
        raise TokenNotFound("A token's id is shown by `jenjang token list`.") from error
    with opened_migrated(read_settings()) as database, database.transaction() as session:
        token = revoke_token(session, wanted, OPERATOR, now=datetime.now(UTC))
    typer.echo(f"Revoked {token.prefix}… of {token.username}.")


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", text)
    if found is None:
        raise Refused("Write --expires-in as 12h, 90d or 26w.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _all_of(session: Session, username: str) -> Iterator[Token]:
    cursor: str | None = None
    while True:
        found = token_register.of(session, username, keyset.Page(_PAGE, cursor))
        yield from found.items
        cursor = found.next_cursor
        if cursor is None:
            return


def _row(token: Token, now: datetime) -> tuple[str, ...]:
    return str(token.id), token.prefix, token.name, " ".join(token.scopes), _state(token, now)


def _state(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return f"revoked {token.revoked_at:%Y-%m-%d}"
    if token.expires_at is None:
        return "valid"
    return f"{'expired' if token.expires_at <= now else 'valid until'} {token.expires_at:%Y-%m-%d}"
