"""However long the drawing of a sheet would take, it is broken off; what was drawn once is kept."""

from __future__ import annotations

import os
import time

import pytest

from app.documents import drawing
from app.documents.drawing import MAX_CONNECTORS, as_it_is, drawn
from app.documents.sop_sheet_html import render_html
from app.engine.isolation import Isolation
from app.engine.sop_sheet import SopSheet, read_sheet
from app.errors import SopSheetTooLarge
from tests.engine.checks.drawing import END, START, around, element, flow, path, user_task
from tests.engine.checks.drawing import drawing as diagram

XML = around(user_task("isi"))


def without_end(_: SopSheet) -> None:
    time.sleep(3600)


def never_twice_the_same(_: SopSheet) -> bytes:
    return os.urandom(16)


def fan(name: str, branches: int) -> str:
    """A sub-process that splits into as many tasks, each with an end of its own."""
    tasks = [f"{name}_{number}" for number in range(branches)]
    inside = element("startEvent", f"{name}_mulai") + element("parallelGateway", f"{name}_bagi")
    inside += "".join(map(user_task, tasks)) + flow(f"{name}_mulai", f"{name}_bagi")
    ends = "".join(
        element("endEvent", f"{task}_selesai") + path(f"{name}_bagi", task, f"{task}_selesai") for task in tasks
    )
    return element("subProcess", name, inside + ends)


def test_the_sheet_is_drawn_as_without_isolation() -> None:
    assert drawn("proses", XML, as_it_is) == read_sheet("proses", XML)
    assert drawn("proses", XML, render_html) == render_html(read_sheet("proses", XML))


def test_a_drawing_without_end_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "drawer", Isolation(seconds=0.5))
    with pytest.raises(SopSheetTooLarge, match="The drawing was broken off: it took longer than"):
        drawn("proses", XML, without_end)


def test_a_sheet_is_drawn_once() -> None:
    first = drawn("proses", XML, never_twice_the_same)
    assert drawn("proses", XML, never_twice_the_same) == first
    assert drawn("proses", XML + b"\n", never_twice_the_same) != first


def test_more_arrows_than_anybody_can_follow_are_not_drawn() -> None:
    subprocesses = fan("a", 50) + fan("b", 50)
    xml = diagram(START + subprocesses + END + path("mulai", "a", "b", "selesai"))
    assert len(read_sheet("proses", xml).connectors) > MAX_CONNECTORS
    with pytest.raises(SopSheetTooLarge, match="at most 2,000 are drawn"):
        drawn("proses", xml, as_it_is)
