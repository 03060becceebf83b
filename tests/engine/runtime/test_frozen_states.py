"""States that earlier versions have stored must load, and run to their end, for ever."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from app.engine import definitions, process
from tests.engine.frozen_states.freeze import go, seen
from tests.engine.runtime.diagrams import Play

STATES = sorted((Path(__file__).parents[1] / "frozen_states").glob("v*/*.state"))


@pytest.mark.parametrize("path", STATES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_frozen_state_loads_and_runs_to_its_end(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text())
    key = expected["diagram"]
    play = Play(definitions.parse(key, (path.parent / f"{key}.bpmn").read_bytes(), {}))
    play.now = datetime.fromisoformat(expected["now"])
    # nothing is due yet: this only looks
    play.step = process.fire_timers(play.definition, path.read_bytes(), play.now)
    assert as_json(seen(play)) == as_json(expected["then"])
    go(play, expected["moves"])
    assert as_json(seen(play)) == as_json(expected["at_the_end"])


def as_json(told: object) -> str:
    """1, 1.0 and True are the same to Python only."""
    return json.dumps(told, sort_keys=True)


def test_there_are_frozen_states() -> None:
    assert len(STATES) >= 9
