"""`python -m benchmarks.verification [--events N] [--database NAME]`: how fast a history is proven, on one core.

An instance is played by a real server, then copied under new ids and sealed again until there are enough events. The
floor, in the same run: the same rows are read, and two SHA-256 are made over the bytes of each event. Times are of the
processor, of this process alone, so that whatever else the machine does counts less.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, insert, select
from uuid_utils.compat import uuid7

from app.commands.make_checkpoint import make_checkpoint
from app.errors import DiagramRefused
from app.proof import audit_keys
from app.proof.seal import seal, told_of_event
from app.queries.verify_history import verify_history
from app.storage import tables
from app.storage.database import Database
from app.storage.proof_rows import Rows
from benchmarks import databases, server
from benchmarks.databases import Prepared
from benchmarks.office import Office

_DATABASES: Mapping[str, Callable[[], AbstractContextManager[Prepared]]] = {
    "sqlite": databases.sqlite,
    "postgresql": databases.postgresql,
}
_INSTANCES_AT_ONCE = 200
_LAPS = 3
_ATTEMPTS = 5

Row = dict[str, Any]
#: of the tables `process_instance`, `event` and `user_task`
Rows3 = tuple[list[Row], list[Row], list[Row]]


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--database", choices=[*_DATABASES], action="append", help="only this one; repeatable")
    arguments = parser.parse_args()
    figures = {}
    for name in arguments.database or _DATABASES:
        with ExitStack() as stack:
            prepared = _entered(stack, name)
            _fill(prepared, arguments.events)
            figures[name] = _measure(prepared.database)
    sys.stdout.buffer.write(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")


def _entered(stack: ExitStack, name: str) -> Prepared:
    for _ in range(_ATTEMPTS - 1):
        # On a machine that others use, the check of a diagram may run out of its time.
        with suppress(DiagramRefused):
            return stack.enter_context(_DATABASES[name]())
    return stack.enter_context(_DATABASES[name]())


def _fill(prepared: Prepared, wanted: int) -> None:
    with server.shipped(prepared.environment) as served:
        office = Office(served.port, prepared.tokens)
        played = list(office.complete_all(office.start()))
        office.close()
    template = _read(prepared.database, UUID(played[0]["process_instance_id"]))
    copies = wanted // len(template[1])
    for done in range(0, copies, _INSTANCES_AT_ONCE):
        made = [_copy(*template) for _ in range(min(_INSTANCES_AT_ONCE, copies - done))]
        with prepared.database.transaction() as session:
            for place, table in enumerate((tables.process_instance, tables.event, tables.user_task)):
                session.execute(insert(table), [row for each in made for row in each[place]])


def _read(database: Database, instance_id: UUID) -> Rows3:
    def rows(table: Any, column: Any, order: Any) -> list[Row]:
        return [
            dict(row) for row in session.execute(select(table).where(column == instance_id).order_by(order)).mappings()
        ]

    instance, event, task = tables.process_instance, tables.event, tables.user_task
    with database.reading() as session:
        return (
            rows(instance, instance.c.id, instance.c.id),
            rows(event, event.c.process_instance_id, event.c.sequence),
            rows(task, task.c.process_instance_id, task.c.id),
        )


def _copy(instances: list[Row], events: list[Row], tasks: list[Row]) -> Rows3:
    instance_id, ids = uuid7(), {task["id"]: uuid7() for task in tasks}
    previous, made = events[0]["previous_hash"], []
    for event in events:
        row = event | {"process_instance_id": instance_id, "user_task_id": ids.get(event["user_task_id"])}
        sealed = seal(told_of_event(row), row["payload"], previous)
        made.append(row | {"payload_salt": sealed.payload_salt, "previous_hash": previous, "hash": sealed.hash})
        previous = sealed.hash
    (instance,) = instances
    copied = [task | {"process_instance_id": instance_id, "id": ids[task["id"]]} for task in tasks]
    return [instance | {"id": instance_id, "last_hash": previous}], made, copied


def _measure(database: Database) -> dict[str, Any]:
    with TemporaryDirectory(prefix="jenjang-bench-") as folder:
        key = audit_keys.make(Path(folder))
        began = time.process_time()
        made = make_checkpoint(database, audit_keys.private(Path(folder)), now=_now(database))
        checkpoint = time.process_time() - began
    floors, proofs = [], []
    for _ in range(_LAPS):
        floors.append(_timed(lambda: _floor(database)))
        proofs.append(_timed(lambda: _verify(database, {key.key_id: key})))
    count = made.event_count
    return {
        "events": count,
        "streams": made.stream_count,
        "checkpoint_seconds": round(checkpoint, 3),
        "floor_events_per_second": [round(count / seconds) for seconds in floors],
        "events_per_second": [round(count / seconds) for seconds in proofs],
        "of_the_floor": round(median(floors) / median(proofs), 2),
    }


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _floor(database: Database) -> None:
    with database.reading() as session:
        for event in Rows(session).events():
            hashlib.sha256(event.payload.encode()).digest()
            hashlib.sha256(event.state_after or event.payload_salt).digest()


def _verify(database: Database, keys: Mapping[str, audit_keys.PublicKey]) -> None:
    with database.reading() as session:
        result = verify_history(session, keys, None, None, lambda _: None)
    assert not result.findings, result.findings[:3]


def _now(database: Database) -> Any:
    with database.reading() as session:
        return session.scalar(select(func.max(tables.process_instance.c.last_event_at)))


if __name__ == "__main__":
    main()
