"""Questions with alternatives, so put that a page of the answer costs the same whatever is looked for, and how deep.

A database that is to list the newest few of very many can walk along one index in the order wanted, or fetch all that
an index finds and sort it. Of "this actor, or in this actor's name" and of "any of these types" it can do only the
latter, or walk along everything. So such a question is put as several, each of which one index answers in order, and
which the database merges: it takes from each only what the page needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, select, true, union_all

#: beyond these the database is left to its own ways
_MAX_WALKS = 32
#: that are walked along one by one; there are ever fewer of the later ones
_ROUNDS = 8

#: of each list one must hold; they exclude each other
Choices = Sequence[Sequence[ColumnElement[bool]]]


def merged(query: Select[Any], choices: Choices) -> Select[Any] | None:
    """The rows of a query of one table for which one of each choice holds; None: too many walks."""
    walks = [and_(true(), *walk) for walk in product(*choices)]
    if len(walks) > _MAX_WALKS:
        return None
    # Only of a union that is all in itself, each part of it of one table, does PostgreSQL see that it can merge.
    return query.where(walks[0]) if len(walks) == 1 else select(union_all(*map(query.where, walks)).subquery())


def repeated(column: ColumnElement[int], at_least: int) -> ColumnElement[bool]:
    """That a round is this one or a later one."""
    # The partial index is found only by a number that stands in the text of the query.
    is_repeated = [column >= literal_column("2")] if at_least >= 2 else []
    return and_(column >= at_least, *is_repeated)


def rounds(column: ColumnElement[int], at_least: int) -> list[ColumnElement[bool]]:
    """The same as alternatives."""
    if at_least < 2:
        return [repeated(column, at_least)]
    one_by_one = [and_(repeated(column, 2), column == at_least + later) for later in range(_ROUNDS)]
    return [*one_by_one, repeated(column, at_least + _ROUNDS)]
