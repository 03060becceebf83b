"""Questions with alternatives, so put that a page of the answer costs the same whatever is looked for, and how deep.

A database that is to list the newest few of very many can walk along one index in the order wanted, or fetch all that
an index finds and sort it. Of "this actor, or in this actor's name" and of "any of these types" it can do only the
latter, or walk along everything. So such a question is put as several, each of which one index answers in order; of
each no more is taken than the page needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, or_

from app.storage import tables

#: True of all of them: who says it may walk along all in order of time. See the indexes in `tables`.
ALL_EVENTS = tables.event.c.sequence >= literal_column("1")
ALL_INSTANCES = tables.process_instance.c.last_sequence >= literal_column("1")

#: beyond these the database is left to its own ways
_MAX_WALKS = 32
#: that are walked along one by one; there are ever fewer of the later ones
_ROUNDS = 4

#: of each list one must hold; they exclude each other
Choices = Sequence[Sequence[ColumnElement[bool]]]


def split(query: Select[Any], choices: Choices) -> list[Select[Any]]:
    """The query for which one of each choice holds, as queries that find nothing twice."""
    walks = list(product(*choices))
    if len(walks) > _MAX_WALKS:
        return [together(query, choices)]
    return [query.where(*walk) for walk in walks]


def together(query: Select[Any], choices: Choices) -> Select[Any]:
    """The same as one query, for which no index has an order."""
    return query.where(*(or_(*choice) for choice in choices))


def repeated(column: ColumnElement[int], at_least: int) -> ColumnElement[bool]:
    """That a round is this one or a later one."""
    # The partial index is found only by a number that stands in the text of the query.
    is_repeated = [column >= literal_column("2")] if at_least >= 2 else []
    return and_(column >= at_least, *is_repeated)


def rounds(column: ColumnElement[int], at_least: int) -> list[ColumnElement[bool]]:
    """The same as alternatives, where it is rare."""
    if is_usual(at_least):
        return [repeated(column, at_least)]
    one_by_one = [and_(repeated(column, 2), column == at_least + later) for later in range(_ROUNDS)]
    return [*one_by_one, repeated(column, at_least + _ROUNDS)]


def is_usual(at_least: int | None) -> bool:
    """Whether so many rounds are nothing special."""
    return (at_least or 1) < 4
