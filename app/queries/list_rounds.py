"""The rounds of an instance: who did what in each, and what it changed against the round before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.at_rest import passes_so_far
from app.engine.definitions import Definition
from app.permissions import Actor, Operation
from app.queries.round_numbers import round_numbers
from app.storage import access, element_history, passes, process_definitions, rounds
from app.storage.element_history import Migration, Term
from app.storage.keyset import Page, Slice
from app.storage.passes import Pass, Told
from app.storage.process_instances import ProcessInstance
from app.storage.rounds import RoundEvent


@dataclass(frozen=True, slots=True)
class GatewayDecision:
    """Which way a gateway let the work go."""

    element_id: str
    element_name: str | None
    decided_at: datetime
    #: who completed the user task after which it was decided, and in whose name
    actor: str
    on_behalf_of: str | None
    basis: str | None
    version: int
    #: taken; each with `id`, `name` and `condition`
    flows: Sequence[dict[str, Any]]
    #: the values that the conditions read
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Round:
    """The n-th pass of each element that was reached so often."""

    number: int
    #: in the order in which they opened
    passes: list[Pass]
    decisions: list[GatewayDecision]


def list_rounds(session: Session, instance_id: UUID, actor: Actor, page: Page, element_id: str | None) -> Slice[Round]:
    """The rounds of an instance; of one element alone where asked, by the id that it has, or had last.

    Raises:
        ProcessInstanceNotFound, ParameterRefused
    """
    instance = access.read_instance(session, instance_id, actor, Operation.READ_HISTORY)
    migrations = element_history.migrations_of(session, instance.id)
    wanted = None if element_id is None else element_history.terms_in(migrations, element_id)
    numbers = round_numbers(passes_so_far(instance.state, element_id), page)
    if not numbers.items:
        return Slice([], None, numbers.total)
    found = _Found(session, instance, migrations, min(numbers.items), max(numbers.items))
    return Slice([found.round(number, wanted) for number in numbers.items], numbers.next_cursor, numbers.total)


class _Found:
    """Some rounds of an instance, and what is needed of those beside them."""

    def __init__(
        self,
        session: Session,
        instance: ProcessInstance,
        migrations: Sequence[Migration],
        lowest: int,
        highest: int,
    ) -> None:
        self._session, self._instance, self._migrations = session, instance, migrations
        definition = process_definitions.parsed(session, instance)
        self._definitions = {instance.process_definition_id: definition}
        self._by_round: defaultdict[int, list[RoundEvent]] = defaultdict(list)
        #: by element and round
        self._completions: dict[tuple[str, int], RoundEvent] = {}
        events = rounds.events_of(session, instance.id, lowest, highest)
        ids = {*definition.user_tasks, *(event.element_id for event in events)} if migrations else ()
        self._terms = {id_: element_history.terms_in(migrations, id_) for id_ in ids}
        for event in events:
            self._by_round[event.round].append(event)
            if event.type == "user_task_completed":
                self._completions[self._element(event), event.round] = event

    def _element(self, event: RoundEvent) -> str:
        """The id that the element of an event has now, or had last."""
        held = (id_ for id_, terms in self._terms.items() if _is_of(terms, event))
        return next(held, event.element_id)

    def round(self, number: int, wanted: Sequence[Term] | None) -> Round:
        """One of the rounds; of the element alone that had these terms, where any are given."""
        told = passes.told_passes(self._by_round[number])
        decided = [event for event in self._by_round[number] if event.type == "gateway_decided"]
        if wanted is not None:
            told = [each for each in told if _is_of(wanted, each.naming)]
            decided = [event for event in decided if _is_of(wanted, event)]
        return Round(number, [self._pass(each) for each in told], [_decision(event) for event in decided])

    def _pass(self, told: Told) -> Pass:
        naming, completion = told.naming, told.completion
        element = self._definition(naming).user_tasks[naming.element_id]
        before = None if completion is None else self._before(completion)
        return passes.make(told, element, before)

    def _definition(self, event: RoundEvent) -> Definition:
        id_ = event.process_definition_id
        if id_ not in self._definitions:
            version = process_definitions.get(self._session, id_)
            self._definitions[id_] = process_definitions.parsed(self._session, version)
        return self._definitions[id_]

    def _before(self, completion: RoundEvent) -> RoundEvent | None:
        """The completion in the round before; where that was not completed by then, the last one that was."""
        if completion.round == 1:
            return None
        element = self._element(completion)
        former = self._completions.get((element, completion.round - 1))
        if former is not None and former.sequence < completion.sequence:
            return former
        terms = element_history.terms_in(self._migrations, element)
        return rounds.last_completion(self._session, self._instance.id, terms, before=completion)


def _is_of(terms: Sequence[Term], event: RoundEvent) -> bool:
    return any(term.holds(event.element_id, event.sequence) for term in terms)


def _decision(event: RoundEvent) -> GatewayDecision:
    return GatewayDecision(
        element_id=event.element_id,
        element_name=event.element_name,
        decided_at=event.occurred_at,
        actor=event.actor,
        on_behalf_of=event.on_behalf_of,
        basis=event.basis,
        version=event.version,
        flows=event.payload.get("flows", []),
        variables=event.payload.get("variables", {}),
    )
