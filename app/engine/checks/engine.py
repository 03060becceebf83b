"""Last family: the engine reads the diagram itself; whatever it still objects to becomes a located problem."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.checks.diagram import Diagram
from app.engine.definitions import DefinitionUnreadable, parse
from app.errors import Problem


def check_engine_reads_it(diagram: Diagram) -> Iterator[Problem]:
    """Every executable process becomes a definition."""
    for process in diagram.processes:
        try:
            parse(process.get("id", ""), diagram.xml, diagram.forms)
        except DefinitionUnreadable as unreadable:
            yield diagram.problem("engine_refuses", diagram.by_id.get(unreadable.element_id or "", process))
        except Exception:  # SpiffWorkflow's parser raises whatever its parts raise, RecursionError among them
            yield diagram.problem("engine_refuses", process)
