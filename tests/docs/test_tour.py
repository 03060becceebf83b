"""The README's tour with curl, executed as it is written."""

from __future__ import annotations

import shutil

import pytest

from tests.docs.conftest import ROOT, commands_in, walk


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl")
@pytest.mark.usefixtures("running")
def test_the_tour_works_as_it_is_written(environment: dict[str, str]) -> None:
    section = (ROOT / "README.md").read_text().partition("\n## A tour with curl\n")[2].partition("\n## ")[0]
    walked = walk(commands_in(section), environment)
    assert walked.stderr == ""
    assert walked.stdout.count('"code":"required"') == 1, "the remark is missing, once"
    assert walked.stdout.count("urn:jenjang:problem") == 1, "nothing else is refused"
    history = walked.stdout[walked.stdout.rindex("\n1 ") :].strip().splitlines()
    assert "sekretaris gateway_decided Disetujui?" in history[-2]
    assert "user_task_opened Membuat konsep rancangan" in history[-1]
