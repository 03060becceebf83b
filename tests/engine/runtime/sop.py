"""The SOP of bpmn/, played with the values that its forms give as examples."""

from __future__ import annotations

from typing import Any

import tests.sop
from app.engine import definitions
from app.engine.definitions import Definition
from tests.engine.runtime.diagrams import Play
from tests.sop import SOP_FOLDER, SOP_KEY


def sop() -> Definition:
    """The definition of the SOP."""
    xml = (SOP_FOLDER / f"{SOP_KEY.replace('_', '-')}.bpmn").read_bytes()
    forms = {path.name: path.read_bytes() for path in (SOP_FOLDER / "forms").glob("*.json")}
    return definitions.cached(SOP_KEY, definitions.fingerprint(xml, forms), lambda: (xml, forms))


def example_values(definition: Definition, element_id: str) -> dict[str, Any]:
    """The first example of every property that a task's form asks for."""
    return tests.sop.example_values(definition.user_tasks[element_id].form.schema)


def play_sop() -> Play:
    """A fresh instance."""
    return Play(sop())
