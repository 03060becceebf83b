"""Where an instance stands, read off its state without bringing it to life."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from app.engine.codec import Row, read_rows
from app.engine.definitions import Definition

#: what a row says of where the tokens are; the rest are variables, ids and counters
_PLACES = ("e", "p", "s", "t")


@dataclass(frozen=True, slots=True)
class Frontier:
    """The elements at which an instance waits."""

    #: ids, each once; those inside sub-processes, without boundary events
    element_ids: tuple[str, ...]
    #: equal for instances of one version that stand in the same places, whatever their variables
    shape: Hashable


def read_frontier(definition: Definition, state: bytes) -> Frontier:
    """Where an instance of this definition stands.

    Raises:
        StateUnreadable
    """
    content = read_rows(state)["process"]
    return Frontier(tuple(dict.fromkeys(_waiting(definition, definition.spec, content))), _shape(content))


def _waiting(definition: Definition, process: Any, content: Row) -> Iterator[str]:
    for row in content["tasks"]:
        spec = process.task_specs[row["e"]]
        if "w" in row:
            yield from _waiting(definition, definition.subprocess_specs[spec.spec], row["w"])
        elif row.get("s") in ("W", "R") and spec.bpmn_id and not isinstance(spec, BoundaryEvent | BoundaryEventJoin):
            yield spec.bpmn_id


def _shape(content: Row) -> Hashable:
    return tuple((*map(row.get, _PLACES), _shape(row["w"]) if "w" in row else None) for row in content["tasks"])
