"""Who holds which role today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.storage import tables


def active(session: Session, *, demo: bool) -> Mapping[str, frozenset[str]]:
    """Usernames of the active holders of each role that anybody holds; the people of the demo only where it is on."""
    account, held = tables.user_account.c, tables.user_role.c
    rows = session.execute(
        select(held.role, account.username)
        .join_from(tables.user_role, tables.user_account)
        .where(account.active, account.is_demo.in_([False, demo]))
    )
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for role, username in rows:
        holders[role].add(username)
    return {role: frozenset(usernames) for role, usernames in holders.items()}
