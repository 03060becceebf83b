"""Rows as the driver of the database gives them, for what reads millions: tuples, and nothing is made of the values.

They come by the session's own connection, so that they are of the moment that all else of its transaction sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

#: Rows fetched at once. On PostgreSQL each batch is a statement, well below the limit of time for one; SQLite is in
#: this process, where a batch costs no way to a server and need not be large.
_BATCH, _SQLITE_BATCH = 500, 32
#: of the cursors on PostgreSQL, of which several are open at once
_names = count()


def bound(session: Session, name: str) -> str:
    """How a value that goes with a query is written in it."""
    return f":{name}" if _is_sqlite(session) else f"%({name})s"


def fetched(session: Session, query: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query that has too many for the memory.

    Raises:
        sqlalchemy.exc.DBAPIError: as all that asks the database.
    """
    return chain.from_iterable(_batches(session, query, values))


def _batches(session: Session, query: str, values: Mapping[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    connection = session.connection()
    dbapi: Any = connection.dialect.loaded_dbapi
    size = _SQLITE_BATCH if _is_sqlite(session) else _BATCH
    try:
        cursor = _cursor(session)
        try:
            cursor.execute(query, values)
            while rows := cursor.fetchmany(size):
                yield rows
        finally:
            cursor.close()
    except dbapi.Error as error:
        # What is raised by the driver itself is made what everybody knows how to take.
        raise DBAPIError.instance(query, None, error, dbapi.Error, dialect=connection.dialect) from error


def _cursor(session: Session) -> Any:
    connection: Any = session.connection().connection.driver_connection
    if _is_sqlite(session):
        return connection.cursor()
    # At the server, which would otherwise send all rows at once; binary, or bytes would come as digits.
    return connection.cursor(name=f"jenjang_{next(_names)}", binary=True)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
