"""Parallel branches: they come together again, and do not overwrite each other's values."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element

from app.engine.checks.calls import called_processes
from app.engine.checks.diagram import Diagram, Scope
from app.engine.checks.elements import bpmn
from app.engine.checks.token_game import MAX_MOVES, TokenGame
from app.engine.checks.vocabulary import USER_TASKS
from app.errors import Problem


def check_parallel_branches(diagram: Diagram) -> Iterator[Problem]:
    """Play every run; report joins that wait for ever, and values that parallel branches overwrite.

    A join that no run gets past is refused; one that only some runs do not is a warning, because conditions that belong
    together may exclude those. A value that two branches set would be the one of whoever comes last.
    """
    for scope in diagram.scopes:
        if not scope.complete or len(scope.starts) != 1:
            continue
        game = TokenGame(scope, MAX_MOVES // len(diagram.scopes))
        for gateway in scope.nodes:
            if gateway in game.stuck:
                never = game.finished and gateway not in game.fired
                yield diagram.problem("join_never_completes" if never else "join_can_wait_for_ever", gateway)
        variables = {node: _variables(diagram, node) for node in scope.nodes}
        setting = {node for node, names in variables.items() if names}
        for first, second in _in_order(scope, {pair for pair in game.together if pair <= setting}):
            for name in sorted(variables[first] & variables[second]):
                other = f'"{first.get("name") or first.get("id")}"'
                yield diagram.problem("parallel_tasks_share_variable", second, other=other, name=name)


def _in_order(scope: Scope, pairs: set[frozenset[_Element]]) -> Iterator[tuple[_Element, _Element]]:
    place = {node: index for index, node in enumerate(scope.nodes)}
    ordered = sorted(tuple(sorted(place[node] for node in pair)) for pair in pairs)
    return ((scope.nodes[first], scope.nodes[second]) for first, second in ordered)


def _variables(diagram: Diagram, node: _Element) -> frozenset[str]:
    """What the forms of a user task, or of all user tasks inside a sub-process or called process, set."""
    tasks = [task for place in (node, *called_processes(diagram, node)) for task in place.iter(*map(bpmn, USER_TASKS))]
    return frozenset().union(*(diagram.form_of(task).writable_names for task in tasks))
