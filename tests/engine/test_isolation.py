"""Nothing that is uploaded can hang, starve or end the process that serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.engine import isolation
from app.engine.checks import check_diagram
from app.engine.isolation import BrokenOff, Isolation, check_in_isolation
from app.errors import Busy
from tests.engine.checks.faulty_diagrams import VALID
from tests.robustness.server import wait_until

#: what a bug in a check, or in a library that it uses, could do
MISCHIEF: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "a gigantic value": (bytearray, (4 * 2**30,), "needed more than 512 MiB of memory"),
    "a crash": (os.abort, (), "ended without a result"),
}


@pytest.fixture(scope="module")
def isolated() -> Isolation:
    """Patient, however busy the machine is."""
    return Isolation(seconds=60)


@pytest.fixture(scope="module")
def brief() -> Isolation:
    """For what takes too long anyway."""
    return Isolation(seconds=1)


def test_a_loop_without_end_is_broken_off_and_the_next_call_works(brief: Isolation) -> None:
    with pytest.raises(BrokenOff, match="took longer than 1 seconds"):
        brief.run(exec, "while True: pass")
    assert brief.run(abs, -1) == 1


@pytest.mark.parametrize("mischief", MISCHIEF)
def test_a_call_that_runs_wild_is_broken_off_and_the_next_one_works(isolated: Isolation, mischief: str) -> None:
    function, arguments, why = MISCHIEF[mischief]
    with pytest.raises(BrokenOff) as broken_off:
        isolated.run(function, *arguments)
    assert broken_off.value.why == why
    assert isolated.run(abs, -1) == 1


def test_a_process_that_was_ended_while_it_stood_by_is_replaced(isolated: Isolation) -> None:
    os.kill(isolated.run(os.getpid), signal.SIGKILL)
    assert isolated.run(abs, -1) == 1


def test_a_process_that_was_stopped_is_replaced(isolated: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_PATIENCE_ONCE_UP", 0.1)
    isolated.run(abs, -1)
    os.kill(isolated.run(os.getpid), signal.SIGSTOP)
    assert isolated.run(abs, -1) == 1


def test_calls_from_as_many_threads_as_there_are_places_are_all_answered() -> None:
    isolated = Isolation(places=10, waiting=60)
    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(lambda number: isolated.run(abs, number), range(-10, 0))) == list(range(10, 0, -1))


@pytest.mark.parametrize("isolated", [Isolation(places=1, waiting=60), Isolation(waiting=0.01)], ids=["full", "slow"])
def test_who_finds_no_place_or_waits_too_long_is_sent_away_and_may_come_again(isolated: Isolation) -> None:
    with ThreadPoolExecutor(1) as threads:
        with isolated.turn(), pytest.raises(Busy):
            threads.submit(isolated.run, abs, -1).result()
        assert threads.submit(isolated.run, abs, -1).result() == 1


def test_the_calls_of_one_turn_share_one_time(brief: Isolation) -> None:
    with brief.turn():
        assert brief.run(abs, -1) == 1
        with pytest.raises(BrokenOff):
            brief.run(time.sleep, 60)
        with pytest.raises(BrokenOff, match="took longer than 1 seconds"):
            brief.run(abs, -1)
    assert brief.run(abs, -1) == 1


def test_what_the_function_raises_is_raised(isolated: Isolation) -> None:
    with pytest.raises(ZeroDivisionError):
        isolated.run(divmod, 1, 0)


def test_a_diagram_is_reported_on_as_without_isolation() -> None:
    assert check_in_isolation("proses.bpmn", VALID, {}, {}) == check_diagram("proses.bpmn", VALID, {}, {})


def test_a_file_whose_checks_are_broken_off_is_refused(monkeypatch: pytest.MonkeyPatch, isolated: Isolation) -> None:
    monkeypatch.setattr(isolation, "checker", isolated)
    monkeypatch.setattr(isolation, "check_diagram", _abort)
    [problem] = check_in_isolation("proses.bpmn", VALID, {}).problems
    assert (problem.code, problem.file, problem.line) == ("checks_broken_off", "proses.bpmn", 1)
    assert problem.reason == "The checks of this file were broken off: they ended without a result."


def _abort(*_: object) -> None:
    os.abort()


def test_a_call_does_not_outlive_a_server_that_was_killed() -> None:
    asking = (
        "from app.engine.isolation import Isolation\n"
        "isolated = Isolation(seconds=0.5)\n"
        "isolated.run(exec, 'import os; print(os.getpid(), flush=True)\\nwhile True: pass')\n"
    )
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        pid = int(asker.stdout.readline())
        asker.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), seconds=30)
