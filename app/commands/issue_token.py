"""Issue a bearer token."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.storage import people, tokens


def issue_token(session: Session, username: str, *, now: datetime) -> str:
    """Make a token for an active user; only its hash is kept, so this is the one time it can be read.

    Raises:
        UserNotFound
    """
    return tokens.issue(session, people.get_by_username(session, username).id, now=now).secret
