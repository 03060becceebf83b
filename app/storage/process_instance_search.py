"""Lists of process instances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select, true
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import (
    instance_traces,
    json_search,
    keyset,
    participants,
    process_definitions,
    process_instances,
    tables,
    walks,
    week_by_week,
)
from app.storage.process_instances import ProcessInstance

_instance = tables.process_instance.c
_definition = tables.process_definition.c

#: Instances that are found by when they ended or how long they took, and then sorted, whichever they are; where there
#: are more, walking along all instances soon finds enough of them.
_FEW = 5_000
#: instances that are asked for their variables, back from where a page begins, for each row wanted
_NEAR = 30
_DEFAULT_SORT = "-started_at"


@dataclass(frozen=True, slots=True)
class ProcessInstanceFilter:
    """Which instances are wanted; what is None or empty does not matter, and all the rest must hold."""

    status: str | None = None
    process_definition_key: str | None = None
    version: int | None = None
    business_key: str | None = None
    started_by: str | None = None
    #: later than this, earlier than that
    started_after: datetime | None = None
    started_before: datetime | None = None
    ended_after: datetime | None = None
    ended_before: datetime | None = None
    #: (name, value as text), all of which must hold
    variables: tuple[tuple[str, str], ...] = ()
    #: username of who acted in it, or of whom it was done in the name of
    actor: str | None = None
    #: at which something has happened
    element_id: str | None = None
    #: that was made in it
    decision: str | None = None
    #: of any of its elements
    round_at_least: int | None = None
    #: whether any user task was completed after its standard time
    late: bool | None = None
    #: seconds from start to end
    duration_at_least: int | None = None
    duration_at_most: int | None = None


def search(
    session: Session, page: keyset.Page, wanted: ProcessInstanceFilter, visible_to: Actor | None
) -> keyset.Slice[ProcessInstance]:
    """Instances, newest first; only those that `visible_to` may know of (None: all).

    Sorted by `ended_at` or `duration_seconds`, only those are listed that have ended; by `highest_round`, only those
    with a repeated round.
    """
    sort = page.sort or _DEFAULT_SORT
    before = _before(page, wanted) if sort == _DEFAULT_SORT else None
    # What is counted as well is not only what remains.
    bound = None if page.include_total else before
    query, choices = _query(session, wanted, visible_to, sort, bound), _choices(session, wanted)
    is_walked = sort.removeprefix("-") == "started_at"
    queries = walks.split(query, choices) if is_walked else [walks.together(query, choices)]
    if not wanted.variables or sort != _DEFAULT_SORT:
        return _fetch(session, queries, page)
    together = walks.together(query, choices)
    found = _by_value(session, queries, together, replace(page, include_total=False), wanted, before)
    return replace(found, total=keyset.count(session, queries)) if page.include_total else found


def _by_value(
    session: Session,
    queries: list[Select[Any]],
    together: Select[Any],
    page: keyset.Page,
    wanted: ProcessInstanceFilter,
    before: datetime | None,
) -> keyset.Slice[ProcessInstance]:
    """A page of those that have a value: sought where it is near, then in the weeks in which there are some."""
    near = _near(session, page, before)
    found = _fetch(session, [query.where(*near) for query in queries], page)
    if found.next_cursor is not None:
        return found
    # A business key leads to few.
    calendar = None if wanted.business_key is not None else week_by_week.calendar(session, wanted.variables)
    if calendar is None:
        return _fetch(session, queries, page)
    weeks = calendar.search(week_by_week.STARTED, wanted.started_after, before)
    return _fetch(session, [weeks.along(together)], page)


_OWN = ("started_at", "ended_at", "status", "started_by", "duration_seconds", "highest_round")
_SORTABLE = {name: _instance[name] for name in _OWN} | {
    "business_key": func.coalesce(_instance.business_key, ""),
    "process_definition_key": _definition.key,
}


def _fetch(session: Session, queries: list[Select[Any]], page: keyset.Page) -> keyset.Slice[ProcessInstance]:
    return keyset.fetch(
        session,
        queries,
        page,
        sortable=_SORTABLE,
        default_sort=_DEFAULT_SORT,
        identity=_instance.id,
        build=lambda row: ProcessInstance(**row),
    )


def _before(page: keyset.Page, wanted: ProcessInstanceFilter) -> datetime | None:
    """The moment back from which instances are looked for; None: from now."""
    place = keyset.place(page, sortable=_SORTABLE, default_sort=_DEFAULT_SORT, identity=_instance.id)
    return min(filter(None, [place and place[0], wanted.started_before]), default=None)


def _near(session: Session, page: keyset.Page, before: datetime | None) -> list[ColumnElement[bool]]:
    """How far back a page is looked for, instance by instance, before they are looked for week by week."""
    earlier = select(_instance.started_at).where(walks.ALL_INSTANCES)
    if before is not None:
        earlier = earlier.where(_instance.started_at <= before)
    many = _NEAR * (page.limit + 1)
    moment = session.scalar(earlier.order_by(_instance.started_at.desc()).offset(many).limit(1))
    return [walks.ALL_INSTANCES] if moment is None else [walks.ALL_INSTANCES, _instance.started_at >= moment]


def _query(
    session: Session, wanted: ProcessInstanceFilter, visible_to: Actor | None, sort: str, before: datetime | None
) -> Select[Any]:
    query = process_instances.SELECT.where(*_plain(session, wanted), *_sorted_by(sort))
    if visible_to is not None:
        query = query.where(participants.may_know(_instance.id, visible_to))
    leads_somewhere = _leads_somewhere(wanted)
    if _ended(wanted):
        ended, is_walked = _of_end(session, wanted, sort)
        query, leads_somewhere = query.where(*ended), leads_somewhere or not is_walked
    for trace in instance_traces.left_by(wanted.actor, wanted.element_id, wanted.decision):
        condition, is_walked = trace.found(session, before)
        query, leads_somewhere = query.where(condition), leads_somewhere or not is_walked
    return query if leads_somewhere else query.where(walks.ALL_INSTANCES)


def _leads_somewhere(wanted: ProcessInstanceFilter) -> bool:
    """Whether an index leads to such instances, or nearly all of those that it leads to are such."""
    return bool(wanted.variables or wanted.process_definition_key) or not walks.is_usual(wanted.round_at_least)


def _of_end(session: Session, wanted: ProcessInstanceFilter, sort: str) -> tuple[list[ColumnElement[bool]], bool]:
    """What is known only of instances that have ended, as conditions; and whether all are walked along for it."""
    ended = _ended(wanted)
    if sort.removeprefix("-") != "started_at":
        return ended, False
    found = select(_instance.id).where(*ended).limit(_FEW + 1).subquery()
    if (session.scalar(select(func.count()).select_from(found)) or 0) <= _FEW:
        return ended, False
    # In words that no index knows: else PostgreSQL would often sort all that one leads to.
    started_before = [] if wanted.ended_before is None else [_instance.started_at < wanted.ended_before]
    return [and_(*ended).is_(true()), *started_before], True


def _plain(session: Session, wanted: ProcessInstanceFilter) -> list[ColumnElement[bool]]:
    sqlite = session.get_bind().dialect.name == "sqlite"
    found: list[ColumnElement[bool]] = [true()]
    for name in ("status", "business_key", "started_by"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(_instance[name] == value)
    if wanted.late is not None:
        # Not `IS`: the partial index is found by these very words.
        found.append(_instance.late == (true() if wanted.late else false()))
    for name, text in wanted.variables:
        found.append(json_search.variable_is(_instance.variables, name, text, sqlite=sqlite))
    return [*found, *_within(wanted)]


def _within(wanted: ProcessInstanceFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.started_after is not None:
        found.append(_instance.started_at > wanted.started_after)
    if wanted.started_before is not None:
        found.append(_instance.started_at < wanted.started_before)
    return found


def _ended(wanted: ProcessInstanceFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.ended_after is not None:
        found.append(_instance.ended_at > wanted.ended_after)
    if wanted.ended_before is not None:
        found.append(_instance.ended_at < wanted.ended_before)
    if wanted.duration_at_least is not None:
        found.append(_instance.duration_seconds >= wanted.duration_at_least)
    if wanted.duration_at_most is not None:
        found.append(_instance.duration_seconds <= wanted.duration_at_most)
    return found


def _sorted_by(sort: str) -> list[ColumnElement[bool]]:
    """That there is something to sort by: the partial indexes hold no other instances."""
    fields = {field.removeprefix("-") for field in sort.split(",")}
    found: list[ColumnElement[bool]] = []
    for name in fields & {"duration_seconds", "ended_at"}:
        found.append(_instance[name].is_not(None))
    if "highest_round" in fields:
        found.append(walks.repeated(_instance.highest_round, 2))
    return found


def _choices(session: Session, wanted: ProcessInstanceFilter) -> walks.Choices:
    """Each condition that no single walk can follow."""
    found: list[list[ColumnElement[bool]]] = []
    if wanted.process_definition_key is not None:
        versions = process_definitions.ids_of(session, wanted.process_definition_key, wanted.version)
        found.append([_instance.process_definition_id == version for version in versions] or [false()])
    elif wanted.version is not None:
        numbered = select(_definition.id).where(_definition.version == wanted.version)
        found.append([_instance.process_definition_id.in_(numbered)])
    if wanted.round_at_least is not None:
        found.append(walks.rounds(_instance.highest_round, wanted.round_at_least))
    return found
