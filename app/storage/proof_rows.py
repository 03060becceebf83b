"""What the proof of the history is about, as the tables keep it: rows as text, streamed, in the order of streams.

Ids and times come as they are sealed, JSON as it is kept. Nothing is made an object only to be written out again:
verifying goes over millions of events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.proof.chain import HeadAt
from app.proof.sealed_text import SealedEntry, SealedEvent

#: rows fetched at once; on PostgreSQL each batch is a statement, well below the limit of time for one
_BATCH = 500
#: kinds of columns
_UUID = frozenset({"id", "process_instance_id", "user_task_id", "channel", "process_definition_id"})
_TIME = frozenset({"occurred_at", "started_at", "ended_at", "last_event_at", "created_at", "completed_at"})
_JSON = frozenset({"payload", "variables"})


class InstanceRow(NamedTuple):
    """What the row of an instance says that its events say as well."""

    stream: str
    process_definition_id: str
    business_key: str | None
    status: str
    state: bytes
    variables: str
    started_by: str
    started_at: str
    ended_at: str | None
    highest_round: int
    late: bool | int
    duration_seconds: int | None
    last_sequence: int
    last_event_at: str
    last_hash: bytes


class TaskRow(NamedTuple):
    """What the row of a user task says that events say as well."""

    stream: str
    id: str
    element_id: str
    name: str
    round: int
    state: str
    created_at: str
    completed_at: str | None
    completed_by: str | None
    on_behalf_of: str | None
    basis: str | None


class CommentRow(NamedTuple):
    """A comment."""

    stream: str
    user_task_id: str
    author: str
    text: str
    created_at: str


class VersionRow(NamedTuple):
    """A version of a process."""

    id: str
    key: str
    version: int
    sha256: str
    fingerprint: str
    status: str


class StreamRow(NamedTuple):
    """Where `administration` or `access` ends."""

    name: str
    last_sequence: int
    last_event_at: str | None
    last_hash: bytes


def count_events(session: Session) -> int:
    """How many events there should be, by where the streams end."""
    ends = "SELECT (SELECT coalesce(sum(last_sequence), 0) FROM process_instance)"
    return int(session.scalar(text(f"{ends} + (SELECT coalesce(sum(last_sequence), 0) FROM stream)")) or 0)  # noqa: S608


class Rows:
    """The rows that a session sees. Args: `only` the id of one instance, where only it is meant."""

    def __init__(self, session: Session, only: str | None = None) -> None:
        self._session = session
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"
        self._only = only

    def instances(self) -> Iterator[InstanceRow]:
        """The instances, in order."""
        return self._of_instances(InstanceRow, "process_instance", "id", ["id"])

    def events(self, since: int | None = None) -> Iterator[SealedEvent]:
        """The events of instances, in order. Args: `since` a checkpoint; from the last event of each stream that it
        knows."""
        order = ["process_instance_id", "sequence"]
        if since is None:
            return self._of_instances(SealedEvent, "event", "process_instance_id", order)
        known = "SELECT stream, max(sequence) AS known FROM checkpoint_head WHERE checkpoint <= :since GROUP BY stream"
        same = f"heads.stream = {self._id_as_text('process_instance_id')}"
        table = f"event LEFT JOIN ({known}) heads ON {same}"
        where = "sequence >= coalesce(known, 0)"
        return self._select(SealedEvent, table, "process_instance_id", order, where, since=since)

    def tasks(self) -> Iterator[TaskRow]:
        """The user tasks, in the order of their instances."""
        return self._of_instances(TaskRow, "user_task", "process_instance_id", ["process_instance_id", "id"])

    def comments(self) -> Iterator[CommentRow]:
        """The comments, in the order of their instances and times."""
        order = ["process_instance_id", "created_at", "id"]
        return self._of_instances(CommentRow, "comment", "process_instance_id", order)

    def entries(self, since: int | None = None) -> Iterator[SealedEntry]:
        """The entries of `administration` and `access`, in order. Args: `since` as of `events`."""
        where = (
            ""
            if since is None
            else (
                "sequence >= coalesce((SELECT max(h.sequence) FROM checkpoint_head h"
                " WHERE h.checkpoint <= :since AND h.stream = stream_event.stream), 0)"
            )
        )
        bound = {} if since is None else {"since": since}
        return self._select(SealedEntry, "stream_event", None, ["stream", "sequence"], where, **bound)

    def stream_ends(self) -> list[StreamRow]:
        """Where `administration` and `access` end."""
        return list(self._select(StreamRow, "stream", None, ["name"], ""))

    def versions(self) -> list[VersionRow]:
        """The versions of all processes, without their diagrams."""
        return list(self._select(VersionRow, "process_definition", None, ["id"], ""))

    def heads(self, *names: str) -> Iterator[tuple[str, HeadAt]]:
        """The heads that checkpoints wrote down, by stream and then by checkpoint. Args: `names` only of these
        streams."""
        wanted = names or ((self._only,) if self._only else ())
        bound = {f"name_{place}": name for place, name in enumerate(wanted)}
        where = f"WHERE stream IN ({', '.join(f':{name}' for name in bound)})" if bound else ""
        by_bytes = "stream" if self._is_sqlite else 'stream COLLATE "C"'
        columns = "stream, checkpoint, sequence, hash"
        query = f"SELECT {columns} FROM checkpoint_head {where} ORDER BY {by_bytes}, checkpoint"  # noqa: S608
        return ((row[0], HeadAt(row[1], row[2], row[3])) for row in self._rows(query, bound))

    def heads_by_checkpoint(self) -> Iterator[tuple[int, str, int, bytes]]:
        """The same by checkpoint: its number, the stream, sequence and hash."""
        query = "SELECT checkpoint, stream, sequence, hash FROM checkpoint_head ORDER BY checkpoint, stream"
        return ((row[0], row[1], row[2], row[3]) for row in self._rows(query, {}))

    def _of_instances(self, kind: Any, table: str, identity: str, order: list[str]) -> Iterator[Any]:
        if self._only is None:
            return self._select(kind, table, identity, order, "")
        only = self._only.replace("-", "") if self._is_sqlite else self._only
        of_one = f"{identity} = :only" if self._is_sqlite else f"{identity} = CAST(:only AS uuid)"
        return self._select(kind, table, identity, order, of_one, only=only)

    def _select(
        self, kind: Any, table: str, identity: str | None, order: list[str], where: str, **bound: Any
    ) -> Iterator[Any]:
        names = [identity if name == "stream" and identity else name for name in kind._fields]
        columns = ", ".join(self._expression(name) for name in names)
        condition = f" WHERE {where}" if where else ""
        rows = self._rows(f"SELECT {columns} FROM {table}{condition} ORDER BY {', '.join(order)}", bound)  # noqa: S608
        ids = [place for place, name in enumerate(names) if name in _UUID] if self._is_sqlite else []
        # What `_make` does, without asking each row for its length.
        return map(partial(tuple.__new__, kind), _dashed(rows, ids) if ids else rows)

    def _rows(self, query: str, bound: dict[str, Any]) -> Iterable[Any]:
        result = self._session.execute(text(query), bound, execution_options={"yield_per": _BATCH})
        return chain.from_iterable(result.partitions(_BATCH))

    def _expression(self, name: str) -> str:
        """A column as text, in the way in which it is sealed."""
        if self._is_sqlite:
            # A moment of another shape than the service writes must not look like one.
            return f"replace(replace({name}, 'T', '?'), ' ', 'T') || '+00:00'" if name in _TIME else name
        if name in _TIME:
            return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
        return f"CAST({name} AS text)" if name in _UUID or name in _JSON else name

    def _id_as_text(self, name: str) -> str:
        if not self._is_sqlite:
            return f"CAST({name} AS text)"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({name}, {first}, {length})" for first, length in parts)


def _dashed(rows: Iterable[Any], places: list[int]) -> Iterator[list[Any]]:
    """Rows of SQLite, with ids as everybody writes them."""
    for row in rows:
        values = list(row)
        for place in places:
            values[place] = _with_dashes(values[place])
        yield values


@lru_cache(maxsize=8192)
def _with_dashes(plain: str | None) -> str | None:
    # What is no id stays as it is, and is found: nothing was sealed with it.
    if plain is None or len(plain) != 32:
        return plain
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
