"""Clients in processes of their own, so that what they compute is not taken from the server's interpreter."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from benchmarks.office import COMPLETIONS_PER_INSTANCE, Office, Task, Tokens, is_rejected, opened


@dataclass(slots=True)
class Stint:
    """What one client did in one go; times in seconds on the machine's monotonic clock."""

    began: float = 0.0
    ended: float = 0.0
    #: of the client itself, the machine's processor time
    cpu: float = 0.0
    latencies: list[float] = field(default_factory=list)

    def send(self, office: Office, request: bytes) -> bytes:
        """Send a request and note how long its answer took."""
        sent = time.perf_counter()
        answer = office.send(request)
        self.latencies.append(time.perf_counter() - sent)
        return answer


@dataclass(frozen=True, slots=True)
class Round:
    """What all clients did at the same time."""

    stints: list[Stint]

    @property
    def latencies(self) -> list[float]:
        """Seconds, of every request."""
        return [latency for stint in self.stints for latency in stint.latencies]

    @property
    def rate(self) -> float:
        """Requests per second, from the first client's start to the last one's end."""
        span = max(stint.ended for stint in self.stints) - min(stint.began for stint in self.stints)
        return len(self.latencies) / span

    @property
    def cpu(self) -> float:
        """Seconds of processor time that the clients took for themselves."""
        return sum(stint.cpu for stint in self.stints)


class Clients:
    """Several clients that begin together."""

    def __init__(self, pipes: list[Pipe]) -> None:
        self._pipes = pipes

    def complete_instances(self, instances: int) -> Round:
        """Each client takes so many new instances from their start to their end; starting them is not timed."""
        self._all("start", instances)
        return Round(self._all("complete", 0))

    def write_floor(self, instances: int) -> Round:
        """Each client sends as many requests to the floor as so many instances have completions."""
        return Round(self._all("floor", instances * COMPLETIONS_PER_INSTANCE))

    def _all(self, verb: str, number: int) -> list[Stint]:
        for pipe in self._pipes:
            pipe.send((verb, number))
        return [pipe.recv() for pipe in self._pipes]


@contextmanager
def running(count: int, port: int, tokens: Tokens, floor_path: str) -> Iterator[Clients]:
    """So many clients, connected, for as long as the block runs."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = zip(*(context.Pipe() for _ in range(count)), strict=True)
    processes = [context.Process(target=_work, args=(pipe, port, tokens, floor_path), daemon=True) for pipe in theirs]
    for process, pipe in zip(processes, theirs, strict=True):
        process.start()
        # With our copy of its end closed, a client that fails is an EOFError here, not a wait without end.
        pipe.close()
    try:
        yield Clients(list(ours))
    finally:
        for pipe in ours:
            pipe.close()
        for process in processes:
            process.join()


def _work(pipe: Pipe, port: int, tokens: Tokens, floor_path: str) -> None:
    """One client: does what it is told until nobody tells it any more."""
    office = Office(port, tokens)
    tasks: list[Task] = []
    while True:
        try:
            verb, number = pipe.recv()
        except EOFError:
            return
        stint = Stint(began=time.perf_counter(), cpu=-time.process_time())
        match verb:
            case "start":
                tasks = [office.start() for _ in range(number)]
            case "complete":
                _complete(office, tasks, stint)
            case "floor":
                for _ in range(number):
                    stint.send(office, office.floor(floor_path))
        stint.ended = time.perf_counter()
        stint.cpu += time.process_time()
        pipe.send(stint)


def _complete(office: Office, tasks: list[Task], stint: Stint) -> None:
    while tasks:
        task = tasks.pop(0)
        answer = stint.send(office, office.completion(task, reject=is_rejected(task)))
        tasks = opened(answer) + tasks
