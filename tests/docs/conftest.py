"""The demo as `make run` leaves it, for the pages whose commands are executed as they are written."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2 as httpx
import pytest

ROOT = Path(__file__).parents[2]
_JENJANG = ROOT / ".venv" / "bin" / "jenjang"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JENJANG_")}
    ours = {"JENJANG_DATA_DIR": str(tmp_path / "data"), "JENJANG_DEMO": "true", "PORT": str(_free_port())}
    return inherited | ours


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def running(environment: dict[str, str]) -> Iterator[None]:
    """What `make run` does after the installation."""
    for command in (["migrate"], ["seed-demo", "--fresh-tokens"]):
        subprocess.run([_JENJANG, *command], env=environment, check=True, capture_output=True, timeout=60)
    server = subprocess.Popen([_JENJANG, "serve", "--port", environment["PORT"]], env=environment)
    try:
        _await(f"http://127.0.0.1:{environment['PORT']}/health/ready")
        yield
    finally:
        server.terminate()
        server.wait()


def _await(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(address).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("The server did not become ready.")


def commands_in(text: str) -> str:
    """The shell commands of a page, one after the other."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def walk(commands: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Type the commands into a shell that minds names which were never set."""
    return subprocess.run(
        ["bash", "-u"],
        input=commands,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
