"""The designer's tour, executed as it is written, and its answers held against those that came."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, commands_in, walk

PAGE = (ROOT / "docs" / "howto" / "design.md").read_text()


@pytest.fixture
def environment(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An office in which a second person approves; what the page writes down goes with the test."""
    return environment | {"JENJANG_APPROVAL_REQUIRED": "true", "TMPDIR": str(tmp_path)}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl")
@pytest.mark.usefixtures("running")
def test_the_designers_tour_works_as_it_is_written(environment: dict[str, str]) -> None:
    walked = walk(commands_in(PAGE), environment)
    assert walked.stderr.strip() == ""
    answered = {line.strip().rstrip(",") for line in walked.stdout.splitlines()}
    assert [line for line in _answers() if line not in answered] == []


def _answers() -> list[str]:
    """The lines of the page's answers; with … stands what differs from run to run, or was left out."""
    blocks = re.findall(r"^```(?:json|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line.strip().rstrip(",") for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and "…" not in line]
