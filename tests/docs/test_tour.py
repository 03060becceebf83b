"""The README's tour with curl, executed as it is written."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

ROOT = Path(__file__).parents[2]
_JENJANG = ROOT / ".venv" / "bin" / "jenjang"


def _tour() -> str:
    section = (ROOT / "README.md").read_text().partition("\n## A tour with curl\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JENJANG_")}
    ours = {"JENJANG_DATA_DIR": str(tmp_path), "JENJANG_DEMO": "true", "PORT": str(_free_port())}
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


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl")
@pytest.mark.usefixtures("running")
def test_the_tour_works_as_it_is_written(environment: dict[str, str]) -> None:
    walked = subprocess.run(
        ["bash", "-u"],
        input=_tour(),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert walked.stderr == ""
    assert walked.stdout.count('"code":"required"') == 1, "the remark is missing, once"
    assert walked.stdout.count("urn:jenjang:problem") == 1, "nothing else is refused"
    history = walked.stdout[walked.stdout.rindex("\n1 ") :].strip().splitlines()
    assert "sekretaris gateway_decided Disetujui?" in history[-2]
    assert "user_task_opened Membuat konsep rancangan" in history[-1]
