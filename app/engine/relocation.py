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

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from app.engine.alignment import Mapped, align, has_same_structure, main_of, namesakes, spec_names, type_of
from app.engine.arrivals import flow_into
from app.engine.codec import Row
from app.engine.definitions import Definition
from app.engine.gateways import EndJoin, TokenJoin
from app.engine.markings import Budget, Place, boundary_events_of, can_stand
from app.engine.work import works_alike
from app.errors import Obstacle

#: the root of every process, which stands for what only carries variables
_ROOT = "Start"
#: the code of an obstacle that may be none
UNDECIDED = "undecided"
#: before the id of an element that is gone, in the counts of rounds, while another element has that id
_FORMER = "~"
#: where tokens wait only for others to end
_ENDS = (BoundaryEventJoin, EndJoin)


class Relocation:
    """One state on its way from one version to another.

    Raises:
        MappingRefused
    """

    def __init__(self, old: Definition, new: Definition, mapping: Mapped, budget: Budget) -> None:
        self.old, self.new, self.budget = old, new, budget
        self.aligned = align(old, new, mapping)
        self._namesakes = namesakes(old, new, mapping)
        #: what keeps it from being moved; where there is any, the rows mean nothing
        self.obstacles: list[Obstacle] = []

    def moved(self, content: Row) -> Row:
        """The content of a state of the old version as one of the new."""
        self._require_a_clear_history(content["rounds"])
        process = self.moved_process(content["process"], self.old.spec, self.new.spec)
        return content | {"rounds": self._moved_rounds(content["rounds"]), "process": process}

    def _moved_rounds(self, rounds: Mapping[str, int]) -> dict[str, int]:
        """How often each element was reached. Elements that are gone keep their count: they may come back."""
        moved = {self.aligned[id_]: number for id_, number in rounds.items() if id_ in self.aligned}
        taken = set(self.aligned.values())
        for former in (id_ for id_ in rounds if id_ not in self.aligned):
            id_ = former.removeprefix(_FORMER)
            moved[_FORMER + id_ if id_ in taken else id_] = rounds[former]
        return moved

    def _require_a_clear_history(self, rounds: Mapping[str, int]) -> None:
        """What four eyes ask the history for must be the same element as ever."""
        separated = {id_ for task in self.new.user_tasks.values() for id_ in task.separated_from}
        for id_ in rounds:
            if self.aligned.get(id_) in separated:
                self.require_clear(id_)

    def require_clear(self, element_id: str) -> None:
        """Hinder an element that has kept its id, while its name is that of another element now."""
        if (other := self._namesakes.get(element_id)) is not None:
            name = self.old.element_names[element_id]
            reason = f'Both {element_id} and {other} of the target version may be {element_id} "{name}": map it to one.'
            self.hinder(element_id, "ambiguous", reason)

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
        #: of splits with events that are gone, the moved row that carries what those have left
        self._asides: dict[int, int] = {}
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
            return self._put_passed(number, row, spec, above)
        if isinstance(spec, BoundaryEventJoin):
            is_kept = row["e"] in self._names and not self._is_lost(self._above(number))
            return self._put(row | {"e": self._names[row["e"]]}, above) if is_kept else None
        if isinstance(spec, BoundaryEvent):
            self._relocation.require_clear(spec.bpmn_id)
            return self._put(row | {"e": self._names[row["e"]]}, above) if self._is_kept(spec) else None
        counterpart = self._counterpart(spec)
        if counterpart is None:
            return self._put(row, above)
        if "w" in row:
            row = row | {"w": self._moved_subprocess(row["w"], spec, counterpart)}
        if isinstance(spec, TokenJoin):
            return self._put(row | {"e": counterpart.name}, self._arrived(spec, counterpart, number, above))
        return self._put_activity(row, spec, counterpart, above)

    def _put_passed(self, number: int, row: Row, spec: Any, above: int | None) -> int:
        """What holds no token."""
        if self._is_lost(number):
            if self._is_at_work_below(number):
                self._gone(spec)
            return self._put(row | {"e": _ROOT}, self._asides[self._above(number)])
        if isinstance(spec, BoundaryEventSplit) and any(map(self._is_lost, self._below(number))):
            # SpiffWorkflow takes whatever is no event behind a split for its activity.
            above = self._asides[number] = self._put(row | {"e": _ROOT}, above)
            row = {"e": row["e"]}
        return self._put(row | {"e": self._names.get(row["e"], _ROOT)}, above)

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
        flow = flow_into(counterpart, join, source, self._names)
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
        self._relocation.require_clear(spec.bpmn_id)
        if not works_alike(spec, counterpart, self._names):
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

    def _above(self, number: int) -> int:
        return int(self._rows[number].get("p", number - 1))

    def _holds_a_token(self, number: int) -> bool:
        """Whether it waits or is at work; of a loop, also an instance that waits for the others to end."""
        row = self._rows[number]
        return "s" in row or ("t" in row and number > 0 and "s" in self._rows[self._above(number)])

    def _is_lost(self, number: int) -> bool:
        """Whether it is a boundary event that has fired, is gone, and whose activity is still open."""
        spec = self._old.task_specs[self._rows[number]["e"]]
        if not isinstance(spec, BoundaryEvent) or "s" in self._rows[number] or self._is_kept(spec):
            return False
        return any("s" in self._rows[beside] for beside in self._below(self._above(number)))

    def _is_at_work_below(self, number: int) -> bool:
        """Whether a token behind it is not yet at the end."""
        return any(
            ("s" in self._rows[below] and not isinstance(self._old.task_specs[self._rows[below]["e"]], _ENDS))
            or self._is_at_work_below(below)
            for below in self._below(number)
        )

    def _below(self, number: int) -> list[int]:
        return [other for other in range(1, len(self._rows)) if self._above(other) == number]

    def _put(self, row: Row, above: int | None) -> int:
        self._moved.append(row if above is None else row | {"p": above})
        return len(self._moved) - 1

    def _require_a_marking_of_the_new_version(self) -> None:
        if self._relocation.obstacles or has_same_structure(self._old, self._new, self._names):
            return
        where = ", ".join(sorted({element_id for _, element_id in self._places}))
        match can_stand(self._new, [place for place, _ in self._places], self._relocation.budget):
            case False:
                code, reason = "cannot_stand_so", f"No instance of the target version can come to stand at {where}."
            case None:
                code = UNDECIDED
                reason = f"Too many runs of the target version would have to be tried to tell if one stands at {where}."
            case _:
                return
        for element_id in dict.fromkeys(element_id for _, element_id in self._places):
            self._relocation.hinder(element_id, code, reason)
