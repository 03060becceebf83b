"""What a stranger uploads is judged in a process that can be killed, never in the one that serves.

One such process stands by for each process that asks; it is started when it is first needed, and replaced when it was
killed. Why, and why so: docs/decisions/0009-checks-in-a-process-of-their-own.md.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from app.engine.checks import Report, broken_off, check_diagram, process_keys
from app.engine.extensions import Restored, restore

P = ParamSpec("P")
T = TypeVar("T")

#: seconds for one call; the largest of the public diagrams takes a hundredth of that
SECONDS = 5.0
#: bytes of address space; with nothing to do the process has a tenth of that
MEMORY = 512 * 1024 * 1024
#: seconds until the kernel ends a process that nobody else has ended
_OVERTIME = 1.0
#: seconds until a process that does not even begin is given up
_PATIENCE = 10.0


class BrokenOff(Exception):
    """The call was broken off; `why` goes on from "The checks were broken off: they …"."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Isolation:
    """A process that carries out one call at a time, within limits of time and memory."""

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        # One call at a time, so that time spent waiting for another's call counts for nobody.
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None

    def warm_up(self) -> None:
        """Start the process without waiting for it."""
        with self._lock:
            # asking is starting, to Pebble
            _ = self._running().active

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result; the function, its arguments and its result are pickled.

        Raises:
            BrokenOff: it took too long, needed too much memory, or ended its process. Whatever the function raises.
        """
        with self._lock:
            # Twice, because a process that was ended while it stood by is no fault of this call.
            for _ in range(2):
                with suppress(BrokenProcessPool):
                    return self._attempt(function, *args, **kwargs)
        raise BrokenOff("could not be begun")

    def _attempt(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        call = partial(function, *args, **kwargs)
        future = self._running().schedule(_limited, (self._seconds + _OVERTIME, call), timeout=self._seconds)
        try:
            result: T = future.result(self._seconds + _PATIENCE)
        except TimeoutError as error:
            if not future.done():
                self._give_up()
            raise BrokenOff(f"took longer than {self._seconds:g} seconds") from error
        except MemoryError as error:
            raise BrokenOff(f"needed more than {self._memory // 2**20} MiB of memory") from error
        except ProcessExpired as error:
            raise BrokenOff("ended without a result") from error
        return result

    def _running(self) -> ProcessPool:
        if self._pool is None or not self._pool.active:
            # Not a copy of this process, which has threads and the database open, but a fresh interpreter.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(1, initializer=_limit_memory, initargs=(self._memory,), context=context)
        return self._pool

    def _give_up(self) -> None:
        """Leave a process that died with the pool's own lock in its hands: no other could take its place."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]  # Pebble types only what gives a result
            self._pool.join()
            self._pool = None


def _limit_memory(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Whatever kills it leaves no file behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limited(seconds: float, call: Callable[[], T]) -> T:
    """Let the kernel end the process if nobody is left to do so: whoever asked may have been killed."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


checker = Isolation()


def read_process_keys(xml: bytes) -> tuple[str, ...]:
    """As `process_keys`, in isolation; none where that was broken off."""
    try:
        return checker.run(process_keys, xml)
    except BrokenOff:
        return ()


def check_in_isolation(
    file: str,
    xml: bytes,
    forms: Mapping[str, bytes],
    holders: Mapping[str, frozenset[str]] | None = None,
    previous: Mapping[str, bytes] | None = None,
) -> Report:
    """As `check_diagram`, in isolation; a diagram that cannot be checked within the limits is refused."""
    try:
        known = None if holders is None else dict(holders)
        return checker.run(check_diagram, file, xml, dict(forms), known, dict(previous or {}))
    except BrokenOff as error:
        return Report(problems=(broken_off(file, error.why),))


def restore_in_isolation(xml: bytes, previous: Mapping[str, bytes]) -> tuple[bytes, tuple[Restored, ...]]:
    """As `restore`, in isolation; nothing is put back where that was broken off."""
    try:
        return checker.run(restore, xml, dict(previous))
    except BrokenOff:
        return xml, ()
