"""Lists of events of all instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, and_, any_, false, literal, select, true
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import events_of_many, keyset, participants, process_definitions, tables, walks, week_by_week
from app.storage.event_search import EventFilter, conditions, of_instances, plain
from app.storage.events import COLUMNS, Event

#: Instances whose events are fetched and sorted, whichever they are; where more are meant, walking along all events
#: soon finds enough of theirs.
_FEW = 1000
#: Instances, for each row wanted, that were at work last, and whose events are looked through for those wanted.
_AMONG = 2
_DEFAULT_SORT = "-occurred_at"

_event = tables.event.c
_instance = tables.process_instance.c
_SORTABLE = {name: _event[name] for name in ("occurred_at", "duration_seconds", "round")}
_IDENTITY = [_event.process_instance_id, _event.sequence]


def search(session: Session, page: keyset.Page, wanted: EventFilter, visible_to: Actor | None) -> keyset.Slice[Event]:
    """Events of all instances, newest first; only of instances that `visible_to` may know of (None: of all).

    Sorted by `duration_seconds` or `round`, only those are listed that have a duration, or are of a repeated round.
    """
    sort = page.sort or _DEFAULT_SORT
    meant = _meant(session, wanted, visible_to)
    queries = _queries(session, wanted, visible_to, sort)
    if wanted.process_instance_id is not None and sort.removeprefix("-") == "occurred_at":
        return _of_one(session, queries, page)
    if wanted.asks_of_instances and sort == _DEFAULT_SORT:
        found = _of_instances(session, queries, replace(page, include_total=False), wanted, meant)
        if not page.include_total:
            return found
        # In no order, to count them: what is told of instances is then not asked of all events one by one.
        unsorted = _queries(session, wanted, visible_to, "")
        return replace(found, total=keyset.count(session, unsorted))
    return _fetch(session, _of_few(session, wanted, meant, sort) or queries, page)


def _fetch(
    session: Session,
    queries: Sequence[Select[Any]],
    page: keyset.Page,
    sortable: keyset.Sortable = _SORTABLE,
    identity: Sequence[ColumnElement[Any]] = _IDENTITY,
) -> keyset.Slice[Event]:
    return keyset.fetch(
        session,
        queries,
        page,
        sortable=sortable,
        default_sort=_DEFAULT_SORT,
        identity=identity,
        build=lambda row: Event(**row),
    )


def _of_one(session: Session, queries: Sequence[Select[Any]], page: keyset.Page) -> keyset.Slice[Event]:
    """A page of one instance's events: numbered in order of time, which never runs backwards in a stream."""
    return _fetch(session, queries, page, {"occurred_at": _event.sequence}, [_event.sequence])


def _of_instances(
    session: Session,
    queries: Sequence[Select[Any]],
    page: keyset.Page,
    wanted: EventFilter,
    meant: events_of_many.Meant,
) -> keyset.Slice[Event]:
    """A page of the newest events of the instances meant: sought where it is near, then where it can be."""
    place = keyset.place(page, sortable=_SORTABLE, default_sort=_DEFAULT_SORT, identity=_IDENTITY)
    before: datetime | None = min(filter(None, [place and place[0], wanted.occurred_before]), default=None)
    near = events_of_many.nearest(session, before, page.limit + 1)
    if near is not None:
        found = _fetch(session, [query.where(_event.occurred_at >= near) for query in queries], page)
        if found.next_cursor is not None:
            return found
    return _of_many(session, queries, page, wanted, meant, before)


def _of_many(
    session: Session,
    queries: Sequence[Select[Any]],
    page: keyset.Page,
    wanted: EventFilter,
    meant: events_of_many.Meant,
    before: datetime | None,
) -> keyset.Slice[Event]:
    """The same where few of the instances were at work when the page begins: of those that were at work last."""
    # A business key leads to few.
    calendar = None if wanted.business_key is not None else week_by_week.calendar(session, wanted.variables)
    events = (page.limit + 1) * (_AMONG if wanted.asks_of_events else 1)
    last = events_of_many.at_work_last(session, meant, before, events, calendar)
    if last is not None and (last.since is None or not wanted.asks_of_events):
        return _fetch(session, [_of_these(session, last.ids, wanted)], page)
    first = events_of_many.began_first(session, meant, calendar)
    earlier = [query.where(*([] if first is None else [_event.occurred_at >= first])) for query in queries]
    if last is None:
        return _fetch(session, earlier, page)
    later = _of_these(session, last.ids, wanted).where(_event.occurred_at > last.since)
    return _fetch(session, [later, *(query.where(_event.occurred_at <= last.since) for query in earlier)], page)


def _of_these(session: Session, instances: Sequence[UUID], wanted: EventFilter) -> Select[Any]:
    """What finds events of these instances, by way of them."""
    # In words that no index knows: else PostgreSQL would often look through all such events of the time.
    as_wanted = and_(true(), *_of_events(session, wanted)).is_(true())
    return select(*COLUMNS).where(_is_of_one(session, instances), as_wanted)


def _queries(session: Session, wanted: EventFilter, visible_to: Actor | None, sort: str) -> list[Select[Any]]:
    """What finds events wherever they are; of several queries, none finds what another one does."""
    sqlite = _is_sqlite(session)
    query = select(*COLUMNS).where(*_sorted_by(sort))
    if visible_to is not None:
        query = query.where(participants.may_know(_event.process_instance_id, visible_to))
    if sort.removeprefix("-") != "occurred_at" or wanted.process_instance_id is not None:
        return [query.where(*conditions(wanted, sqlite=sqlite))]
    if not _leads_somewhere(wanted):
        query = query.where(walks.ALL_EVENTS)
    if wanted.asks_of_instances:
        query = query.where(events_of_many.is_of(of_instances(wanted, sqlite=sqlite)))
    return walks.split(query.where(*plain(wanted)), _choices(session, wanted))


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


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


def _meant(session: Session, wanted: EventFilter, visible_to: Actor | None) -> list[ColumnElement[bool]]:
    """What must hold of an event's instance."""
    asked = of_instances(wanted, sqlite=_is_sqlite(session))
    return asked if visible_to is None else [*asked, participants.may_know(_instance.id, visible_to)]


def _of_few(session: Session, wanted: EventFilter, meant: events_of_many.Meant, sort: str) -> list[Select[Any]] | None:
    """What finds events of the instances that can be meant; None: these are not few, or nothing says which."""
    if wanted.process_instance_id is not None or not meant:
        return None
    few = session.scalars(select(_instance.id).where(*meant).limit(_FEW + 1)).all()
    if len(few) > _FEW:
        return None
    return [select(*COLUMNS).where(*_sorted_by(sort), _is_of_one(session, few), *_of_events(session, wanted))]


def _is_of_one(session: Session, instances: Sequence[UUID]) -> ColumnElement[bool]:
    """That an event is of one of the instances."""
    if _is_sqlite(session):
        return _event.process_instance_id.in_(instances)
    # One parameter, not hundreds.
    return _event.process_instance_id == any_(literal(instances, ARRAY(Uuid)))


def _of_events(session: Session, wanted: EventFilter) -> list[ColumnElement[bool]]:
    """What must hold of an event, whatever its instance is."""
    return conditions(replace(wanted, business_key=None, variables=()), sqlite=_is_sqlite(session))
