"""Let somebody stand in for another (Plh, Plt)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import permissions
from app.errors import Conflict, FieldError, Refused
from app.permissions import Actor, Ground, Operation
from app.storage import people, streams, substitutions, tokens
from app.storage.people import Person
from app.storage.streams import NewEntry
from app.storage.substitutions import Substitution

#: a Plt holds for months; far more than that is a mistyped year, by which somebody would act for another unnoticed
_LONGEST = timedelta(days=731)


class SubstitutionRefused(Refused):
    """Nobody can stand in like this"""

    code = "substitution_refused"


class SubstitutionChain(Conflict):
    """Who stands in for somebody cannot be stood in for"""

    code = "substitution_chain"


@dataclass(frozen=True, slots=True)
class WantedSubstitution:
    """Who is to act for whom, from when until before when, by which letter."""

    principal: str
    deputy: str
    starts_at: datetime
    ends_at: datetime
    letter: str


def make_substitution(session: Session, wanted: WantedSubstitution, actor: Actor, *, now: datetime) -> Substitution:
    """Let the deputy act in the principal's name. Only the principal or an administrator can.

    There are no chains: nobody is deputy and principal at one time. Several deputies of one principal may be, and so
    may a second letter for the same two.

    Raises:
        Unauthenticated, Forbidden, SubstitutionRefused, SubstitutionChain
    """
    relations = {Ground.OWNER} if wanted.principal == actor.username else set()
    permissions.require(Operation.MAKE_SUBSTITUTION, actor, relations)
    # Locked, so that of two that would make a chain together the second sees the first.
    people.lock(session, [wanted.principal, wanted.deputy, actor.username])
    actor = tokens.renew(session, actor, now=now, lock=False)
    permissions.require(Operation.MAKE_SUBSTITUTION, actor, relations)
    there = people.by_username(session, [wanted.principal, wanted.deputy])
    errors = list(_refusals(wanted, there, now))
    if errors:
        raise SubstitutionRefused(errors=errors)
    principal, deputy = there[wanted.principal], there[wanted.deputy]
    chained = substitutions.chained_with(session, principal, deputy, wanted.starts_at, wanted.ends_at)
    if chained is not None:
        raise SubstitutionChain(f"{chained.deputy} stands in for {chained.principal} by letter {chained.letter}.")
    made = substitutions.add(
        session,
        principal,
        deputy,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        letter=wanted.letter,
        created_by=actor.username,
        now=now,
    )
    streams.append(session, "administration", [_told(made)], actor=actor, now=now)
    return made


def _refusals(wanted: WantedSubstitution, there: dict[str, Person], now: datetime) -> Iterator[FieldError]:
    for side in ("principal", "deputy"):
        username = getattr(wanted, side)
        if username not in there or not there[username].active:
            yield FieldError(f"/{side}", "unknown_user", f"There is no active user named {username}.")
    if wanted.principal == wanted.deputy:
        yield FieldError("/deputy", "own_deputy", "Nobody stands in for themselves.")
    if wanted.starts_at >= wanted.ends_at:
        yield FieldError("/ends_at", "ends_before_start", "It must end after it starts.")
    elif wanted.ends_at <= now:
        yield FieldError("/ends_at", "in_the_past", "It would have ended already.")
    elif wanted.ends_at - wanted.starts_at > _LONGEST:
        yield FieldError("/ends_at", "too_long", f"It can last {_LONGEST.days} days; order the rest by another letter.")


def _told(made: Substitution) -> NewEntry:
    told = {"substitution_id": str(made.id), "deputy": made.deputy, "letter": made.letter}
    told |= {"starts_at": made.starts_at.isoformat(), "ends_at": made.ends_at.isoformat()}
    return NewEntry("substitution_made", made.principal, told)
