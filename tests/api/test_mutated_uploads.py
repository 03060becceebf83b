"""Whatever becomes of the SOP's diagram on its way, the interface answers, and a designer can act on the answer.

`make fuzz` goes on with this for a minute; the test alone, for as long as some examples take.
"""

from __future__ import annotations

import os
import re
import time

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings

from tests.engine.checks.mutations import damaged, redrawn
from tests.sop import SOP_FOLDER, As

SOP = (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes()
#: seconds to go on; 0: once
SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))

#: what a designer must not be shown
_PROGRAMMER = re.compile(r"Traceback|object at 0x|<Element |[A-Z]\w+(Error|Exception)\(|recursion depth|NoneType")


@pytest.mark.timeout(SECONDS + 120)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_no_mutation_of_the_sop_breaks_the_interface(as_: As) -> None:
    @settings(max_examples=40, deadline=None, database=None, derandomize=False, suppress_health_check=list(HealthCheck))
    @given(redrawn(SOP) | damaged(SOP))
    def upload(xml: bytes) -> None:
        _assert_clear(xml, as_("perancang").deploy({"sop.bpmn": xml}, dry_run=True))

    until = time.monotonic() + SECONDS
    upload()
    while time.monotonic() < until:
        upload()


def _assert_clear(xml: bytes, response: Response) -> None:
    assert response.status_code in (200, 422), response.text
    body = response.json()
    assert body.get("errors", []) != [] or response.status_code == 200
    for problem in body.get("errors", []):
        assert problem["code"] not in ("checks_broken_off", "engine_refuses", "state_not_kept"), problem
        assert 1 <= problem["line"] <= len(re.split(rb"\r\n|\r|\n", xml)), problem
        assert problem["element_id"] is None or problem["element_id"] in _as_text(xml), problem
        assert not _PROGRAMMER.search(problem["reason"]), problem


def _as_text(xml: bytes) -> str:
    """The text with its references to characters resolved, as ids are when they are told."""
    return re.sub(r"&#(\d+);", lambda match: chr(int(match[1]) % 0x110000), xml.decode(errors="replace"))
