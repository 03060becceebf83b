"""Each problem is found where it is, and said so that a designer can act on it."""

from __future__ import annotations

import re

import pytest

from app.engine.checks import CATALOG, REFUSALS, WARNINGS, check_diagram, engine
from app.engine.definitions import DefinitionUnreadable
from tests.engine.checks.drawing import report
from tests.engine.checks.faulty_diagrams import REFUSED, VALID, WARNED, Faulty

#: what a message to a designer must never show
_PROGRAMMER = re.compile(r"Traceback|object at 0x|<Element|Error\(|Exception|NoneType|lxml|Spiff|\{\w*\}")


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_the_fault_is_refused_at_its_element(code: str) -> None:
    _assert_blamed(code, REFUSED[code], refused=True)


@pytest.mark.parametrize("code", sorted(WARNED))
def test_the_doubt_is_a_warning_and_no_refusal(code: str) -> None:
    _assert_blamed(code, WARNED[code], refused=False)


def _assert_blamed(code: str, faulty: Faulty, *, refused: bool) -> None:
    found = check_diagram("proses.bpmn", faulty.xml, faulty.forms, faulty.holders, faulty.previous)
    problems = found.problems if refused else found.warnings
    assert refused == bool(found.problems)
    assert (code, faulty.blamed) in [(problem.code, problem.element_id) for problem in problems]
    lines = faulty.xml.decode().splitlines() or [""]
    for problem in (*found.problems, *found.warnings):
        assert 1 <= problem.line <= len(lines)
        assert problem.element_id is None or problem.element_id in faulty.xml.decode()
        assert problem.file == "proses.bpmn"
        assert not _PROGRAMMER.search(f"{problem.reason} {problem.hint}")


def test_every_problem_of_the_catalog_has_a_diagram_that_shows_it() -> None:
    # the rest would be a fault of the engine, or of the checks: shown below, and in tests/engine/test_isolation.py
    assert set(REFUSED) | {"engine_refuses", "state_not_kept", "checks_broken_off"} == set(REFUSALS)
    assert set(WARNED) == set(WARNINGS)
    assert len(CATALOG) == len(REFUSALS) + len(WARNINGS)


def test_what_only_the_engine_objects_to_is_located_and_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DefinitionUnreadable("KeyError('isi')", element_id="isi")

    monkeypatch.setattr(engine, "parse", refuse)
    [problem] = report(VALID).problems
    assert (problem.code, problem.element_id, problem.line) == ("engine_refuses", "isi", 4)
    assert problem.reason == 'The engine cannot read user task "isi".'


def test_a_state_that_cannot_be_read_again_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "encode", lambda _: b"another")
    [problem] = report(VALID).problems
    assert (problem.code, problem.element_id) == ("state_not_kept", "proses")


def test_recursion_inside_the_engine_does_not_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    def recurse(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(engine, "parse", recurse)
    [problem] = report(VALID).problems
    assert (problem.code, problem.element_id) == ("engine_refuses", "proses")
