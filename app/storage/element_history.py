"""What an element was called before its instance moved to another version: the history knows it by its old id.

Whoever asks the history for what happened at an element (four eyes, the values of its last round) asks through the
terms here, the newest first. An instance that never moved has one, which reaches from its first event to its last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from app.storage import tables

#: greater than any sequence
_END = 2**31 - 1

_event = tables.event.c
# The index holds this type of event alone, so the type must stand in the text of the query.
_MIGRATED: BindParameter[str] = bindparam(None, "process_instance_migrated", literal_execute=True)
_MIGRATIONS = select(_event.sequence, _event.payload).where(
    _event.process_instance_id == bindparam("instance_id"), _event.type == _MIGRATED
)


@dataclass(frozen=True, slots=True)
class Migration:
    """The move of an instance to another version."""

    sequence: int
    #: ids of the elements of the version that it left → those of their counterparts
    mapping: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an instance's history in which an element had one id."""

    element_id: str
    #: sequence of the migration that began it; 0: the instance did
    begins_after: int
    #: sequence of the migration that ended it
    ends_before: int

    def holds(self, element_id: str, sequence: int) -> bool:
        """Whether an event of that element and sequence is of this element, in this term."""
        return element_id == self.element_id and self.begins_after < sequence < self.ends_before


def terms_of(session: Session, instance_id: UUID, element_id: str) -> Sequence[Term]:
    """The ids that an element of the instance's present version has had, the newest first."""
    return terms_in(migrations_of(session, instance_id), element_id)


def migrations_of(session: Session, instance_id: UUID) -> Sequence[Migration]:
    """The migrations of an instance, the newest first."""
    found = session.execute(_MIGRATIONS, {"instance_id": instance_id}).all()
    # Sorted here: for an order, SQLite would walk along the whole history rather than sort the few that it finds.
    newest_first = sorted(found, key=lambda each: each.sequence, reverse=True)
    return [Migration(each.sequence, each.payload["mapping"]) for each in newest_first]


def terms_in(migrations: Sequence[Migration], element_id: str) -> Sequence[Term]:
    """The ids that an element of the present version has had through these migrations, the newest first.

    An element that a migration dropped and a later one brought back, under its id, is the same one: leaving a version
    and coming back makes nobody's doing undone.
    """
    until, present = _END, True
    terms: list[Term] = []
    #: ids of the elements that live on in the present version; None: all
    living: set[str] | None = None
    for migration in migrations:
        if present:
            terms.append(Term(element_id, migration.sequence, until))
        until, mapping = migration.sequence, migration.mapping
        former = {new: old for old, new in mapping.items()}
        living = {old for old, new in mapping.items() if living is None or new in living}
        if present and element_id in former:
            element_id = former[element_id]
        else:
            # Where another element that lives on had the id, what happened under it is not of this one.
            present = element_id not in living
    return [*terms, Term(element_id, 0, until)] if present else terms
