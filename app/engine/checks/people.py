"""People: scripts name them for lanes that are there, and on the day of the deployment somebody can do each task.

The latter is not asked where nobody is known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from lxml.etree import _Element

from app.engine.checks.approvals import FOUR_EYES
from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn, kind, properties
from app.engine.checks.expressions import Text, assignments, texts
from app.engine.checks.vocabulary import USER_TASKS
from app.engine.user_task_elements import ADMINISTRATOR, read_element_ids, read_lanes
from app.errors import Problem

#: elements of one `pisah_tugas` that are asked about; each takes the search one call deeper
MAX_ELEMENTS = 50

#: active holders, by role
Holders = Mapping[str, frozenset[str]]


def check_lanes_named(diagram: Diagram) -> Iterator[Problem]:
    """A script names the people of a lane: then tasks can lie in a lane of this name, or it binds nobody."""
    lanes = read_lanes(diagram.root) | _lanes_with_user_tasks(diagram)
    for text in texts(diagram):
        for lane in sorted(_lanes_named_by(text) - lanes):
            words = {**text.words(), "lane": lane[:80], "lanes": ", ".join(sorted(lanes))[:400] or "none"}
            yield diagram.problem("lane_owners_unknown_lane", text.element, **words)


def check_lanes_held(diagram: Diagram) -> Iterator[Problem]:
    """Warn: the tasks of a lane would be offered to nobody. Whom a script names need not hold the lane's role."""
    if diagram.holders is None:
        return
    asked = _lanes_with_user_tasks(diagram)
    told = _lanes_named_by_scripts(diagram)
    for lane in (lane for process in diagram.processes for lane in process.iter(bpmn("lane"))):
        role = lane.get("name", "")
        if role in asked - told and not diagram.holders.get(role):
            told.add(role)
            yield diagram.problem("lane_without_holder", lane, role=role)


def check_four_eyes_leave_somebody(diagram: Diagram) -> Iterator[Problem]:
    """Warn: whoever could do a task may all be those that it is kept apart from."""
    if diagram.holders is None:
        return
    unknown = _lanes_named_by_scripts(diagram)
    holders = {role: people for role, people in diagram.holders.items() if role not in unknown}
    for task in (node for node in diagram.nodes if kind(node) in USER_TASKS):
        named = read_element_ids(properties(task).get(FOUR_EYES, ""))[:MAX_ELEMENTS]
        others = [diagram.by_id[each] for each in named if each in diagram.by_id]
        performers = [_candidates(diagram, holders, other) for other in others]
        candidates = _candidates(diagram, holders, task)
        if candidates and _may_all_have_performed(candidates, performers):
            yield diagram.problem("four_eyes_leaves_nobody", task, role=diagram.lane_of(task) or ADMINISTRATOR)


def _candidates(diagram: Diagram, holders: Holders, task: _Element) -> frozenset[str]:
    return holders.get(diagram.lane_of(task) or ADMINISTRATOR, frozenset())


def _may_all_have_performed(people: frozenset[str], performers: Sequence[frozenset[str]]) -> bool:
    """Whether each of the people can have performed another of the elements: a bipartite matching (Kuhn, 1955)."""
    performed: dict[int, str] = {}

    def place(person: str, tried: set[int]) -> bool:
        for element, possible in enumerate(performers):
            if person in possible and element not in tried:
                tried.add(element)
                if element not in performed or place(performed[element], tried):
                    performed[element] = person
                    return True
        return False

    return all(place(person, set()) for person in people)


def _lanes_with_user_tasks(diagram: Diagram) -> set[str]:
    lanes = (diagram.lane_of(node) for node in diagram.nodes if kind(node) in USER_TASKS)
    return {lane for lane in lanes if lane}


def _lanes_named_by_scripts(diagram: Diagram) -> set[str]:
    return {lane for text in texts(diagram) for lane in _lanes_named_by(text)}


def _lanes_named_by(text: Text) -> set[str]:
    """The lanes of which a script names the people, as in `lane_owners = {"Tim": anggota_tim}`."""
    return {
        key.value
        for name, expression in assignments(text)
        if name == "lane_owners"
        for key in _keys(expression.text)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _keys(expression: str) -> list[ast.expr | None]:
    # in parentheses, because an expression of several lines may have lost its own
    match ast.parse(f"({expression})", mode="eval").body:
        case ast.Dict(keys=keys):
            return keys
    return []
