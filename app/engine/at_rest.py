"""What a stored state says of an instance: its variables, its open user tasks, and where its tokens are.

Nothing runs here: this reads states of any age, of the version that they were written in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from app.engine.codec import Row, read_rows, restore
from app.engine.definitions import Definition
from app.engine.outlook import open_user_tasks
from app.engine.step import OpenUserTask, Variables
from app.engine.variables import variables_of


@dataclass(frozen=True, slots=True)
class TokenPosition:
    """An element at which tokens stand."""

    element_id: str
    element_name: str | None
    #: several where an activity has several instances, or where tokens wait at a join for the others
    count: int


@dataclass(frozen=True, slots=True)
class Rest:
    """An instance as it rests."""

    variables: Variables
    open_user_tasks: tuple[OpenUserTask, ...]
    #: in the order of the state, the activity of a subprocess before what is at work inside; none once it has ended
    tokens: tuple[TokenPosition, ...]


def read_rest(definition: Definition, state: bytes) -> Rest:
    """How an instance of this definition rests in this state.

    Raises:
        StateUnreadable
    """
    content = read_rows(state)
    process = restore(definition, content)
    variables = variables_of(process)
    return Rest(variables, open_user_tasks(process, variables), _positions(definition, content["process"]))


def _positions(definition: Definition, content: Row) -> tuple[TokenPosition, ...]:
    counts = Counter(_standing(definition, definition.spec, content))
    return tuple(TokenPosition(id_, definition.element_names.get(id_), count) for id_, count in counts.items())


def _standing(definition: Definition, process: Any, content: Row) -> Iterator[str]:
    """The element of each token. A boundary event that waits holds none: the token is on its activity."""
    for row in content["tasks"]:
        spec = process.task_specs[row["e"]]
        inside = row.get("w")
        # An activity with several instances is started itself as well: its tokens are those of its instances.
        holds_one = inside is not None or row.get("s") in ("W", "R")
        if holds_one and spec.bpmn_id and not isinstance(spec, BoundaryEvent | BoundaryEventJoin):
            yield spec.bpmn_id
        if inside is not None:
            yield from _standing(definition, definition.subprocess_specs[spec.spec], inside)


def passes_so_far(state: bytes, element_id: str | None = None) -> int:
    """How often the element was reached; without one, that of all which was reached most often.

    User tasks and the gateways that decide are counted. After a migration, the element's count is that of the element
    which it was before.

    Raises:
        StateUnreadable
    """
    rounds: dict[str, int] = read_rows(state)["rounds"]
    return max(rounds.values(), default=0) if element_id is None else rounds.get(element_id, 0)
