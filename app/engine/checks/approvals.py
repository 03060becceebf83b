"""Four eyes and approvals: what the diagram declares can be enforced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from lxml.etree import _Element

from app.engine.checks.calls import called_processes
from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import bpmn, has, kind, properties
from app.engine.checks.vocabulary import USER_TASKS
from app.engine.user_task_elements import APPROVALS, read_element_ids
from app.errors import Problem

FOUR_EYES = "pisah_tugas"
APPROVAL = "persetujuan"


def check_approvals(diagram: Diagram) -> Iterator[Problem]:
    """An approval stands on a task that a person completes, and is of a kind that is recorded."""
    for element in (*diagram.processes, *diagram.nodes):
        declared = properties(element)
        if kind(element) not in USER_TASKS:
            for name in sorted(declared.keys() & {FOUR_EYES, APPROVAL}):
                yield diagram.problem("user_task_property_misplaced", element, name=name)
        elif (approval := declared.get(APPROVAL)) is not None and approval not in APPROVALS:
            yield diagram.problem("approval_unknown", element, text=approval[:80])


def check_four_eyes(diagram: Diagram) -> Iterator[Problem]:
    """A task is kept apart from other user tasks of its process, or of those that it calls.

    Not from one of a caller: a process can be started by itself, and the rule would then say nothing.
    """
    at_once = set(_at_once(diagram))
    for process in diagram.processes:
        elements = {task.get("id", ""): task for task in _user_tasks(process, *called_processes(diagram, process))}
        for task in _user_tasks(process):
            if (text := properties(task).get(FOUR_EYES)) is not None:
                yield from _four_eyes(diagram, task, read_element_ids(text), elements, at_once)


def _four_eyes(
    diagram: Diagram, task: _Element, named: Sequence[str], elements: Mapping[str, _Element], at_once: Set[_Element]
) -> Iterator[Problem]:
    if not named:
        yield diagram.problem("four_eyes_empty", task)
    if task.get("id") in named:
        yield diagram.problem("four_eyes_own_element", task)
    if unknown := [each for each in named if each not in elements]:
        yield diagram.problem("four_eyes_unknown_element", task, named=_listed(unknown))
    if several := [each for each in named if elements.get(each) in at_once]:
        yield diagram.problem("four_eyes_several_at_once", task, named=_listed(several))


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in ids)[:200]


def _at_once(diagram: Diagram) -> Iterator[_Element]:
    """The user tasks of which an instance can have several open at once: no person is the latest performer of those."""
    calls = {node: diagram.called(node) for node in diagram.nodes if kind(node) == "callActivity"}
    times = Counter(calls.values())
    for node in diagram.nodes:
        if has(node, "multiInstanceLoopCharacteristics") or (node in calls and times[calls[node]] > 1):
            yield from _user_tasks(node, *called_processes(diagram, node))


def _user_tasks(*places: _Element) -> Iterator[_Element]:
    return (task for place in places for task in place.iter(*map(bpmn, USER_TASKS)))
