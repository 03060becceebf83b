"""`jenjang serve` as processes of its own, which a test may kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx2

from app.settings import Settings
from tests.sop import Client

T = TypeVar("T")

_HOST = "127.0.0.1"
#: seconds; generous, because the machine may be busy with other tests
_START_TIMEOUT = 40
_REQUEST_TIMEOUT = 40


class Server:
    """A server on one free port, which it keeps over restarts. With a file for its log, it logs all that it can."""

    def __init__(
        self,
        settings: Settings,
        tokens: Mapping[str, str],
        workers: int = 1,
        *,
        options: Sequence[str] = (),
        log: Path | None = None,
    ) -> None:
        self._settings = settings
        self._options = options
        self._log = log
        self._tokens = tokens
        self._workers = workers
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.kill()

    @property
    def address(self) -> str:
        return f"http://{_HOST}:{self._port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def worker_pids(self) -> list[int]:
        """The processes that answer requests: those that the supervisor has, or the only one."""
        if self._workers == 1:
            return [self.pid]
        children = map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())
        return [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def start(self) -> None:
        """Start it and wait until it can serve."""
        command = [sys.executable, "-P", "-m", "app.cli", "serve", "--host", _HOST]
        command += ["--port", str(self._port), "--workers", str(self._workers), *self._options]
        if self._log is None:
            self._process = subprocess.Popen(command, env=_environment(self._settings, "error"))
        else:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(command, env=_environment(self._settings, "debug"), stderr=log)
        self.await_ready()

    def kill(self) -> None:
        """End every process of it by SIGKILL, as a crash of the machine would."""
        assert self._process is not None
        # The supervisor first, lest it replace the workers.
        for pid in dict.fromkeys([self.pid, *self.worker_pids]):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def await_ready(self) -> None:
        def is_ready() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, "the server ended"
            try:
                return httpx2.get(f"{self.address}/health/ready", trust_env=False, timeout=5).is_success
            except httpx2.TransportError:
                return False

        wait_until(is_ready, seconds=_START_TIMEOUT)

    def connect(self) -> httpx2.Client:
        """A connection of its own."""
        return httpx2.Client(base_url=self.address, timeout=_REQUEST_TIMEOUT, trust_env=False)

    def as_(self, username: str) -> Client:
        """The REST client of one person, over a connection of its own."""
        return Client(self.connect(), self.token_of(username), username)

    def token_of(self, username: str) -> str:
        return self._tokens[username]


def wait_until(holds: Callable[[], Any], seconds: float) -> None:
    """Ask again and again, but not for ever."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not come to hold within {seconds} s"
        time.sleep(0.02)


def simultaneously(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all the calls at one moment; gives their results in order."""
    barrier = threading.Barrier(len(calls))

    def wait_and_call(call: Callable[[], T]) -> T:
        barrier.wait(_REQUEST_TIMEOUT)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def _environment(settings: Settings, log_level: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JENJANG_")}
    chosen = settings.model_copy(update={"log_level": log_level}).model_dump(exclude_none=True)
    return inherited | {f"JENJANG_{name.upper()}": str(value) for name, value in chosen.items()}


def free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
