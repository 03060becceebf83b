"""How much is measured, and how figures are told."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: enough to judge by, or only enough to see that it runs."""

    #: pairs of completions and floor at each number of clients
    rounds: int
    #: shared out among the clients
    instances_per_round: int
    #: walks of the review loop, and examinations timed in each at each round
    laps: int
    samples: int
    #: by which the stored bytes are averaged
    stored_instances: int
    starts: int


FULL = Effort(rounds=30, instances_per_round=8, laps=3, samples=20, stored_instances=100, starts=5)
SHORT = Effort(rounds=5, instances_per_round=8, laps=1, samples=10, stored_instances=20, starts=2)


def median(values: Sequence[float]) -> float:
    """The middle one, to three digits behind the point."""
    return round(statistics.median(values), 3)


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which so many of a hundred are, to three digits behind the point."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) * share // 100, len(ordered) - 1)], 3)


def spread(values: Sequence[float]) -> dict[str, float]:
    """The middle one, and how far the machine's noise reaches."""
    return {"median": median(values), "lowest": round(min(values), 3), "highest": round(max(values), 3)}
