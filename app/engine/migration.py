"""Moves a running instance to another version of its process, or says why that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.engine import clock
from app.engine.alignment import align
from app.engine.codec import read_rows, restore
from app.engine.definitions import Definition
from app.engine.process import take_step
from app.engine.relocation import Relocation
from app.engine.running import run_to_rest
from app.engine.step import Step
from app.engine.timers import due_at
from app.engine.variables import variables_of
from app.engine.workflow import Process
from app.errors import MigrationRefused, Obstacle

__all__ = ["Obstacle", "align", "find_obstacles", "migrate"]


def find_obstacles(old: Definition, new: Definition, state: bytes, mapping: Mapping[str, str]) -> tuple[Obstacle, ...]:
    """What keeps an instance in this state from being moved; empty: it can be.

    Raises:
        MappingRefused, StateUnreadable
    """
    relocation = Relocation(old, new, align(old, new, mapping))
    relocation.moved(read_rows(state))
    return tuple(relocation.obstacles)


def migrate(old: Definition, new: Definition, state: bytes, mapping: Mapping[str, str], now: datetime) -> Step:
    """Move an instance: each token to the counterpart of its element, as `align` finds it.

    Open user tasks keep their ids and rounds, timers their due times. Timers that are new begin to wait now, and a join
    that has all it waits for in the new version goes on.

    Raises:
        MigrationRefused, MappingRefused, ProcessStuck, StateUnreadable
    """
    relocation = Relocation(old, new, align(old, new, mapping))
    rows = relocation.moved(read_rows(state))
    if relocation.obstacles:
        raise MigrationRefused(relocation.obstacles)
    with clock.at(now):
        process = restore(new, rows)

        def command() -> None:
            _begin_to_wait(process)
            run_to_rest(process)

        return take_step(new, process, new.key, variables_of(process), command)


def _begin_to_wait(process: Process) -> None:
    for timer in process.waiting_timers():
        if due_at(timer) is None:
            timer.task_spec._update(timer)
    process.update_waiting_tasks()
