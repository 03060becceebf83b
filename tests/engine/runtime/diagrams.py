"""The diagrams of the tests, parsed, and a short way to play them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from app.engine import definitions, process
from app.engine.definitions import Definition
from app.engine.step import OpenUserTask, Step

DIAGRAMS = Path(__file__).parents[2] / "diagrams"
NOW = datetime(2026, 7, 4, 1, tzinfo=UTC)
#: what the conditions of the diagrams read
START_VALUES = {
    "ulang": False,
    "a": False,
    "b": False,
    "c": False,
    "n": 2,
    "jam": 3,
    "daftar": ["siti", "budi"],
    "x": 1,
}


def load(name: str) -> Definition:
    """The process of tests/diagrams/{name}.bpmn."""
    path = DIAGRAMS / f"{name}.bpmn"
    return definitions.cached(name, name, lambda: (path.read_bytes(), {}))


def drawn(body: str) -> Definition:
    """A process `coba` of a few elements."""
    namespaces = (
        'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    )
    xml = f'<bpmn:definitions {namespaces}><bpmn:process id="coba">{body}</bpmn:process></bpmn:definitions>'
    return definitions.parse("coba", xml.encode(), {})


def flow(source: str, target: str, condition: str | None = None) -> str:
    """The XML of a sequence flow."""
    expression = f"<bpmn:conditionExpression>{escape(condition)}</bpmn:conditionExpression>" if condition else ""
    flow_id = f"{source}_{target}"
    return (
        f'<bpmn:sequenceFlow id="{flow_id}" sourceRef="{source}" targetRef="{target}">{expression}</bpmn:sequenceFlow>'
    )


class Play:
    """A process instance that a test moves along."""

    def __init__(self, diagram: str | Definition, /, **values: Any) -> None:
        self.definition = load(diagram) if isinstance(diagram, str) else diagram
        self.now = NOW
        self.step: Step = process.start(self.definition, START_VALUES | values, self.now)

    @property
    def open(self) -> list[str]:
        """Ids of the open user tasks, in the order in which they opened."""
        return [task.element_id for task in self.step.open_user_tasks]

    def task(self, element_id: str, number: int = 0) -> OpenUserTask:
        """An open user task of the element."""
        return [task for task in self.step.open_user_tasks if task.element_id == element_id][number]

    def complete(self, element_id: str, number: int = 0, **values: Any) -> Step:
        """Complete an open user task of the element."""
        task = self.task(element_id, number)
        self.step = process.complete_user_task(self.definition, self.step.state, task.element_task_id, values, self.now)
        return self.step

    def wait(self, hours: float) -> Step:
        """Let time pass and fire what is due."""
        self.now += timedelta(hours=hours)
        self.step = process.fire_timers(self.definition, self.step.state, self.now)
        return self.step
