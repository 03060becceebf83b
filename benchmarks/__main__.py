"""`python -m benchmarks [--short]`: one JSON document on standard output, progress on standard error."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import orjson

from benchmarks import databases, deploy_check, long_history, review_loop, server, storage, targets, throughput
from benchmarks.databases import Prepared
from benchmarks.report import FULL, SHORT, Effort, spread

_CLIENTS = (1, 4, 8)
_DATABASES: Mapping[str, Callable[[], AbstractContextManager[Prepared]]] = {
    "sqlite": databases.sqlite,
    "postgresql": databases.postgresql,
}


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few samples only: to see that everything runs")
    parser.add_argument("--database", choices=[*_DATABASES], action="append", help="only this one; repeatable")
    arguments = parser.parse_args()
    effort = SHORT if arguments.short else FULL
    # As an exception, so that the servers that were started are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    figures = {name: _measure(name, effort) for name in arguments.database or _DATABASES}
    document = {"machine": _machine(), "databases": figures, "targets": targets.judge(figures)}
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def _measure(name: str, effort: Effort) -> dict[str, Any]:
    with _DATABASES[name]() as prepared:
        _tell(f"{name}: start-up")
        start_up = spread([_start_up(prepared) for _ in range(effort.starts)])
        with server.floored(prepared.environment) as served:
            by_clients = {}
            for count in _CLIENTS:
                _tell(f"{name}: {count} client(s)")
                by_clients[str(count)] = throughput.measure(served, prepared.tokens, count, effort)
            _tell(f"{name}: review loop")
            loop = review_loop.measure(served, prepared, effort)
            _tell(f"{name}: history of 500 rounds")
            history = long_history.measure(served, prepared, effort)
            _tell(f"{name}: checks of a diagram")
            checks = deploy_check.measure(served, prepared, effort)
            _tell(f"{name}: stored bytes")
            stored = storage.measure(served, prepared, effort)
            memory = round(served.resident_bytes() / 2**20, 1)
    return {
        "start_up_seconds": start_up,
        "clients": by_clients,
        "review_loop": loop,
        "long_history": history,
        "deploy_check": checks,
        "stored": stored,
        "server_resident_mebibytes": memory,
    }


def _start_up(prepared: Prepared) -> float:
    with server.shipped(prepared.environment) as served:
        return served.start_up


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
    }


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
