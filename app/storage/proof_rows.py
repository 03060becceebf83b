"""What the proof of the history is about, as the tables keep it: rows as text, streamed, in the order of streams.

Nothing is made an object only to be written out again: verifying goes over millions of events. So ids and times come
as the database spells them, alike in all its tables; `Rows.spelling` says how they are sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.proof.chain import HeadAt
from app.proof.sealed_text import SealedEntry, SealedEvent
from app.proof.spelling import Spelling
from app.storage import driver_rows, kept_spelling

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
        #: of their ids and times
        self.spelling: Spelling = kept_spelling.of_sqlite() if self._is_sqlite else kept_spelling.of_postgresql()

    def instances(self) -> Iterator[InstanceRow]:
        """The instances, in order."""
        return self._of_instances(InstanceRow, "process_instance", "id", ["id"])

    def events(self, since: int | None = None) -> Iterator[SealedEvent]:
        """The events of instances, in order. Args: `since` a checkpoint; from the last event of each stream that it
        knows."""
        order = ["process_instance_id", "sequence"]
        if since is None:
            return self._of_instances(SealedEvent, "event", "process_instance_id", order)
        known = (
            "SELECT stream, max(sequence) AS known FROM checkpoint_head"  # noqa: S608
            f" WHERE checkpoint <= {self._bound('since')} GROUP BY stream"
        )
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
        order = ["stream", "sequence"]
        if since is None:
            return self._select(SealedEntry, "stream_event", None, order, "")
        where = (
            "sequence >= coalesce((SELECT max(h.sequence) FROM checkpoint_head h"  # noqa: S608
            f" WHERE h.checkpoint <= {self._bound('since')} AND h.stream = stream_event.stream), 0)"
        )
        return self._select(SealedEntry, "stream_event", None, order, where, since=since)

    def stream_ends(self) -> list[StreamRow]:
        """Where `administration` and `access` end."""
        return list(self._select(StreamRow, "stream", None, ["name"], ""))

    def versions(self) -> list[VersionRow]:
        """The versions of all processes, without their diagrams; with their ids as they are sealed."""
        rows = self._select(VersionRow, "process_definition", None, ["id"], "")
        return [row._replace(id=self.spelling.ids[row.id]) for row in rows]

    def heads(self, *names: str) -> Iterator[tuple[str, HeadAt]]:
        """The heads that checkpoints wrote down, by stream and then by checkpoint. Args: `names` only of these
        streams."""
        wanted = names or ((self._only,) if self._only else ())
        values = {f"name_{place}": name for place, name in enumerate(wanted)}
        where = f"WHERE stream IN ({', '.join(self._bound(name) for name in values)})" if values else ""
        by_bytes = "stream" if self._is_sqlite else 'stream COLLATE "C"'
        columns = "stream, checkpoint, sequence, hash"
        query = f"SELECT {columns} FROM checkpoint_head {where} ORDER BY {by_bytes}, checkpoint"  # noqa: S608
        return ((row[0], HeadAt(row[1], row[2], row[3])) for row in self._rows(query, values))

    def heads_by_checkpoint(self) -> Iterator[tuple[int, str, int, bytes]]:
        """The same by checkpoint: its number, the stream, sequence and hash."""
        query = "SELECT checkpoint, stream, sequence, hash FROM checkpoint_head ORDER BY checkpoint, stream"
        return ((row[0], row[1], row[2], row[3]) for row in self._rows(query, {}))

    def _of_instances(self, kind: Any, table: str, identity: str, order: list[str]) -> Iterator[Any]:
        if self._only is None:
            return self._select(kind, table, identity, order, "")
        only = self._only.replace("-", "") if self._is_sqlite else self._only
        wanted = self._bound("only") if self._is_sqlite else f"CAST({self._bound('only')} AS uuid)"
        return self._select(kind, table, identity, order, f"{identity} = {wanted}", only=only)

    def _select(
        self, kind: Any, table: str, identity: str | None, order: list[str], where: str, **values: Any
    ) -> Iterator[Any]:
        names = [identity if name == "stream" and identity else name for name in kind._fields]
        columns = ", ".join(self._expression(name) for name in names)
        condition = f" WHERE {where}" if where else ""
        rows = self._rows(f"SELECT {columns} FROM {table}{condition} ORDER BY {', '.join(order)}", values)  # noqa: S608
        # What `_make` does, without asking each row for its length.
        return map(partial(tuple.__new__, kind), rows)

    def _rows(self, query: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        return driver_rows.fetched(self._session, query, values)

    def _bound(self, name: str) -> str:
        return driver_rows.bound(self._session, name)

    def _expression(self, name: str) -> str:
        """A column as text. On PostgreSQL in the way in which it is sealed; SQLite keeps it as text."""
        if self._is_sqlite:
            return name
        if name in _TIME:
            return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')"
        return f"CAST({name} AS text)" if name in _UUID or name in _JSON else name

    def _id_as_text(self, name: str) -> str:
        if not self._is_sqlite:
            return f"CAST({name} AS text)"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({name}, {first}, {length})" for first, length in parts)
