"""`python -m benchmarks.history [--instances N]`: how long a page of a long history takes, on PostgreSQL.

One JSON document on standard output, progress on standard error. 1,000,000 instances take 25 GB of disk.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, TypeVar

import orjson
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.storage import event_pages, process_instance_search
from app.storage.database import Database
from app.storage.event_search import EventFilter
from app.storage.keyset import Page, Slice
from app.storage.process_instance_search import ProcessInstanceFilter
from benchmarks import databases, history_fill, history_questions, history_writes
from benchmarks.history_questions import Question
from benchmarks.report import percentile

F = TypeVar("F", EventFilter, ProcessInstanceFilter)
#: for one page
Search = Callable[[Session, Page, Any, None], Slice[Any]]

#: milliseconds that a page may take in 95 of 100 cases
_TARGET = 50
#: times that each question is asked at least, with all of its values in turn
_SAMPLES = 40


def main() -> None:
    """Fill, ask and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--instances", type=int, default=50_000, help="process instances to fill in (default 50000)")
    arguments = parser.parse_args()
    # As an exception, so that the server that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with databases.postgresql(history_fill.SERVER_SETTINGS) as prepared:
        filled = history_fill.fill(prepared.database, arguments.instances, _tell)
        document = {"filled": asdict(filled), **measure(prepared.database, filled.instances)}
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def measure(database: Database, instances: int) -> dict[str, Any]:
    """Every question's pages, and what the indexes cost whoever works."""
    events = _ask(database, history_questions.of_events(instances), event_pages.search)
    found = _ask(database, history_questions.of_instances(instances), process_instance_search.search)
    pages = [
        (f"{what}: {name}, {place}", figures[place]["p95"])
        for what, asked in (("events", events), ("instances", found))
        for name, figures in asked.items()
        for place in ("first", "deep")
    ]
    slow = {name: p95 for name, p95 in pages if p95 > _TARGET}
    return {"events": events, "instances": found, "beyond_target": slow, "writes": history_writes.measure(database)}


def _ask(database: Database, questions: Sequence[Question[F]], search: Search) -> dict[str, Any]:
    told = {}
    for question in questions:
        told[question.name] = _figures(database, question, search)
        _tell(f"{question.name}: {told[question.name]}")
    return told


def _figures(database: Database, question: Question[F], search: Search) -> dict[str, Any]:
    """Milliseconds of a first page and of one that follows it in the middle of the list, and the plans."""
    cases: dict[str, list[tuple[F, str | None]]] = {
        "first": [(wanted, None) for wanted in question.asked],
        "deep": [(wanted, _cursor(database, question, search, wanted)) for wanted in question.asked],
    }
    told: dict[str, Any] = {}
    for place, asked in cases.items():
        taken = [(_time(database, question, search, *case), case) for case in asked * _turns(question)]
        told[place] = _spread([milliseconds for (milliseconds, _), _ in taken])
        told[place]["of_our_own"] = _spread([own for (_, own), _ in taken])
        _, slowest = max(taken, key=lambda each: each[0][0])
        told[place]["plan_of_the_slowest"] = _plan(database, question, search, *slowest)
    return told


def _turns(question: Question[Any]) -> int:
    return -(-_SAMPLES // len(question.asked))


def _spread(milliseconds: Sequence[float]) -> dict[str, Any]:
    return {f"p{share}": round(percentile(milliseconds, share), 1) for share in (50, 95)}


def _page(question: Question[F], cursor: str | None = None, limit: int = 50) -> Page:
    return Page(limit, cursor, question.sort)


def _time(
    database: Database, question: Question[F], search: Search, wanted: F, cursor: str | None
) -> tuple[float, float]:
    """Milliseconds from the call to the records, and of our own processor time among them, which no load makes more."""
    began, own = time.perf_counter(), time.process_time()
    try:
        with database.reading() as session:
            search(session, _page(question, cursor), wanted, None)
    except Unavailable:
        _tell(f"{question.name}: gave up, {wanted}")
    return (time.perf_counter() - began) * 1000, (time.process_time() - own) * 1000


def _cursor(database: Database, question: Question[F], search: Search, wanted: F) -> str | None:
    try:
        with database.reading() as session:
            return search(session, _page(question, limit=1), question.deep(wanted), None).next_cursor
    except Unavailable:
        return None


def _plan(database: Database, question: Question[F], search: Search, wanted: F, cursor: str | None) -> str:
    """The nodes of the plan by which the page was found, each with its index."""
    with suppress(Unavailable), database.reading() as session, _statements(session) as statements:
        search(session, _page(question, cursor), wanted, None)
        statement, parameters = statements[-1]
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        (explained,) = session.connection().exec_driver_sql(explain, parameters).scalar_one()
        taken = f"planned in {explained['Planning Time']:.1f} ms, run in {explained['Execution Time']:.1f} ms: "
        return taken + " → ".join(dict.fromkeys(_nodes(explained["Plan"])))
    return "gave up"


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    index = plan.get("Index Name")
    yield f"{plan['Node Type']} {index}" if index else str(plan["Node Type"])
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


@contextmanager
def _statements(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    found: list[tuple[str, Any]] = []
    connection = session.connection()

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        found.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
