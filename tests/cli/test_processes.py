"""The command as processes of their own: the demo, and a server that starts, answers and stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.robustness.server import wait_until

_COMMAND = [sys.executable, "-m", "app.cli"]


@contextmanager
def _serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address as its log tells it."""
    command = [*_COMMAND, "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield process, f"http://127.0.0.1:{json.loads(process.stderr.readline())['port']}"
        finally:
            if process.poll() is None:
                process.kill()


def _await_ready(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/health/ready", timeout=30).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("The server did not become ready.")


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_answers_logs_json_and_ends_well_when_told_to_stop(workers: str) -> None:
    with _serving("--workers", workers) as (process, address):
        _await_ready(address)
        metrics = httpx.get(f"{address}/metrics").text
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "jenjang_http_requests_total" in metrics
    for line in logged.splitlines():
        assert json.loads(line)["level"] == "info"


@pytest.mark.usefixtures("migrated")
def test_no_process_stays_when_a_worker_is_killed_and_then_the_server() -> None:
    with _serving("--workers", "2") as (process, address):
        _await_ready(address)
        worker = _workers(process.pid)[0]
        [checker] = _children(worker)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{checker}").exists(), seconds=30)
        process.kill()
        # The log ends when the last process that could write to it has ended.
        process.communicate(timeout=30)


def _workers(server: int) -> list[int]:
    """The workers of a server: unlike the process that Python keeps beside them, they have companions of their own."""
    return [child for child in _children(server) if _children(child)]


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_demo_plays_the_sop_with_one_rejection_and_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path), "JENJANG_DATABASE_URL": "postgresql://localhost:1/not-used"}
    played = subprocess.run(
        [*_COMMAND, "demo"], env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert (played.returncode, played.stderr) == (0, "")
    assert "Memeriksa konsep rancangan: tidak" in played.stdout
    assert "Memeriksa konsep rancangan (2): ya" in played.stdout
    assert "process completed" in played.stdout
    assert max(len(line) for line in played.stdout.splitlines()) <= 100
    assert list(tmp_path.iterdir()) == []
