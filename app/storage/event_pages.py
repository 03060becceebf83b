"""Lists of events of all instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, literal_column, select
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import keyset, participants, process_definitions, tables, walks
from app.storage.event_search import EventFilter, conditions, of_instances, plain
from app.storage.events import COLUMNS, Event

#: Instances whose events are fetched and sorted, whichever they are; where more are meant, walking along all events
#: soon finds enough of theirs.
_FEW = 1000
#: True of all events: who says it may walk along all of them in order of time.
_ALL_IN_TIME = tables.event.c.sequence >= literal_column("1")
_DEFAULT_SORT = "-occurred_at"

_event = tables.event.c
_instance = tables.process_instance.c


def search(session: Session, page: keyset.Page, wanted: EventFilter, visible_to: Actor | None) -> keyset.Slice[Event]:
    """Events of all instances, newest first; only of instances that `visible_to` may know of (None: of all).

    Sorted by `duration_seconds` or `round`, only those are listed that have a duration, or are of a repeated round.
    """
    return keyset.fetch(
        session,
        _queries(session, wanted, visible_to, page.sort or _DEFAULT_SORT),
        page,
        sortable={name: _event[name] for name in ("occurred_at", "duration_seconds", "round")},
        default_sort=_DEFAULT_SORT,
        identity=[_event.process_instance_id, _event.sequence],
        build=lambda row: Event(**row),
    )


def _queries(session: Session, wanted: EventFilter, visible_to: Actor | None, sort: str) -> list[Select[Any]]:
    sqlite = session.get_bind().dialect.name == "sqlite"
    query = select(*COLUMNS).where(*_sorted_by(sort))
    instances = _few_instances(session, wanted, visible_to, sqlite=sqlite)
    if instances is not None:
        of_events = replace(wanted, business_key=None, variables=())
        return [query.where(_event.process_instance_id.in_(instances), *conditions(of_events, sqlite=sqlite))]
    if visible_to is not None:
        query = query.where(participants.may_know(_event.process_instance_id, visible_to))
    if sort.removeprefix("-") != "occurred_at" or wanted.process_instance_id is not None:
        return [query.where(*conditions(wanted, sqlite=sqlite))]
    if not _leads_somewhere(wanted):
        query = query.where(_ALL_IN_TIME)
    if wanted.asks_of_instances:
        of_them = select(_instance.id).where(*of_instances(wanted, sqlite=sqlite))
        query = query.where(_event.process_instance_id.in_(of_them))
    return walks.split(query.where(*plain(wanted)), _choices(session, wanted))


def _leads_somewhere(wanted: EventFilter) -> bool:
    """Whether an index leads to such events, in order of time."""
    named = (wanted.actor, wanted.element_id, wanted.process_definition_key, wanted.decision)
    if wanted.types or wanted.late or not walks.is_usual(wanted.round_at_least):
        return True
    return any(each is not None for each in named)


def _sorted_by(sort: str) -> list[ColumnElement[bool]]:
    """That there is something to sort by: the partial indexes hold no other events."""
    fields = {field.removeprefix("-") for field in sort.split(",")}
    found: list[ColumnElement[bool]] = []
    if "duration_seconds" in fields:
        found.append(_event.duration_seconds.is_not(None))
    if "round" in fields:
        found.append(walks.repeated(_event.round, 2))
    return found


def _choices(session: Session, wanted: EventFilter) -> walks.Choices:
    """Each condition that no single walk can follow."""
    found: list[list[ColumnElement[bool]]] = []
    if wanted.actor is not None:
        by_proxy = and_(_event.on_behalf_of == wanted.actor, _event.actor != wanted.actor)
        found.append([_event.actor == wanted.actor, by_proxy])
    if wanted.types:
        found.append([_event.type == type_ for type_ in wanted.types])
    if wanted.process_definition_key is not None:
        versions = process_definitions.ids_of(session, wanted.process_definition_key, wanted.version)
        found.append([_event.process_definition_id == version for version in versions] or [false()])
    if wanted.round_at_least is not None:
        found.append(walks.rounds(_event.round, wanted.round_at_least))
    return found


def _few_instances(
    session: Session, wanted: EventFilter, visible_to: Actor | None, *, sqlite: bool
) -> Sequence[UUID] | None:
    """The instances that can be meant; None: not few, or nothing says which."""
    if wanted.process_instance_id is not None or not (wanted.asks_of_instances or visible_to):
        return None
    asked = of_instances(wanted, sqlite=sqlite)
    if visible_to is not None:
        asked.append(participants.may_know(_instance.id, visible_to))
    found = session.scalars(select(_instance.id).where(*asked).limit(_FEW + 1)).all()
    return found if len(found) <= _FEW else None
