"""A designer's evening: the SOP as the modeler saves it, once after each edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.conftest import World, make_world
from tests.designer.modeler import CHROMIUM, open_modeler
from tests.sop import SOP_FOLDER

EDITS = (
    "nothing",
    "move_shape",
    "move_to_another_lane",
    "rename_task",
    "add_task",
    "change_type_and_back",
    "put_a_copy_in_its_place",
)


@pytest.fixture(scope="module")
def redrawn() -> Mapping[str, bytes]:
    """edit → what the modeler saves after it; one browser for all."""
    if CHROMIUM is None:
        pytest.skip("The round trip through bpmn-js needs a browser: install Debian's package chromium.")
    diagram = (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes()
    with open_modeler() as modeler:
        return {edit: modeler.redraw(diagram, edit) for edit in EDITS}


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """What the modeler saves does not depend on the database's make."""
    with make_world(request, "sqlite") as made:
        yield made
