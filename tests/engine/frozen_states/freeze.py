"""Write down states of today's format, for the versions to come: `python -m tests.engine.frozen_states.freeze v2`.

What has been frozen is never written again: a state that an office has stored cannot be written again either.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.engine.runtime.diagrams import DIAGRAMS, Play

HERE = Path(__file__).parent

#: situation → diagram, what leads there, and what ends the process from there
SITUATIONS: dict[str, tuple[str, list[Any], list[Any]]] = {
    "third_round": (
        "review_loop",
        [["tulis", {"x": 1}], ["periksa", {"ulang": True}], ["tulis", {}], ["periksa", {"ulang": True}]],
        [["tulis", {"x": {"typename": "Task"}}], ["periksa", {"ulang": False}]],
    ),
    "inside_a_parallel_split": (
        "loop_in_parallel_branch",
        [["a1", {"x": [1], "ulang": True}], ["b1", {"y": 2.0}], ["a1", {"ulang": False, "x": [2]}]],
        [["b2", {"z": None}], ["b3", {}], ["akhir", {}]],
    ),
    "inside_a_subprocess": (
        "nested_subprocess",
        [["luar_1", {"x": "luar"}], ["dalam_1", {"a": True, "x": "dalam"}]],
        [["dalam_1", {"a": False}], ["luar_3", {}], ["luar_2", {}], ["periksa", {}]],
    ),
    "waiting_for_timers": (
        "reminders",
        [["wait", 1], ["wait", 1], ["ingatkan", {"x": "sudah"}]],
        [["wait", 2], ["wait", 2], ["kerjakan", {}], ["tegur", {}], ["tegur", {}], ["tegur", {}], ["lanjut", {}]],
    ),
    "waiting_at_an_event_gateway": (
        "event_gateway",
        [["kirim", {"x": 5}]],
        [["wait", 1], ["telepon", {}]],
    ),
    "multi_instance_half_done": (
        "multi_instance_parallel",
        [["undang", {"daftar": ["siti", "budi", "wati"]}], ["jawab", {"nilai": {"setuju": True}}]],
        [["jawab", {"nilai": 2}], ["jawab", {"nilai": 3}], ["simpulkan", {}]],
    ),
    "second_of_a_sequence": (
        "multi_instance_sequential",
        [["undang", {}], ["jawab", {"nilai": "a"}]],
        [["jawab", {"nilai": "b"}], ["simpulkan", {}]],
    ),
    "inclusive_branches": (
        "inclusive",
        [["pilih", {"a": True, "c": True}], ["ambil_c", {"x": "c"}]],
        [["ambil_a", {"y": "a"}], ["periksa", {}]],
    ),
    "finished": ("review_loop", [["tulis", {"x": 1}], ["periksa", {}]], []),
}


def go(play: Play, moves: list[Any]) -> None:
    """Make the moves: `["wait", hours]` or `[element, values]`."""
    for what, how in moves:
        if what == "wait":
            play.wait(hours=how)
        else:
            play.complete(what, **how)


def seen(play: Play) -> dict[str, Any]:
    """What must be as it was when the state is loaded."""
    step = play.step
    return {
        "status": step.status,
        "open": [[task.element_id, task.round, task.candidates] for task in step.open_user_tasks],
        "variables": dict(step.variables),
        "next_due_at": step.next_due_at and step.next_due_at.isoformat(),
    }


def freeze(version: str) -> None:
    """Write every situation that this version has not got yet."""
    folder = HERE / version
    folder.mkdir(exist_ok=True)
    for name, (diagram, before, after) in SITUATIONS.items():
        if (folder / f"{name}.state").exists():
            continue
        play = Play(diagram)
        go(play, before)
        state, now, told = play.step.state, play.now.isoformat(), seen(play)
        go(play, after)
        expected = {"diagram": diagram, "now": now, "then": told, "moves": after, "at_the_end": seen(play)}
        (folder / f"{name}.state").write_bytes(state)
        (folder / f"{name}.json").write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n")
        shutil.copy(DIAGRAMS / f"{diagram}.bpmn", folder)


if __name__ == "__main__":
    freeze(sys.argv[1])
