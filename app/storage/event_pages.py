"""Lists of events of all instances, so asked that a page costs the same whatever is looked for, and how deep.

A database that is to list the newest few of very many can walk along one index in the order wanted, or fetch all that
an index finds and sort it. Of "this actor, or in this actor's name" and of "any of these types" it can do only the
latter, or walk along everything. So such a question is put as several, each of which one index answers in order, and
which the database merges: it takes from each only what the page needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, select, true, union_all
from sqlalchemy.orm import Session

from app.permissions import Actor
from app.storage import keyset, participants, tables
from app.storage.event_search import EventFilter, conditions, of_instances, of_rounds, plain
from app.storage.events import COLUMNS, Event

#: Instances whose events are fetched and sorted, whichever they are; where more are meant, walking along all events
#: soon finds enough of theirs.
MAX_INSTANCES = 1000
#: walks that are merged; beyond these the database is left to its own ways
_MAX_WALKS = 32
#: rounds that are walked along one by one; there are ever fewer of the later ones
_ROUNDS = 8
DEFAULT_SORT = "-occurred_at"

_event = tables.event.c
_instance = tables.process_instance.c
_definition = tables.process_definition.c


def search(session: Session, page: keyset.Page, wanted: EventFilter, visible_to: Actor | None) -> keyset.Slice[Event]:
    """Events of all instances, newest first; only of instances that `visible_to` may know of (None: of all).

    Sorted by `duration_seconds` or `round`, only those are listed that have a duration, or are of a repeated round.
    """
    query = _query(session, wanted, visible_to, page.sort or DEFAULT_SORT)
    found = query.selected_columns
    return keyset.fetch(
        session,
        query,
        page,
        sortable={name: found[name] for name in ("occurred_at", "duration_seconds", "round")},
        default_sort=DEFAULT_SORT,
        identity=[found.process_instance_id, found.sequence],
        build=lambda row: Event(**row),
    )


def _query(session: Session, wanted: EventFilter, visible_to: Actor | None, sort: str) -> Select[Any]:
    sqlite = session.get_bind().dialect.name == "sqlite"
    instances = _few_instances(session, wanted, visible_to, sqlite=sqlite)
    if instances is not None:
        return _one_walk(wanted, sort, [_event.process_instance_id.in_(instances)], sqlite=sqlite)
    known = [] if visible_to is None else [participants.may_know(_event.process_instance_id, visible_to)]
    if sort.removeprefix("-") != "occurred_at" or wanted.process_instance_id is not None:
        return _one_walk(wanted, sort, known, sqlite=sqlite)
    walks = [and_(*walk) for walk in product(*_choices(session, wanted))]
    if len(walks) > _MAX_WALKS:
        return _one_walk(wanted, sort, known, sqlite=sqlite)
    everywhere = [*plain(wanted), *known]
    if wanted.asks_of_instances:
        of_them = select(_instance.id).where(*of_instances(wanted, sqlite=sqlite))
        everywhere.append(_event.process_instance_id.in_(of_them))
    branches = [select(*COLUMNS).where(*everywhere, walk) for walk in walks]
    return branches[0] if len(branches) == 1 else select(union_all(*branches).subquery())


def _one_walk(wanted: EventFilter, sort: str, also: list[ColumnElement[bool]], *, sqlite: bool) -> Select[Any]:
    return select(*COLUMNS).where(*conditions(wanted, sqlite=sqlite), *also, *_sorted_by(sort))


def _sorted_by(sort: str) -> list[ColumnElement[bool]]:
    """That there is something to sort by: the partial indexes hold no other events."""
    fields = {field.removeprefix("-") for field in sort.split(",")}
    found: list[ColumnElement[bool]] = []
    if "duration_seconds" in fields:
        found.append(_event.duration_seconds.is_not(None))
    if "round" in fields:
        found.append(of_rounds(2))
    return found


def _choices(session: Session, wanted: EventFilter) -> list[list[ColumnElement[bool]]]:
    """Each condition that no single walk can follow, as alternatives that exclude each other."""
    found: list[list[ColumnElement[bool]]] = [[true()]]
    if wanted.actor is not None:
        by_proxy = and_(_event.on_behalf_of == wanted.actor, _event.actor != wanted.actor)
        found.append([_event.actor == wanted.actor, by_proxy])
    if wanted.types:
        found.append([_event.type == type_ for type_ in wanted.types])
    if wanted.process_definition_key is not None:
        versions = _versions(session, wanted.process_definition_key, wanted.version)
        found.append([_event.process_definition_id == version for version in versions] or [false()])
    if wanted.round_at_least is not None:
        found.append(_rounds(wanted.round_at_least))
    return found


def _rounds(at_least: int) -> list[ColumnElement[bool]]:
    if at_least < 2:
        return [of_rounds(at_least)]
    one_by_one = [and_(of_rounds(2), _event.round == at_least + later) for later in range(_ROUNDS)]
    return [*one_by_one, of_rounds(at_least + _ROUNDS)]


def _versions(session: Session, key: str, version: int | None) -> Sequence[UUID]:
    query = select(_definition.id).where(_definition.key == key).order_by(_definition.version)
    return session.scalars(query if version is None else query.where(_definition.version == version)).all()


def _few_instances(
    session: Session, wanted: EventFilter, visible_to: Actor | None, *, sqlite: bool
) -> Sequence[UUID] | None:
    """The instances that can be meant; None: not few, or nothing says which."""
    if wanted.process_instance_id is not None or not (wanted.asks_of_instances or visible_to):
        return None
    asked = of_instances(wanted, sqlite=sqlite)
    if visible_to is not None:
        asked.append(participants.may_know(_instance.id, visible_to))
    found = session.scalars(select(_instance.id).where(*asked).limit(MAX_INSTANCES + 1)).all()
    return found if len(found) <= MAX_INSTANCES else None
