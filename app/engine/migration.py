"""Moves a running instance to another version of its process, or says why that cannot be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from app.engine import clock
from app.engine.alignment import align
from app.engine.codec import read_rows, restore
from app.engine.definitions import Definition
from app.engine.markings import Budget
from app.engine.process import take_step
from app.engine.relocation import UNDECIDED, Relocation
from app.engine.running import run_to_rest
from app.engine.step import Step
from app.engine.timers import due_at
from app.engine.variables import variables_of
from app.engine.workflow import Process
from app.errors import MigrationRefused, Obstacle, ProcessStuck

__all__ = ["UNDECIDED", "Obstacle", "align", "find_obstacles", "migrate"]


def find_obstacles(
    old: Definition, new: Definition, state: bytes, mapping: Mapping[str, str], now: datetime, budget: Budget
) -> tuple[Obstacle, ...]:
    """What keeps an instance in this state from being moved; empty: it can be.

    Raises:
        MappingRefused, StateUnreadable
    """
    try:
        migrate(old, new, state, mapping, now, budget)
    except MigrationRefused as refused:
        return refused.obstacles
    except ProcessStuck as stuck:
        return (Obstacle(stuck.element_id, stuck.code, stuck.detail),)
    return ()


def migrate(
    old: Definition,
    new: Definition,
    state: bytes,
    mapping: Mapping[str, str],
    now: datetime,
    budget: Budget | None = None,
) -> Step:
    """Move an instance: each token to the counterpart of its element, as `align` finds it.

    Open user tasks keep their ids and rounds, timers their due times. Timers that are new begin to wait now, and a join
    that has all it waits for in the new version goes on.

    Args: `budget` what finding out whether it can stand there may cost, where several share one.
    Raises:
        MigrationRefused, MappingRefused, ProcessStuck, StateUnreadable
    """
    relocation = Relocation(old, new, mapping, budget or Budget())
    rows = relocation.moved(read_rows(state))
    if relocation.obstacles:
        raise MigrationRefused(relocation.obstacles)
    with clock.at(now):
        process = restore(new, rows)
        if unbound := tuple(_unbound(old, new, variables_of(process).get("lane_owners") or {})):
            raise MigrationRefused(unbound)

        def command() -> None:
            _begin_to_wait(process)
            run_to_rest(process)

        return take_step(new, process, new.key, variables_of(process), command)


def _unbound(old: Definition, new: Definition, owners: Collection[str]) -> Iterator[Obstacle]:
    """People named for a lane that the other version has not: its tasks would be open to others without a word."""
    for lane in sorted(set(owners) & old.lanes - new.lanes):
        element = next((task.element_id for task in old.user_tasks.values() if task.role == lane), old.key)
        reason = f'lane_owners names people for the lane "{lane}", and the target version has no lane of that name.'
        yield Obstacle(element, "lane_owners_unknown_lane", reason)


def _begin_to_wait(process: Process) -> None:
    for timer in process.waiting_timers():
        if due_at(timer) is None:
            timer.task_spec._update(timer)
    for workflow in (*process.subprocesses.values(), process):
        workflow.update_waiting_tasks()
