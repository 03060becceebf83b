"""Moves the rows of a state to the elements of another version of their process.

A state holds the frontier only: tokens, the tasks that tie them together, and what those stand for (`codec`). So an
instance is moved by giving each row the name of its counterpart. Four kinds of rows need more than a name:

- an activity comes behind a split if it has boundary events: the split is put in, or loses its meaning; boundary events
  that are new begin to wait, those that are gone are left out;
- a token at a join is known by the element that it came from, which may have changed;
- an activity at work as a sub-process, or as a loop, has its own rows, which are moved as well;
- what holds no token only carries variables, and may stand for the start of the process where its element is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent, EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask

from app.engine.alignment import Mapped, main_of, spec_names, type_of
from app.engine.codec import Row
from app.engine.definitions import Definition
from app.engine.gateways import EndJoin, TokenJoin
from app.engine.markings import Place, boundary_events_of, can_stand
from app.errors import Obstacle

#: the root of every process, which stands for what only carries variables
_ROOT = "Start"


class Relocation:
    """One state on its way from one version to another."""

    def __init__(self, old: Definition, new: Definition, aligned: Mapped) -> None:
        self.old, self.new, self.aligned = old, new, aligned
        #: what keeps it from being moved; where there is any, the rows mean nothing
        self.obstacles: list[Obstacle] = []

    def moved(self, content: Row) -> Row:
        """The content of a state of the old version as one of the new."""
        counted = {id_: number for id_, number in content["rounds"].items() if id_ not in self.aligned}
        taken = set(self.aligned.values())
        rounds = {id_: number for id_, number in counted.items() if id_ not in taken}
        rounds |= {self.aligned[id_]: number for id_, number in content["rounds"].items() if id_ in self.aligned}
        process = self.moved_process(content["process"], self.old.spec, self.new.spec)
        return content | {"rounds": rounds, "process": process}

    def moved_process(self, content: Row, old: Any, new: Any) -> Row:
        """The rows of a process or sub-process, and the rest of what is written of it."""
        return content | {"tasks": _Rows(self, content["tasks"], old, new).moved()}

    def hinder(self, element_id: str, code: str, reason: str) -> None:
        """Note what keeps the instance from being moved, once for each element."""
        if all(obstacle.element_id != element_id for obstacle in self.obstacles):
            self.obstacles.append(Obstacle(element_id, code, reason))


class _Rows:
    """The rows of one process or sub-process."""

    def __init__(self, relocation: Relocation, rows: list[Row], old: Any, new: Any) -> None:
        self._relocation, self._rows, self._old, self._new = relocation, rows, old, new
        self._names = spec_names(old, new, relocation.aligned)
        self._moved: list[Row] = []
        #: of each old row, its number among the moved ones; None for what has stopped
        self._numbers: list[int | None] = []
        #: where the tokens will be, with the elements where they are
        self._places: list[tuple[Place, str]] = []

    def moved(self) -> list[Row]:
        for number, row in enumerate(self._rows):
            self._numbers.append(self._move(number, row))
        self._require_a_marking_of_the_new_version()
        return self._moved

    def _move(self, number: int, row: Row) -> int | None:
        spec = self._old.task_specs[row["e"]]
        above = None if number == 0 else self._numbers[self._above(number)]
        if not self._holds_a_token(number):
            if isinstance(spec, BoundaryEvent) and self._stands_beside_a_token(number) and not self._is_kept(spec):
                self._gone(spec)
            return self._put(row | {"e": self._names.get(row["e"], _ROOT)}, above)
        if isinstance(spec, BoundaryEventJoin):
            return self._put(row | {"e": self._names[row["e"]]}, above) if row["e"] in self._names else None
        if isinstance(spec, BoundaryEvent):
            return self._put(row | {"e": self._names[row["e"]]}, above) if self._is_kept(spec) else None
        counterpart = self._counterpart(spec)
        if counterpart is None:
            return self._put(row, above)
        if "w" in row:
            row = row | {"w": self._moved_subprocess(row["w"], spec, counterpart)}
        if isinstance(spec, TokenJoin):
            return self._put(row | {"e": counterpart.name}, self._arrived(spec, counterpart, number, above))
        return self._put_activity(row, spec, counterpart, above)

    def _put_activity(self, row: Row, spec: Any, counterpart: Any, above: int | None) -> int:
        """An activity or event with a token, with its boundary events."""
        if "t" in row:
            return self._put(row | {"e": counterpart.name}, above)
        self._places.append(((counterpart.name, ""), spec.bpmn_id))
        events = boundary_events_of(self._new, counterpart.name)
        if events and not boundary_events_of(self._old, spec.name):
            above = self._put({"e": f"{counterpart.name}.{BoundaryEventSplit.__name__}"}, above)
        number = self._put(row | {"e": counterpart.name}, above)
        waited_for = {
            self._names[event.name] for event in boundary_events_of(self._old, spec.name) if self._is_kept(event)
        }
        for event in events:
            if event.name not in waited_for:
                self._put({"e": event.name, "s": "W", "o": len(self._rows)}, above)
        return number

    def _arrived(self, join: Any, counterpart: Any, number: int, above: int | None) -> int | None:
        """The row behind which a token waits at a join: that of the element from which it came."""
        if isinstance(join, EndJoin):
            return above
        source = self._old.task_specs[self._rows[self._above(number)]["e"]]
        flow = _flow_into(counterpart, join, source, self._names)
        if flow is None:
            reason = f"{join.bpmn_id} waits with the branch that came by {source.name}, which cannot be told any more."
            self._relocation.hinder(join.bpmn_id, "branch_gone", reason)
            return above
        self._places.append(((counterpart.name, flow), join.bpmn_id))
        return above if self._names.get(source.name) == flow else self._put({"e": flow}, above)

    def _moved_subprocess(self, content: Row, spec: Any, counterpart: Any) -> Row:
        relocation = self._relocation
        inside = relocation.old.subprocess_specs[spec.spec], relocation.new.subprocess_specs[counterpart.spec]
        return relocation.moved_process(content, *inside)

    def _counterpart(self, spec: Any) -> Any:
        """The specification of the new version that a token of an old one can go to; None, with the obstacle noted."""
        if isinstance(spec, EndJoin):
            return self._new.end
        name = self._names.get(spec.name)
        if name is None:
            return self._gone(spec)
        counterpart = self._new.task_specs[name]
        if type_of(spec) != type_of(counterpart):
            reason = f"{spec.bpmn_id} is an element of another type in the target version."
            return self._relocation.hinder(spec.bpmn_id, "type_differs", reason)
        if not (_counts_alike(spec, counterpart) and self._awaits_as_much(spec, counterpart)):
            reason = f"{spec.bpmn_id} is at work, and what it repeats or waits for has changed."
            return self._relocation.hinder(spec.bpmn_id, "work_differs", reason)
        return counterpart

    def _gone(self, spec: Any) -> None:
        """Say why the element where a token stands, or that a branch comes from, is not there any more."""
        moved = self._relocation.aligned.get(spec.bpmn_id)
        if moved is None:
            reason = f"{spec.bpmn_id} is not in the target version; a mapping may name what stands for it."
            self._relocation.hinder(spec.bpmn_id, "element_gone", reason)
        else:
            reason = f"{moved} is in another sub-process, or on another activity, in the target version."
            self._relocation.hinder(spec.bpmn_id, "element_moved", reason)

    def _is_kept(self, event: Any) -> bool:
        """Whether a boundary event is still one of its activity, and waits for the same."""
        counterpart = self._new.task_specs.get(self._names.get(event.name))
        if counterpart is None or type_of(counterpart) != type_of(event):
            return False
        activity: str = main_of(counterpart.inputs[0]).name
        return self._names.get(main_of(event.inputs[0]).name) == activity

    def _awaits_as_much(self, spec: Any, counterpart: Any) -> bool:
        """Whether an event-based gateway waits for what it did, perhaps for more; its timers have begun to run."""
        if not isinstance(spec, EventBasedGateway):
            return True
        awaited = dict(_awaited(counterpart))
        return all(awaited.get(self._names.get(name, "")) == type_ for name, type_ in _awaited(spec))

    def _above(self, number: int) -> int:
        return int(self._rows[number].get("p", number - 1))

    def _holds_a_token(self, number: int) -> bool:
        """Whether it waits or is at work; of a loop, also an instance that waits for the others to end."""
        row = self._rows[number]
        return "s" in row or ("t" in row and number > 0 and "s" in self._rows[self._above(number)])

    def _stands_beside_a_token(self, number: int) -> bool:
        beside = [other for other in range(1, len(self._rows)) if self._above(other) == self._above(number)]
        return any("s" in self._rows[other] for other in beside)

    def _put(self, row: Row, above: int | None) -> int:
        self._moved.append(row if above is None else row | {"p": above})
        return len(self._moved) - 1

    def _require_a_marking_of_the_new_version(self) -> None:
        if self._relocation.obstacles or can_stand(self._new, [place for place, _ in self._places]):
            return
        where = ", ".join(sorted({element_id for _, element_id in self._places}))
        reason = f"No instance of the target version can come to stand at exactly {where}."
        for element_id in dict.fromkeys(element_id for _, element_id in self._places):
            self._relocation.hinder(element_id, "cannot_stand_so", reason)


def _counts_alike(spec: Any, counterpart: Any) -> bool:
    """Whether a multi-instance activity, if it is one, goes through the same items."""
    if not isinstance(spec, MultiInstanceTask):
        return True
    return _items(spec) == _items(counterpart)


def _items(spec: Any) -> tuple[Any, ...]:
    references = (spec.data_input, spec.data_output, spec.input_item, spec.output_item)
    return (spec.cardinality, *(None if each is None else each.bpmn_id for each in references))


def _awaited(gateway: Any) -> Iterator[tuple[str, type]]:
    """The elements behind an event-based gateway, each with what it waits for."""
    types = map(type, gateway.event_definition.event_definitions)
    return zip((output.name for output in gateway.outputs), types, strict=True)


def _flow_into(counterpart: Any, join: Any, source: Any, names: Mapped) -> str | None:
    """The element of the new version by which a token that came to a join from `source` has come.

    Where elements were put in or taken out between the two, it is the only flow that is new and lies on that way.
    """
    same = names.get(source.name)
    if same in counterpart._inputs:
        return same
    known = {names.get(name) for name in join._inputs}
    added = {spec.name: spec for spec in counterpart.inputs if spec.name not in known}
    back = {new: join._wf_spec.task_specs[old] for old, new in names.items()}
    found = [
        name
        for name, spec in added.items()
        if (same is not None and _leads(counterpart._wf_spec.task_specs[same], spec, counterpart))
        or (name in back and _leads(back[name], source, join))
    ]
    return found[0] if len(found) == 1 else None


def _leads(start: Any, goal: Any, join: Any) -> bool:
    """Whether flows lead from one element to another without passing the join."""
    seen, todo = {join.name}, [start]
    while todo:
        spec = todo.pop()
        if spec is goal:
            return True
        todo += [output for output in spec.outputs if output.name not in seen]
        seen.update(output.name for output in spec.outputs)
    return False
