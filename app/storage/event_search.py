"""Which events somebody asks for, as conditions on the table of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true

from app.storage import json_search, tables, walks

_event = tables.event.c
_instance = tables.process_instance.c
_definition = tables.process_definition.c


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; what is None or empty does not matter, and all the rest must hold."""

    #: username of who acted, or of whom it was done in the name of
    actor: str | None = None
    element_id: str | None = None
    #: any of these
    types: tuple[str, ...] = ()
    #: later than this, earlier than that
    occurred_after: datetime | None = None
    occurred_before: datetime | None = None
    #: of the version that the instance ran once it had happened
    process_definition_key: str | None = None
    version: int | None = None
    process_instance_id: UUID | None = None
    #: of the instance
    business_key: str | None = None
    #: (name, value as text), all of which the instance must have now
    variables: tuple[tuple[str, str], ...] = ()
    decision: str | None = None
    round_at_least: int | None = None
    late: bool | None = None
    #: seconds
    duration_at_least: int | None = None
    duration_at_most: int | None = None

    @property
    def asks_of_instances(self) -> bool:
        """Whether the instances decide as well."""
        return self.business_key is not None or bool(self.variables)

    @property
    def asks_of_events(self) -> bool:
        """Whether anything but the time of an event decides as well."""
        of_all = EventFilter(
            occurred_after=self.occurred_after,
            occurred_before=self.occurred_before,
            business_key=self.business_key,
            variables=self.variables,
        )
        return self != of_all


def conditions(wanted: EventFilter, *, sqlite: bool) -> list[ColumnElement[bool]]:
    """What must hold of a row of `event`, all of it."""
    found = plain(wanted)
    if wanted.actor is not None:
        found.append(or_(_event.actor == wanted.actor, _event.on_behalf_of == wanted.actor))
    if wanted.types:
        found.append(_event.type.in_(wanted.types))
    if wanted.round_at_least is not None:
        found.append(walks.repeated(_event.round, wanted.round_at_least))
    if wanted.process_definition_key is not None:
        of_key = select(_definition.id).where(_definition.key == wanted.process_definition_key)
        found.append(_event.process_definition_id.in_(of_key))
    if wanted.asks_of_instances:
        of_them = select(_instance.id).where(*of_instances(wanted, sqlite=sqlite))
        found.append(_event.process_instance_id.in_(of_them))
    return found


def plain(wanted: EventFilter) -> list[ColumnElement[bool]]:
    """Those of the conditions that one walk along an index can follow."""
    found: list[ColumnElement[bool]] = []
    for name in ("element_id", "process_instance_id", "version", "decision"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(_event[name] == value)
    if wanted.occurred_after is not None:
        found.append(_event.occurred_at > wanted.occurred_after)
    if wanted.occurred_before is not None:
        found.append(_event.occurred_at < wanted.occurred_before)
    if wanted.late is not None:
        # Not `IS`: the partial index is found by these very words.
        found.append(_event.late == (true() if wanted.late else false()))
    if wanted.duration_at_least is not None:
        found.append(_event.duration_seconds >= wanted.duration_at_least)
    if wanted.duration_at_most is not None:
        found.append(_event.duration_seconds <= wanted.duration_at_most)
    return found


def of_instances(wanted: EventFilter, *, sqlite: bool) -> list[ColumnElement[bool]]:
    """What must hold of a row of `process_instance`, all of it."""
    found: list[ColumnElement[bool]] = []
    if wanted.business_key is not None:
        found.append(_instance.business_key == wanted.business_key)
    for name, text in wanted.variables:
        found.append(json_search.variable_is(_instance.variables, name, text, sqlite=sqlite))
    return found
