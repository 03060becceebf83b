"""The page for designers and the catalog of problems say the same."""

from __future__ import annotations

import re
from pathlib import Path

from app.engine.checks import CATALOG, REFUSALS, WARNINGS

PAGE = (Path(__file__).parents[3] / "docs" / "diagram-problems.md").read_text()


def test_the_page_has_one_entry_for_each_problem() -> None:
    assert sorted(re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE)) == sorted(CATALOG)


def test_warnings_stand_under_their_own_heading() -> None:
    refusals, warnings = PAGE.split("## Warnings")
    assert set(re.findall(r"^### `(\w+)`$", refusals, re.MULTILINE)) == set(REFUSALS)
    assert set(re.findall(r"^### `(\w+)`$", warnings, re.MULTILINE)) == set(WARNINGS)


def test_each_entry_shows_before_and_after() -> None:
    for entry in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        assert re.search(r"```diff\n- .+\n(.*\n)*?\+ .+\n", entry), entry.splitlines()[0]
