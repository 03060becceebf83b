"""The time is an argument: SpiffWorkflow asks this clock, and this clock tells what the command was given.

SpiffWorkflow reads the machine's clock in two places: timers ask `datetime.now`, tasks note `time.time` whenever their
state changes. Both are replaced, once, when this module is imported.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone, tzinfo
from types import SimpleNamespace

import SpiffWorkflow.task
from SpiffWorkflow.bpmn.specs.event_definitions import timer

#: a date-time in a diagram that names no zone is Western Indonesia Time, wherever the server stands
LOCAL_ZONE = timezone(timedelta(hours=7), "WIB")

_now: ContextVar[datetime] = ContextVar("now")
_changes = itertools.count(1_000_000)


@contextmanager
def at(now: datetime) -> Iterator[None]:
    """Let the engine believe that it is `now` (with a time zone) for the length of the block."""
    token = _now.set(now)
    try:
        yield
    finally:
        _now.reset(token)


class _GivenTime(datetime):
    """A datetime whose present moment is the command's."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _GivenTime:
        given = _now.get()
        return cls.fromisoformat(given.isoformat()).astimezone(tz)


def _next_change() -> int:
    """A number greater than any before it: joins must know which of two branches ended first.

    A wall clock cannot tell, for within one command no time passes. The lowest numbers are left to restored tasks.
    """
    return next(_changes)


timer.datetime = _GivenTime
timer.LOCALTZ = LOCAL_ZONE
SpiffWorkflow.task.time = SimpleNamespace(time=_next_change)
