"""Whether a process can come to stand somewhere: the question that decides if an instance may be moved there.

A marking is where the tokens are (BPMN 2.0.2, chapter 13). An instance of an old version may be moved to a marking of
the new one if a fresh instance of the new version could stand just so: then it goes on as that one would. Everything
else would end in a join that waits for a branch that was never begun, or in work that is done twice.

Conditions are not asked: each gateway may decide anything, each boundary event may happen. The search follows one
token at a time, as tokens do not disturb each other, until it stays where one is wanted, waits at a join, or has ended.
So what has the same outcome is looked at once: a reminder that led to nothing, two ways to the same join.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit, StartEventJoin, StartEventSplit
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import ErrorEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import CancelEventDefinition, TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent, EventBasedGateway

from app.engine.alignment import main_of
from app.engine.gateways import EndJoin, ExclusiveGateway, InclusiveGateway, ParallelGateway, TokenJoin
from app.engine.interruptions import EndEvent

#: an element, by the name of its specification, and for a join the one from which the token has come
Place = tuple[str, str]
#: with as many tokens as it names each place; those that wait at joins come last, in order
Marking = tuple[Place, ...]

#: tokens looked at before searches are given up; about half a second
MAX_EFFORT = 50_000
#: outgoing flows of an inclusive gateway of which every choice is tried; of more, each alone and all together
MAX_CHOICES = 6

_TAKES_ALL = (TerminateEventDefinition, ErrorEventDefinition, CancelEventDefinition)


@dataclass(slots=True)
class Budget:
    """What searches may cost, all together."""

    #: tokens that may still be looked at
    left: int = MAX_EFFORT


def can_stand(process: Any, places: Iterable[Place], budget: Budget) -> bool | None:
    """Whether a run of the process or sub-process can have exactly these tokens; None: the budget did not suffice.

    Tokens that wait at the end for the others are left out.
    """
    search = _Search(process)
    pending: list[tuple[Marking, Marking]] = [((("Start", ""),), tuple(sorted(places)))]
    seen = set(pending)
    while pending:
        moving, wanted = pending.pop()
        if not moving and not wanted:
            return True
        budget.left -= len(moving) + len(wanted)
        if budget.left < 0:
            return None
        for following in search.following(moving, wanted):
            if following not in seen and search.is_hopeful(*following):
                seen.add(following)
                pending.append(following)
    return False


class _Search:
    """The steps of a search through one process or sub-process."""

    def __init__(self, process: Any) -> None:
        self._process = process
        #: flows between an element and each that a token of it can come to
        self._distances = cache(self._measured)
        self._flows_ahead = cache(lambda join, name: join.flows_ahead_of(name))

    def is_hopeful(self, moving: Marking, wanted: Marking) -> bool:
        """Whether tokens under way can still come to each place where one is wanted."""
        ahead = frozenset[str]().union(*(self._distances(name) for name, _ in moving))
        return {name for name, _ in wanted} <= ahead

    def following(self, moving: Marking, wanted: Marking) -> Iterator[tuple[Marking, Marking]]:
        """What can become of the first token that can do anything, the likeliest last: it stays where one is wanted."""
        for place in moving:
            rest = _without(moving, [place])
            moves = sorted(self._moves(place, rest, wanted), key=lambda move: self._detour(move[0], wanted))
            for new, others in reversed(moves):
                yield _marking(new, others), wanted
            if place in wanted:
                yield rest, _without(wanted, [place])
            if moves or place in wanted:
                return

    def _moves(self, place: Place, rest: Marking, wanted: Marking) -> Iterator[tuple[Sequence[Place], Sequence[Place]]]:
        """The tokens that can come of one, and those that are left beside them."""
        spec = self._process.task_specs[place[0]]
        if isinstance(spec, TokenJoin):
            tokens = self._firing(spec, (place, *rest), wanted)
            if place not in tokens:
                return
            rest = _without((place, *rest), tokens)
        if isinstance(spec, EndEvent) and isinstance(spec.event_definition, _TAKES_ALL):
            return
        for event in boundary_events_of(self._process, place[0]):
            yield [place_at(event, event)], rest if event.cancel_activity else (place, *rest)
        for targets in _choices(spec):
            yield [place_at(main_of(target), spec) for target in targets if not isinstance(target, EndJoin)], rest

    def _firing(self, join: Any, arrived: Sequence[Place], wanted: Marking) -> Sequence[Place]:
        """The tokens with which a join goes on: one of each flow; an inclusive one waits for those that may come."""
        if isinstance(join, ParallelGateway):
            tokens = [(join.name, source) for source in join._inputs]
            return tokens if Counter(tokens) <= Counter(arrived) else ()
        here = sorted({place for place in arrived if place[0] == join.name})
        filled = {source for _, source in here}
        elsewhere = {name for name, _ in (*arrived, *wanted) if name != join.name}
        ahead = (self._flows_ahead(join, name) for name in elsewhere)
        return () if any(flows - filled and not flows & filled for flows in ahead) else here

    def _detour(self, tokens: Sequence[Place], wanted: Marking) -> int:
        """How far these tokens are, all together, from where any is wanted."""
        far = len(self._process.task_specs)
        reached = (self._distances(name) for name, _ in tokens)
        return sum(min((each.get(name, far) for name, _ in wanted), default=far) for each in reached)

    def _measured(self, start: str) -> Mapping[str, int]:
        distances, todo = {start: 0}, deque([self._process.task_specs[start]])
        while todo:
            spec = todo.popleft()
            for output in (*map(main_of, spec.outputs), *boundary_events_of(self._process, spec.name)):
                if output.name not in distances:
                    distances[output.name] = distances[spec.name] + 1
                    todo.append(output)
        return distances


def _choices(spec: Any) -> Iterator[Sequence[Any]]:
    """The specifications that get a token when this one is done; one list for each way in which it can go."""
    targets = [output for output in spec.outputs if not isinstance(output, BoundaryEventJoin | StartEventJoin)]
    match spec:
        case ExclusiveGateway() | EventBasedGateway() | StartEventSplit():
            yield from ([target] for target in targets)
        case InclusiveGateway():
            every = range(1, len(targets) + 1) if len(targets) <= MAX_CHOICES else (1, len(targets))
            yield from (chosen for size in every for chosen in combinations(targets, size))
        case _:
            yield targets


def _marking(moved: Iterable[Place], others: Iterable[Place]) -> Marking:
    """With the tokens that have just moved first: they go on until they come to rest."""
    tokens = (*sorted(moved), *others)
    return (*(token for token in tokens if not token[1]), *sorted(token for token in tokens if token[1]))


def place_at(spec: Any, source: Any) -> Place:
    """Where a token stands that has come to an element from another."""
    return (spec.name, source.name if isinstance(spec, TokenJoin) else "")


def boundary_events_of(process: Any, name: str) -> list[Any]:
    """The boundary events of an activity."""
    split = process.task_specs.get(f"{name}.{BoundaryEventSplit.__name__}")
    return [] if split is None else [event for event in split.outputs if isinstance(event, BoundaryEvent)]


def _without(marking: Sequence[Place], taken: Iterable[Place]) -> Marking:
    left = list(marking)
    for place in taken:
        left.remove(place)
    return tuple(left)
