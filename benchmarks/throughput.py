"""Completions per second beside the floor's writes per second, in turns, so that noise of the machine hits both."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks import clients, floor
from benchmarks.clients import Clients, Round
from benchmarks.office import COMPLETIONS_PER_INSTANCE, Tokens
from benchmarks.report import Effort, median, spread
from benchmarks.server import Server

Pair = tuple[Round, Round]


def measure(server: Server, tokens: Tokens, count: int, effort: Effort) -> dict[str, Any]:
    """The figures of so many clients."""
    instances = max(1, effort.instances_per_round // count)
    with clients.running(count, server.port, tokens, floor.PATH) as all_clients:
        _pair(all_clients, 1, completions_first=True)
        pairs = [_pair(all_clients, instances, completions_first=number % 2 == 0) for number in range(effort.rounds)]
    completions, floors = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return {
        "completion": _figures(completions),
        "floor": _figures(floors),
        "ratio": spread([completion.rate / below.rate for completion, below in pairs]),
        "completions_a_round": instances * count * COMPLETIONS_PER_INSTANCE,
    }


def _pair(all_clients: Clients, instances: int, *, completions_first: bool) -> Pair:
    if completions_first:
        completions = all_clients.complete_instances(instances)
        return completions, all_clients.write_floor(instances)
    below = all_clients.write_floor(instances)
    return all_clients.complete_instances(instances), below


def _figures(rounds: Sequence[Round]) -> dict[str, Any]:
    latencies = [latency * 1000 for each in rounds for latency in each.latencies]
    percentiles = statistics.quantiles(latencies, n=100)
    return {
        "per_second": spread([each.rate for each in rounds]),
        "milliseconds": {f"p{n}": round(percentiles[n - 1], 3) for n in (50, 95, 99)},
        "client_cpu_microseconds": median([each.cpu / len(each.latencies) * 1e6 for each in rounds]),
    }
