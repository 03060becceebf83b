"""Diagrams that others wrote: each is accepted, or refused with problems that a stranger can act on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.engine.checks import Report
from app.engine.isolation import check_in_isolation
from app.errors import Problem

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
DIAGRAMS = sorted(path for path in CORPUS.rglob("*") if path.suffix in (".bpmn", ".xml"))
#: of the files written to break a server, those with nothing wrong in them
HARMLESS = {"05_utf16_bom_valid", "41b_comment_in_cond"}

#: what a stranger must not be shown
_PROGRAMMER = re.compile(r"Traceback|object at 0x|<Element |[A-Z]\w+(Error|Exception)\(|recursion depth|NoneType")

#: that the checks were broken off, or that the engine found what no check had
_UNCLEAR = {"checks_broken_off", "engine_refuses", "state_not_kept"}

pytestmark = pytest.mark.skipif(not DIAGRAMS, reason="the public diagrams are not at hand")


def test_every_public_diagram_is_answered_in_plain_words() -> None:
    for path in DIAGRAMS:
        xml = path.read_bytes()
        forms = {form.name: form.read_bytes() for form in path.parent.glob("*.json")}
        for given in ({}, forms) if forms else ({},):
            _assert_clear(path, xml, check_in_isolation(path.name, xml, given))


def _assert_clear(path: Path, xml: bytes, report: Report) -> None:
    encoding = "utf-16" if xml.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = xml.decode(encoding, "replace")
    lines = len(re.split(r"\r\n|\r|\n", text))
    assert _UNCLEAR.isdisjoint(problem.code for problem in report.problems), path
    for problem in (*report.problems, *report.warnings):
        assert _is_located(problem, text, lines), (path, problem)
        assert not _PROGRAMMER.search(problem.reason), (path, problem)


def _is_located(problem: Problem, text: str, lines: int) -> bool:
    return 1 <= problem.line <= lines and (problem.element_id is None or problem.element_id in text)


@pytest.mark.parametrize(
    "path", [path for path in DIAGRAMS if path.parent.name == "hostile"], ids=lambda path: path.stem
)
def test_a_hostile_diagram_is_refused_unless_nothing_is_wrong_with_it(path: Path) -> None:
    report = check_in_isolation(path.name, path.read_bytes(), {})
    assert bool(report.problems) == (path.stem not in HARMLESS)
