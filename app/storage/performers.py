"""In whose name somebody acts: their own, or that of a person for whom they stand in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import NotStandingIn, PrincipalAmbiguous
from app.permissions import Actor, Performer, Principal
from app.storage import substitutions
from app.storage.user_tasks import UserTask

#: whether a person of this name and these roles may do the thing
Fits = Callable[[str, frozenset[str]], bool]


def choose(
    session: Session, actor: Actor, fits: Fits, *, named: str | None, usual: str | None = None, now: datetime
) -> Performer:
    """In their own name where the actor fits; else in that of the only one of their principals who does.

    Args: `named` in whose name the actor says to act; `usual` in whose name they began.
    Raises:
        NotStandingIn: not for the one who is named, or no longer.
        PrincipalAmbiguous: several would do, and none is named.
    """
    fitting = {p.username: p for p in reversed(actor.principals) if fits(p.username, p.roles)}
    principal = _named(fitting, named) or fitting.get(usual or "")
    if principal is None and not fits(actor.username, actor.roles):
        principal = _only(fitting)
    if principal is not None:
        substitutions.require_in_force(session, principal.substitution_id, now)
    return Performer(actor, principal)


def choose_for_task(
    session: Session, actor: Actor, task: UserTask, *, named: str | None, as_candidate: bool, now: datetime
) -> Performer:
    """In whose name the actor works on a user task: whoever claimed it for somebody goes on for them.

    Args: `as_candidate` they do the task, for which they must be a candidate in somebody's name; who only says
        something about it, or gives it away, does so in their own name where it is not clear in whose else.
    Raises:
        NotStandingIn, PrincipalAmbiguous
    """
    usual = task.on_behalf_of if task.assignee == actor.username else task.assignee
    try:
        return choose(session, actor, task.has_candidate, named=named, usual=usual, now=now)
    except PrincipalAmbiguous:
        if as_candidate:
            raise
        return Performer(actor)


def _only(fitting: dict[str, Principal]) -> Principal | None:
    if len(fitting) > 1:
        names = ", ".join(sorted(fitting))
        raise PrincipalAmbiguous(f"You stand in for several who may do this: {names}. Name one in on_behalf_of.")
    return next(iter(fitting.values()), None)


def _named(fitting: dict[str, Principal], named: str | None) -> Principal | None:
    if named is not None and named not in fitting:
        raise NotStandingIn(f"You do not stand in for a {named} who may do this.")
    return None if named is None else fitting[named]
