"""Pages of a list by keyset: a page begins where the one before ended, however the list grew meanwhile."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    asc,
    column,
    desc,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from app.errors import FieldError, ParameterRefused

T = TypeVar("T")

#: A plan that was kept goes by what is usual; whoever looks for something rare needs one of their own. And where a page
#: is found along an index, starting others to help takes longer than to do it alone.
_PLAN_FOR_A_PAGE = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)"
)
#: of an INTEGER column
_MAX_INTEGER = 2**31 - 1

#: field name as clients write it → what to order by; never NULL
Sortable = Mapping[str, ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted."""

    limit: int
    cursor: str | None = None
    #: such as `created_at,-name`
    sort: str | None = None
    include_total: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None
    #: of the whole list; None unless asked for
    total: int | None


@dataclass(frozen=True, slots=True)
class _Order:
    name: str
    column: ColumnElement[Any]
    descending: bool


def fetch(
    session: Session,
    query: Select[Any] | Sequence[Select[Any]],
    page: Page,
    *,
    sortable: Sortable,
    default_sort: str,
    identity: ColumnElement[Any] | Sequence[ColumnElement[Any]],
    build: Callable[[Mapping[str, Any]], T],
) -> Slice[T]:
    """Run the query for one page; of several, which must not overlap, all that they find together.

    Args: `identity`, one column or several, is unique and breaks ties; `build` makes an item of a row's values by
        column name.
    Raises: ParameterRefused: an unknown sort field, or a cursor that this list did not give.
    """
    queries = [query] if isinstance(query, Select) else query
    sort = page.sort or default_sort
    orders = _orders(sort, sortable, identity)
    behind = [] if page.cursor is None else [_after(orders, _decode(page.cursor, sort, orders))]
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_PLAN_FOR_A_PAGE)
    remaining = [_before_all(each, condition) for each in queries for condition in behind] or queries
    wanted = _together(remaining, orders, page.limit + 1)
    rows = [dict(row) for row in session.execute(wanted).mappings()]
    places = [[row.pop(f"_key_{index}") for index in range(len(orders))] for row in rows]
    more = len(rows) > page.limit
    return Slice(
        items=[build(row) for row in rows[: page.limit]],
        next_cursor=_encode(sort, places[page.limit - 1]) if more else None,
        total=count(session, queries) if page.include_total else None,
    )


def place(
    page: Page,
    *,
    sortable: Sortable,
    default_sort: str,
    identity: ColumnElement[Any] | Sequence[ColumnElement[Any]],
) -> list[Any] | None:
    """Behind which values of the fields sorted by, and of the identity, the page begins; None: with the first of all.

    Raises: ParameterRefused: as `fetch` does.
    """
    sort = page.sort or default_sort
    return None if page.cursor is None else _decode(page.cursor, sort, _orders(sort, sortable, identity))


def _together(queries: Sequence[Select[Any]], orders: list[_Order], limit: int) -> Select[Any]:
    """The first rows of all queries in one order. Of each no more are taken, in its own walk along an index."""
    keys = [order.column.label(f"_key_{index}") for index, order in enumerate(orders)]
    directions = [desc if order.descending else asc for order in orders]
    in_order = [direction(order.column) for direction, order in zip(directions, orders, strict=True)]
    firsts = [query.add_columns(*keys).order_by(*in_order).limit(limit) for query in queries]
    if len(firsts) == 1:
        return firsts[0]
    # Their columns are named, not derived from each other, which would take longer than to run the query.
    everything: ColumnElement[Any] = literal_column("*")
    found = union_all(*(select(everything).select_from(first.subquery()) for first in firsts)).subquery()
    columns: list[ColumnElement[Any]] = [column(name, each.type) for name, each in firsts[0].selected_columns.items()]
    again: list[ColumnElement[Any]] = [
        direction(column(key.name)) for direction, key in zip(directions, keys, strict=True)
    ]
    return select(*columns).select_from(found).order_by(*again).limit(limit)


def count(session: Session, queries: Sequence[Select[Any]]) -> int:
    """How many rows the queries find, none of them twice."""
    return sum(session.scalar(select(func.count()).select_from(query.subquery())) or 0 for query in queries)


def _orders(sort: str, sortable: Sortable, identity: ColumnElement[Any] | Sequence[ColumnElement[Any]]) -> list[_Order]:
    ties = identity if isinstance(identity, Sequence) else [identity]
    return [*_parse_sort(sort, sortable), *(_Order("", tie, descending=sort.startswith("-")) for tie in ties)]


def _parse_sort(sort: str, sortable: Sortable) -> list[_Order]:
    orders: list[_Order] = []
    for field in sort.split(","):
        name = field.removeprefix("-")
        if name not in sortable or any(order.name == name for order in orders):
            reason = f"Each of these at most once: {', '.join(sorted(sortable))}; `-` before it for descending."
            raise ParameterRefused(errors=[FieldError("sort", "unknown_sort_field", reason)])
        orders.append(_Order(name, sortable[name], descending=field.startswith("-")))
    return orders


def _after(orders: list[_Order], place: list[Any]) -> ColumnElement[bool]:
    """Rows behind a place: greater in the first field, or equal there and greater in the next, and so on."""
    if len({order.descending for order in orders}) == 1:
        # Compared as rows, a database finds the very place in an index, also among many that are equal in the first.
        columns = tuple_(*(order.column for order in orders))
        values = tuple_(*(literal(value, order.column.type) for order, value in zip(orders, place, strict=True)))
        return columns < values if orders[0].descending else columns > values
    alternatives = []
    for index, (order, value) in enumerate(zip(orders, place, strict=True)):
        beyond = order.column < value if order.descending else order.column > value
        ties = (o.column == v for o, v in zip(orders[:index], place[:index], strict=True))
        alternatives.append(and_(*ties, beyond))
    # Follows from the alternatives, but only of this does a database see where in an index to begin.
    first = orders[0].column <= place[0] if orders[0].descending else orders[0].column >= place[0]
    return and_(first, or_(*alternatives))


def _before_all(query: Select[Any], condition: ColumnElement[bool]) -> Select[Any]:
    """The query with this condition, said first.

    Of several conditions that bound the same walk along an index, such as the end of a period, PostgreSQL begins at the
    first, and passes by everything until the others hold, too.
    """
    found = query.where(condition)
    *others, last = found._where_criteria  # there is no public way to say something first
    found._where_criteria = (last, *others)
    return found


def _encode(sort: str, place: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sort, *place])).decode().rstrip("=")


def _decode(cursor: str, sort: str, orders: list[_Order]) -> list[Any]:
    refused = ParameterRefused(
        errors=[FieldError("cursor", "invalid_cursor", "Take `next_cursor` of the page before, with the same `sort`.")]
    )
    try:
        given_sort, *place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if given_sort != sort or len(place) != len(orders):
            raise refused
        return [_restore(value, order.column) for value, order in zip(place, orders, strict=True)]
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        raise refused from error


def _restore(value: Any, column: ColumnElement[Any]) -> Any:
    """The value as the column's type compares it; the cursor is a client's, so it is checked, not trusted."""
    kind = column.type.python_type
    match value:
        case str() if kind is datetime:
            return datetime.fromisoformat(value).astimezone(UTC)
        case str() if kind is UUID:
            return UUID(value)
        case str() if kind is str and "\0" not in value:
            return value
        case int() if kind is int and abs(value) <= _MAX_INTEGER and not isinstance(value, bool):
            return value
    raise TypeError(kind)
