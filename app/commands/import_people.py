"""Make the people as a file says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app import permissions
from app.errors import FieldError, Refused, json_pointer
from app.permissions import Actor, Operation
from app.storage import (
    administrators,
    assignments,
    identities,
    people,
    person_changes,
    person_fields,
    positions,
    roles,
    streams,
    tokens,
)
from app.storage.assignments import Loss
from app.storage.people import NewPerson, Person
from app.storage.streams import NewEntry


class ImportRefused(Refused):
    """The people cannot be made as the file says"""

    code = "import_refused"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person as one line of a file says."""

    username: str
    name: str
    email: str | None
    nip: str | None
    #: with its unit, or neither
    position: str | None
    unit: str | None
    roles: frozenset[str]
    active: bool


#: by line of the file
Rows = Mapping[int, PersonRow]
#: by name and unit
PositionIds = Mapping[tuple[str | None, str | None], UUID]


def import_people(session: Session, rows: Rows, actor: Actor, *, now: datetime) -> list[NewEntry]:
    """Add who is not there, change who is to what their line says, and leave everybody else. All or nothing.

    Positions are made when new. Open user tasks that somebody may not do any more go back to their candidates.

    Returns: what was written into the stream of administration.
    Raises:
        ImportRefused: at `/line/column`; Unauthenticated, Forbidden, LastAdministrator
        Unavailable: one of them took a user task in this very moment.
    """
    _require_permission(actor)
    usernames = {row.username for row in rows.values()}
    instances = assignments.lock_instances(session, _losses(rows, people.by_username(session, usernames)))
    before = administrators.lock_with(session, usernames)
    _require_permission(tokens.renew(session, actor, now=now, lock=False))
    there = people.by_username(session, usernames)
    _require_sound(session, rows, there)

    told = _write(session, rows, there, now)
    administrators.require_one_left(session, before)
    assignments.release(session, _losses(rows, there), instances, actor=actor, now=now)

    streams.append(session, "administration", told, actor=actor, now=now)
    return told


def _require_permission(actor: Actor) -> None:
    for operation in (Operation.CHANGE_USER, Operation.CHANGE_ROLE, Operation.CHANGE_POSITION):
        permissions.require(operation, actor)


def _losses(rows: Rows, there: Mapping[str, Person]) -> list[Loss]:
    losses = []
    for row in rows.values():
        if row.username in there:
            person = there[row.username]
            losses += [Loss(row.username, role) for role in sorted(person.roles - row.roles)]
            losses += [Loss(row.username)] if person.active and not row.active else []
    return losses


def _require_sound(session: Session, rows: Rows, there: Mapping[str, Person]) -> None:
    known_roles = roles.known(session)
    errors: list[FieldError] = []
    for line, row in rows.items():
        held = there[row.username].roles if row.username in there else frozenset()
        values = asdict(row) | {"roles": sorted(row.roles - held)}
        errors += (_at(line, error) for error in person_fields.refusals(values, known_roles))
        if (row.position is None) != (row.unit is None):
            missing = "position" if row.position is None else "unit"
            errors.append(_error(line, missing, "position_incomplete", "A position has a name and a unit."))
    errors += _repeated(rows, "username")
    errors += _repeated(rows, "nip")
    errors += _taken_nips(session, rows)
    if errors:
        raise ImportRefused(errors=errors)


def _repeated(rows: Rows, column: str) -> Iterator[FieldError]:
    counts = Counter(getattr(row, column) for row in rows.values())
    for line, row in rows.items():
        value = getattr(row, column)
        if value is not None and counts[value] > 1:
            yield _error(line, column, f"{column}_repeated", f"Another line has the same {column}.")


def _taken_nips(session: Session, rows: Rows) -> Iterator[FieldError]:
    in_file = {row.username for row in rows.values()}
    holders = identities.usernames_by_nip(session, {row.nip for row in rows.values() if row.nip is not None})
    for line, row in rows.items():
        holder = holders.get(row.nip or "")
        if holder is not None and holder not in in_file:
            yield _error(line, "nip", "nip_taken", f"This is the NIP of {holder}.")


def _at(line: int, error: FieldError) -> FieldError:
    return _error(line, error.pointer.split("/")[1], error.code, error.reason)


def _error(line: int, column: str, code: str, reason: str) -> FieldError:
    return FieldError(json_pointer([line, column]), code, reason)


def _write(session: Session, rows: Rows, there: Mapping[str, Person], now: datetime) -> list[NewEntry]:
    told, position_ids = _make_positions(session, rows.values())
    nips = identities.nips_of(session, [person.id for person in there.values()])
    known = [(there[row.username], row) for row in rows.values() if row.username in there]
    # Forgotten first, so that two people can exchange theirs.
    wanted_nips = {person.id: row.nip for person, row in known}
    identities.forget(session, [user_id for user_id, nip in nips.items() if nip != wanted_nips[user_id]])
    roles.grant_all(session, {person.id: row.roles - person.roles for person, row in known})
    roles.revoke_all(session, {person.id: person.roles - row.roles for person, row in known})
    added = _add(session, [row for row in rows.values() if row.username not in there], position_ids, now)
    for row in rows.values():
        if row.username in added:
            told.append(person_changes.added(added[row.username]))
        else:
            person = there[row.username]
            told += _change(session, person, nips.get(person.id), row, position_ids.get((row.position, row.unit)))
    return told


def _make_positions(session: Session, rows: Collection[PersonRow]) -> tuple[list[NewEntry], PositionIds]:
    told: list[NewEntry] = []
    ids: dict[tuple[str | None, str | None], UUID] = {}
    wanted = sorted({(row.position, row.unit) for row in rows if row.position and row.unit})
    there = positions.named(session, [name for name, _ in wanted])
    for name, unit in wanted:
        position = there.get((name, unit))
        if position is None:
            position = positions.add(session, name, unit)
            told.append(NewEntry("position_added", str(position.id), position.as_json()))
        ids[name, unit] = position.id
    return told, ids


def _add(session: Session, rows: Collection[PersonRow], position_ids: PositionIds, now: datetime) -> dict[str, Person]:
    if not rows:
        return {}
    new = [
        NewPerson(
            row.username,
            row.name,
            row.roles,
            email=row.email,
            position_id=position_ids.get((row.position, row.unit)),
            active=row.active,
        )
        for row in rows
    ]
    ids = people.add_all(session, new, now=now)
    identities.keep_all(session, {ids[row.username]: row.nip for row in rows if row.nip is not None})
    return people.by_username(session, ids)


def _change(
    session: Session, person: Person, nip: str | None, row: PersonRow, position_id: UUID | None
) -> list[NewEntry]:
    fields = {"name": row.name, "email": row.email, "nip": row.nip, "active": row.active}
    told = person_changes.write(session, person, nip, fields | {"position_id": position_id})
    granted, revoked = row.roles - person.roles, person.roles - row.roles
    if (granted or revoked) and not told:
        # The roles themselves are written by now; without another change the revision must still count up.
        people.change(session, person)
    told += [NewEntry("role_granted", person.username, {"role": role}) for role in sorted(granted)]
    return told + [NewEntry("role_revoked", person.username, {"role": role}) for role in sorted(revoked)]
