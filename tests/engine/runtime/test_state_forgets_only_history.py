"""The state that is stored must go on exactly as the process in memory would.

Random walks through every test diagram, twice: once stored and restored after every step, once kept whole in memory.
`JENJANG_WALKS=2000 pytest …` walks further than the default.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine import process, running
from app.engine.step import Step
from app.engine.workflow import Process
from app.errors import ProcessStuck
from tests.engine.runtime.diagrams import DIAGRAMS, NOW, START_VALUES, load

WALKS = int(os.environ.get("JENJANG_WALKS", "30"))

values = st.fixed_dictionaries(
    {"ulang": st.booleans()},
    optional={
        "a": st.booleans(),
        "b": st.booleans(),
        "c": st.booleans(),
        "n": st.integers(0, 3),
        "daftar": st.lists(st.sampled_from(["siti", "budi", "wati"]), max_size=3),
        "x": st.sampled_from([0, 1, 1.0, True, [1], [True], {"typename": "Task", "k": [2]}, {"k": []}]),
        "y": st.integers(0, 2),
    },
)
moves = st.lists(st.tuples(st.integers(0, 7), values), max_size=14)


class InMemory:
    """Stands in for the codec and forgets nothing: a state is a name for a process kept whole."""

    def __init__(self) -> None:
        self.process: Process | None = None

    def encode(self, running: Process) -> bytes:
        self.process = running
        return b""

    def decode(self, *_: Any) -> Process:
        assert self.process is not None
        return self.process


def outcome(step: Step) -> Step:
    """What must be equal: everything but the bytes and the tasks' ids."""
    tasks = tuple(replace(task, element_task_id=UUID(int=0)) for task in step.open_user_tasks)
    return replace(step, state=b"", open_user_tasks=tasks)


class Walk:
    def __init__(self, diagram: str) -> None:
        self.definition = load(diagram)
        self.now = NOW
        self.step: Step | str = self.attempt(lambda: process.start(self.definition, START_VALUES, NOW))

    def attempt(self, command: Callable[[], Step]) -> Step | str:
        try:
            return command()
        except ProcessStuck as stuck:
            return f"{stuck.code} at {stuck.element_id}"

    def move(self, choice: int, submitted: dict[str, Any]) -> None:
        assert isinstance(self.step, Step)
        state, tasks = self.step.state, self.step.open_user_tasks
        if choice == 7 or not tasks:
            self.now += timedelta(hours=1)
            self.step = self.attempt(lambda: process.fire_timers(self.definition, state, self.now))
            return
        task = tasks[choice % len(tasks)]
        # an instance has to give its output item
        submitted = {"nilai": int(submitted["ulang"])} | submitted
        self.step = self.attempt(
            lambda: process.complete_user_task(self.definition, state, task.element_task_id, submitted, self.now)
        )


@pytest.mark.parametrize("diagram", sorted(path.stem for path in DIAGRAMS.glob("*.bpmn")))
@settings(max_examples=WALKS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_a_stored_process_goes_on_like_one_kept_in_memory(
    diagram: str, moves: list[tuple[int, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk() -> list[Step | str]:
        walk = Walk(diagram)
        steps = [walk.step]
        for choice, submitted in moves:
            if isinstance(walk.step, str) or walk.step.status != "active":
                break
            walk.move(choice, submitted)
            steps.append(walk.step)
        return [step if isinstance(step, str) else outcome(step) for step in steps]

    # A process without rest shows it in fewer steps, too.
    monkeypatch.setattr(running, "MAX_STEPS", 80)
    stored = walk()
    with monkeypatch.context() as patched:
        memory = InMemory()
        patched.setattr(process, "encode", memory.encode)
        patched.setattr(process, "decode", memory.decode)
        kept = walk()
    assert stored == kept
    assert repr(stored) == repr(kept), "1, 1.0 and True are equal to Python, but not to people"
