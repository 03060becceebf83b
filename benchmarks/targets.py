"""What the figures are held to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Figures = Mapping[str, Any]


def judge(by_database: Mapping[str, Figures]) -> list[dict[str, Any]]:
    """Every target with its figure, and whether it is met."""
    return [target for name, figures in by_database.items() for target in _targets(name, figures)]


def _targets(database: str, figures: Figures) -> list[dict[str, Any]]:
    clients, loop, stored = figures["clients"], figures["review_loop"], figures["stored"]
    checks, history = figures["deploy_check"], figures["long_history"]
    return [
        _at_least(f"{database}: completions / floor, 1 client", 0.5, clients["1"]["ratio"]["median"]),
        _at_least(f"{database}: completions / floor, 8 clients", 0.4, clients["8"]["ratio"]["median"]),
        _at_most(f"{database}: time of round 500 / round 1", 1.2, loop["time_ratio"]),
        _at_most(f"{database}: state of round 500 / round 1", 1.2, loop["state_ratio"]),
        _at_most(f"{database}: bytes of the largest state", 4000, stored["largest_state_bytes"]),
        _at_most(f"{database}: bytes stored per completion beyond the submitted", 2000, stored["beyond_submitted"]),
        *(
            _at_most(f"{database}: milliseconds of a deploy check, {file}, p99", 300, checks[file]["milliseconds_p99"])
            for file in ("sop", "large")
        ),
        *(
            _at_most(f"{database}: milliseconds at 500 rounds, {question}, p95", 50, times["p95"])
            for question, times in history.items()
            # A proof of all events is no page of them.
            if question != "verification"
        ),
        _at_most(f"{database}: seconds to start", 2, figures["start_up_seconds"]["median"]),
    ]


def _at_least(what: str, wanted: float, measured: float) -> dict[str, Any]:
    return {"what": what, "at_least": wanted, "measured": measured, "met": measured >= wanted}


def _at_most(what: str, wanted: float, measured: float) -> dict[str, Any]:
    return {"what": what, "at_most": wanted, "measured": measured, "met": measured <= wanted}
