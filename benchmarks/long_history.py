"""The history of an instance of 500 rounds: what a page of it, and a look back into it, take over HTTP."""

from __future__ import annotations

import time
from typing import Any

import orjson

from benchmarks.connection import get
from benchmarks.databases import Prepared
from benchmarks.office import Office
from benchmarks.report import Effort, median, percentile
from benchmarks.review_loop import LoopingInstance
from benchmarks.server import Server

_ROUNDS = 500
_AUDITOR = "auditor"


def measure(server: Server, prepared: Prepared, effort: Effort) -> dict[str, Any]:
    """Milliseconds of each question, asked by an auditor: so each leaves its trace before it is answered."""
    office = Office(server.port, prepared.tokens)
    instance = LoopingInstance(office)
    instance.reject_until(_ROUNDS)
    token = prepared.tokens[_AUDITOR]
    questions = _questions(office, str(instance.id), token)
    taken: dict[str, list[float]] = {name: [] for name in questions}
    # In turns, so that what else the machine does meets all of them.
    for _ in range(effort.samples):
        for name, path in questions.items():
            began = time.perf_counter()
            office.send(get(path, token))
            taken[name].append((time.perf_counter() - began) * 1000)
    office.close()
    return {name: {"p50": median(times), "p95": percentile(times, 95)} for name, times in taken.items()}


def _questions(office: Office, instance_id: str, token: str) -> dict[str, str]:
    """Paths by what they ask."""
    instance = f"/api/v1/history/process-instances/{instance_id}"
    events = f"/api/v1/history/events?process_instance_id={instance_id}"
    newest = orjson.loads(office.send(get(f"{events}&limit=1", token)))["items"][0]
    last = int(newest["sequence"])
    rounds = f"{instance}/rounds"
    return {
        "events, first page of 50": f"{events}&limit=50",
        "events, oldest page of 50": f"{events}&limit=50&sort=occurred_at",
        "events, page of 200": f"{events}&limit=200",
        "rounds, page of 50": f"{rounds}?limit=50",
        "rounds, last page of 50": f"{rounds}?limit=50&cursor={_cursor(office, rounds, token)}",
        "rounds, page of 200": f"{rounds}?limit=200",
        **{f"as-of event {sequence}": f"{instance}/as-of?seq={sequence}" for sequence in (last // 10, last // 2, last)},
        "verification": f"{instance}/verification",
    }


def _cursor(office: Office, path: str, token: str) -> str:
    """Where the last page of 50 begins."""
    page = orjson.loads(office.send(get(f"{path}?limit=150", token)))
    cursor = ""
    while page["next_cursor"] is not None:
        cursor = page["next_cursor"]
        page = orjson.loads(office.send(get(f"{path}?limit=150&cursor={cursor}", token)))
    return cursor
