"""Plays the runs of one process on paper: which elements can be active together, and where a run can get stuck.

BPMN defines a process by tokens that move along the flows (BPMN 2.0.2, chapter 13). A marking is the set of places
that hold a token: elements that are at work, and sequence flows on which a token waits for the others of a join. From
the start event every choice of every gateway and every boundary event is tried, whatever its condition says. Only
markings with one token a place are followed, and only so many: what is found is certain, what is not found is not
excluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from lxml.etree import _Element

from app.engine.checks.diagram import Flow, Scope
from app.engine.checks.elements import has, kind
from app.engine.checks.flows import reachable, successors
from app.engine.checks.vocabulary import ENDING_ALL, SUBPROCESSES, WAITING

#: moves tried, all scopes of a diagram together, before the game is broken off; some tenths of a second
MAX_MOVES = 40_000
#: outgoing flows of an inclusive gateway of which every choice is tried; of more, each alone and all together
MAX_CHOICES = 4

#: a flow node, or the sequence flow in front of a join
Place = _Element
Marking = frozenset[Place]

_RESTING = WAITING | SUBPROCESSES | {"callActivity"}


class TokenGame:
    """The runs of one process or sub-process, as far as they were played."""

    def __init__(self, scope: Scope, moves: int = MAX_MOVES) -> None:
        self._scope = scope
        self._successors = successors(scope)
        self._order = {node: index for index, node in enumerate(scope.nodes)}
        self._flow_by_element = {flow.element: flow for flow in scope.flows}
        #: elements that can be at work at the same time, two by two
        self.together: set[frozenset[_Element]] = set()
        #: gateways in front of which a token can wait for ever, if the conditions let it come so far
        self.stuck: set[_Element] = set()
        #: joins that let the process go on in at least one of the runs
        self.fired: set[_Element] = set()
        #: whether every run was played to its end
        self.finished = self._play(moves)

    def _play(self, moves_left: int) -> bool:
        seen: set[Marking] = set()
        dropped = False
        pending: list[Marking] = [frozenset(self._scope.starts[:1])]
        while pending and moves_left > 0:
            marking = pending.pop()
            if marking in seen:
                continue
            seen.add(marking)
            moves = list(self._moves(marking))
            moves_left -= 1 + len(moves) * len(marking)
            if not moves:
                self.stuck.update(self._waiting_joins(marking))
            for taken, given in moves:
                left = marking - taken
                if left.isdisjoint(given) and len(set(given)) == len(given):
                    pending.append(left | set(given))
                else:
                    dropped = True
        return not pending and not dropped

    def _moves(self, marking: Marking) -> Iterator[tuple[Marking, list[Place]]]:
        """What may happen next: the places that lose their token, and those that get one.

        What the engine does by itself comes first, one thing at a time: its order changes no outcome.
        """
        at_work = sorted((place for place in marking if place in self._order), key=self._order.__getitem__)
        for node in at_work:
            if _ends_all(node):
                yield marking, []
                return
            if not self._rests(node):
                yield from self._leave(node)
                return
        for gateway, arrived in self._waiting_joins(marking).items():
            if self._fires(gateway, arrived, marking):
                self.fired.add(gateway)
                for given in self._given(gateway):
                    yield frozenset(arrived), given
                return
        self.together.update(frozenset(pair) for pair in combinations(at_work, 2))
        for node in at_work:
            yield from self._leave(node)

    def _rests(self, node: _Element) -> bool:
        return kind(node) in _RESTING or bool(self._scope.boundary_events[node])

    def _leave(self, node: _Element) -> Iterator[tuple[Marking, list[Place]]]:
        for given in self._given(node):
            yield frozenset([node]), given
        for event in self._scope.boundary_events[node]:
            interrupts = event.get("cancelActivity", "true") != "false"
            yield frozenset([node] if interrupts else []), [event]

    def _given(self, node: _Element) -> Iterator[list[Place]]:
        """Where the tokens go when the node is done; one list for each choice."""
        flows = self._scope.outgoing[node]
        if kind(node) in ("exclusiveGateway", "eventBasedGateway"):
            yield from ([self._arrival(flow)] for flow in flows)
        elif kind(node) == "inclusiveGateway":
            yield from ([self._arrival(flow) for flow in chosen] for chosen in _choices(flows))
        else:
            yield [self._arrival(flow) for flow in flows]

    def _arrival(self, flow: Flow) -> Place:
        joins = kind(flow.target) in ("parallelGateway", "inclusiveGateway")
        return flow.element if joins and len(self._scope.incoming[flow.target]) > 1 else flow.target

    def _waiting_joins(self, marking: Marking) -> dict[_Element, list[Place]]:
        joins: dict[_Element, list[Place]] = {}
        for flow in self._scope.flows:
            if flow.element in marking:
                joins.setdefault(flow.target, []).append(flow.element)
        return joins

    def _fires(self, gateway: _Element, arrived: list[Place], marking: Marking) -> bool:
        """A parallel join wants a token on each flow; an inclusive one waits for those that can still come.

        The rule of the inclusive gateway is BPMN 2.0.2, table 13.3.
        """
        incoming = self._scope.incoming[gateway]
        if kind(gateway) == "parallelGateway":
            return len(arrived) == len(incoming)
        without = {node: [] if node is gateway else following for node, following in self._successors.items()}
        for place in marking.difference(arrived):
            ahead = reachable([self._standing(place)], without)
            flows = {flow.element for flow in incoming if flow.source in ahead}
            if flows.difference(arrived) and flows.isdisjoint(arrived):
                return False
        return True

    def _standing(self, place: Place) -> _Element:
        flow = self._flow_by_element.get(place)
        return place if flow is None else flow.target


def _choices(flows: list[Flow]) -> Iterable[tuple[Flow, ...]]:
    if len(flows) > MAX_CHOICES:
        return [*((flow,) for flow in flows), tuple(flows)]
    return [chosen for size in range(1, len(flows) + 1) for chosen in combinations(flows, size)]


def _ends_all(node: _Element) -> bool:
    return kind(node) == "endEvent" and has(node, *ENDING_ALL)
