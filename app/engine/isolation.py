"""What a stranger uploads is judged, and drawn, in a process that can be killed, never in the one that serves.

Such a process stands by for each process that asks; it is started when it is first needed, and replaced when it was
killed. Few may wait for it. Why, and why so: docs/decisions/0009-checks-in-a-process-of-their-own.md.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

from app.engine.checks import Report, broken_off, check_diagram, process_keys
from app.engine.extensions import Restored, restore
from app.errors import Busy

P = ParamSpec("P")
T = TypeVar("T")

#: seconds for the calls of one request; the largest of the public diagrams takes a hundredth of that
SECONDS = 5.0
#: bytes of address space; with nothing to do the process has a tenth of that
MEMORY = 512 * 1024 * 1024
#: seconds until the kernel ends a process that nobody else has ended
_OVERTIME = 1.0
#: requests that are worked on or wait; each holds one of the server's forty threads, and two such processes work
PLACES = 16
#: seconds that a request waits for its turn
WAITING = 5.0
#: seconds until a process that does not even begin is given up, and one that was up and no longer answers
_PATIENCE, _PATIENCE_ONCE_UP = 10.0, 2.0
#: asked of a process before each call, and what it answers
_READY: Final = "ready"


class BrokenOff(Exception):
    """The call was broken off; `why` goes on from "The checks were broken off: they …"."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Isolation:
    """A process that carries out the calls of one request at a time, within limits of time and memory."""

    def __init__(
        self, *, seconds: float = SECONDS, memory: int = MEMORY, places: int = PLACES, waiting: float = WAITING
    ) -> None:
        self._seconds = seconds
        self._memory = memory
        self._waiting = waiting
        self._places = threading.BoundedSemaphore(places)
        # One at a time, so that time spent waiting for another's call counts for nobody.
        self._lock = threading.Lock()
        #: the thread whose turn it is, and the seconds that are left of it
        self._holder: int | None = None
        self._left = 0.0
        self._worker: _Worker | None = None

    def warm_up(self) -> None:
        """Start the process without waiting for it."""
        with self._lock:
            self._standing_by()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The calls that this thread makes within share one time; a call outside of any turn has one of its own.

        Raises:
            Busy: too many wait already, or the wait was too long.
        """
        if self._holder == threading.get_ident():
            yield
            return
        with self._place():
            self._holder, self._left = threading.get_ident(), self._seconds
            try:
                yield
            finally:
                self._holder = None

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            if not self._lock.acquire(timeout=self._waiting):
                raise Busy
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._places.release()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result; the function, its arguments and its result are pickled.

        Raises:
            BrokenOff: it took too long, needed too much memory, or ended its process. Whatever the function raises.
            Busy: see `turn`.
        """
        with self.turn():
            # Twice, because a process that was ended while it stood by is no fault of this call.
            for _ in range(2):
                if self._left <= 0:
                    raise self._too_long()
                if self._standing_by().answers():
                    return self._call(partial(function, *args, **kwargs))
                self._give_up()
        raise BrokenOff("could not be begun")

    def _call(self, call: Callable[[], T]) -> T:
        began = monotonic()
        try:
            outcome = self._standing_by().carry_out(call, self._left)
        except TimeoutError as error:
            self._give_up()
            self._left = 0.0
            raise self._too_long() from error
        except (EOFError, ConnectionError) as error:
            self._give_up()
            raise BrokenOff("ended without a result") from error
        finally:
            self._left -= monotonic() - began
        try:
            return outcome()
        except MemoryError as error:
            raise BrokenOff(f"needed more than {self._memory // 2**20} MiB of memory") from error

    def _too_long(self) -> BrokenOff:
        return BrokenOff(f"took longer than {self._seconds:g} seconds")

    def _standing_by(self) -> _Worker:
        if self._worker is None:
            self._worker = _Worker(self._seconds, self._memory)
        return self._worker

    def _give_up(self) -> None:
        self._standing_by().kill()
        self._worker = None


class _Worker:
    """The process itself and the pipe to it. It ends when the pipe closes, however the process that asks ended."""

    def __init__(self, seconds: float, memory: int) -> None:
        # Not a copy of this process, which has threads and the database open, but a fresh interpreter.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, seconds, memory), daemon=True)
        self._process.start()
        theirs.close()
        self._patience = _PATIENCE

    def answers(self) -> bool:
        """Whether it is up, for which it is waited, and still alive."""
        try:
            self._pipe.send(_READY)
            is_up = self._pipe.poll(self._patience) and self._pipe.recv() == _READY
        except (EOFError, ConnectionError):
            return False
        self._patience = _PATIENCE_ONCE_UP
        return is_up

    def carry_out(self, call: Callable[[], T], seconds: float) -> Callable[[], T]:
        """What came of the call: its result when asked for it, or what it raised.

        Raises:
            TimeoutError: nothing came of it in time. EOFError, ConnectionError: the process ended.
        """
        self._pipe.send(call)
        if not self._pipe.poll(seconds):
            raise TimeoutError
        outcome: Callable[[], T] = self._pipe.recv()
        return outcome

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _work(pipe: Connection, seconds: float, memory: int) -> None:
    """What the process does: carry out one call after another, until nobody is left who could ask."""
    # Ctrl-C is for the server, which lets open requests end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory)
    with suppress(EOFError, ConnectionError):
        while True:
            pipe.send(pipe.recv())
            pipe.send(_limited(seconds + _OVERTIME, pipe.recv()))


def _limit_memory(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Whatever kills it leaves no file behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limited(seconds: float, call: Callable[[], Any]) -> Callable[[], Any]:
    """Let the kernel end the process if nobody is left to do so: whoever asked may have been killed."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return partial(_returned, call())
    except Exception as error:
        # The traceback itself cannot be sent, but the log needs it.
        error.add_note(traceback.format_exc())
        return partial(_raised, error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _returned(result: T) -> T:
    return result


def _raised(error: Exception) -> NoReturn:
    raise error


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
