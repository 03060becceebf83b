"""A real server as a child process: started, awaited, looked at, stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.connection import HOST, Connection, Refused, get

_READY = get("/health/ready")
#: seconds that a server may take to answer
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A server that has answered."""

    port: int
    pid: int
    #: seconds from the start of its process to its first answer
    start_up: float

    def resident_bytes(self) -> int:
        """The memory that its process holds now (Linux)."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """The processor time that its process has used so far (Linux)."""
        # Field 2 is the command in parentheses, and may hold blanks itself.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def floored(environment: dict[str, str]) -> Iterator[Server]:
    """The application with the floor under it, for as long as the block runs."""
    port = _free_port()
    with _running([sys.executable, "-m", "benchmarks.floor", str(port)], port, environment) as server:
        yield server


@contextmanager
def shipped(environment: dict[str, str]) -> Iterator[Server]:
    """The service as it is shipped: `jenjang serve`."""
    port = _free_port()
    command = [sys.executable, "-P", "-m", "app.cli", "serve", "--host", HOST, "--port", str(port)]
    with _running(command, port, environment) as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[Server]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JENJANG_")}
    began = time.perf_counter()
    # It logs every request, as in an office; here nobody reads it, and a pipe that nobody reads would block it.
    process = subprocess.Popen(
        command, env=inherited | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await_answer(process, port)
        yield Server(port, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _answers(port):
        if time.monotonic() > deadline or process.poll() is not None:
            raise Refused("The server did not start: run `jenjang serve` to see why.")
        time.sleep(0.002)


def _answers(port: int) -> bool:
    try:
        connection = Connection(port)
        connection.send(_READY)
    except ConnectionError:
        return False
    connection.close()
    return True


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
