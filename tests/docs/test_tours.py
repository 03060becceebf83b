"""The tours with curl, the README's, the designer's and the auditor's, executed as they are written, on one server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2 as httpx
import pytest

ROOT = Path(__file__).parents[2]
_JENJANG = ROOT / ".venv" / "bin" / "jenjang"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the tours need curl")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A demo in which a second person approves; what a tour writes down goes with the test."""
    folder = tmp_path_factory.mktemp("tours")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JENJANG_")}
    ours = {"JENJANG_DATA_DIR": str(folder / "data"), "JENJANG_DEMO": "true", "JENJANG_APPROVAL_REQUIRED": "true"}
    outside = {"JENJANG_AUDIT_DIR": str(folder / "audit")}
    return inherited | ours | outside | {"PORT": str(_free_port()), "TMPDIR": str(folder)}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
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


# The first one, because it counts the instances that run.
@pytest.mark.usefixtures("running")
def test_the_designers_tour_works_as_it_is_written(environment: dict[str, str]) -> None:
    page = (ROOT / "docs" / "howto" / "design.md").read_text()
    walked = _walk(page, environment)
    assert walked.stderr.strip() == ""
    answered = {line.strip().rstrip(",") for line in walked.stdout.splitlines()}
    assert [line for line in _answers_in(page) if line not in answered] == []


@pytest.mark.usefixtures("running")
def test_the_readmes_tour_works_as_it_is_written(environment: dict[str, str]) -> None:
    section = (ROOT / "README.md").read_text().partition("\n## A tour with curl\n")[2].partition("\n## ")[0]
    walked = _walk(section, environment)
    assert walked.stderr == ""
    assert walked.stdout.count('"code":"required"') == 1, "the remark is missing, once"
    assert walked.stdout.count("urn:jenjang:problem") == 1, "nothing else is refused"
    history = walked.stdout[walked.stdout.rindex("\n1 ") :].strip().splitlines()
    assert "sekretaris gateway_decided Disetujui?" in history[-3]
    assert "sekretaris user_task_returned Membuat konsep rancangan" in history[-2]
    assert "user_task_opened Membuat konsep rancangan" in history[-1]


@pytest.mark.usefixtures("running")
def test_the_auditors_questions_are_answered_as_it_is_written(environment: dict[str, str]) -> None:
    page = (ROOT / "docs" / "howto" / "audit.md").read_text()
    assert len(re.findall(r"^## \d+\. .*\?$", page, re.MULTILINE)) == 10
    walked = _walk(page, environment)
    assert walked.stderr.strip() == ""
    assert "urn:jenjang:problem" not in walked.stdout
    answered = {line.strip().rstrip(",") for line in walked.stdout.splitlines()}
    assert [line for line in _answers_in(page) if line not in answered] == []
    assert "sekretaris tidak Indikator belum terukur." in walked.stdout
    assert re.search(r"^SAH\b", walked.stdout, re.MULTILINE), "the package proves itself"


def _walk(text: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Type a page's commands into one shell, which minds names that were never set."""
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    shell = ["bash", "-u"]
    return subprocess.run(
        shell, input=commands, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=90
    )


def _answers_in(text: str) -> list[str]:
    """The lines of a page's answers; with … stands what differs from run to run, or was left out."""
    blocks = re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip().rstrip(",") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and "…" not in line]
