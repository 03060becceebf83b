"""What of a running process is worth remembering. This keeps the state as small in round 500 as in round 1.

SpiffWorkflow's tree holds a task for every step ever taken. Picture it as a river system seen from the sea: at the
mouths are the tasks that hold a token now, upstream is the past. To go on, the engine needs

- the tasks with a token (user tasks, timers, joins that wait for their other branches, running subprocesses),
- the parent of each, because a task takes its variables from it, and a join knows by it which flow a token came by,
- each fork, the lowest task that *dominates* several tokens: when its branches meet again, its variables are the base
  that tells what each branch changed.

All the rest is history: branches that have died, and the steps between the fork and the token, are left out, and what
is left is tied together again. What happened then is told by the events, not by the state.

This is only right at rest, when no task is between two states.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.gateways import EndJoin, live_tasks
from app.engine.loops import ParallelMultiInstanceTask
from app.engine.merging import Data, Delta


@dataclass(frozen=True, slots=True)
class Kept:
    """A task to remember."""

    task: Task
    #: the nearest remembered task above it; None for the root
    parent: Task | None
    #: its variables; none for a root that is only there to hold the tree together
    data: Data
    #: whether it holds a token
    live: bool


def kept_tasks(workflow: Any) -> list[Kept]:
    """The tasks of a process or subprocess that are worth remembering, parents before children."""
    live = {task.id: task for task in (*live_tasks(workflow), *_ended_instances(workflow))}
    upstream = _upstream(live.values())
    # one by one: without it, its neighbour may be the last to bring what their common branch has changed
    while idle := next((task for task in live.values() if _is_idle(task, upstream)), None):
        del live[idle.id]
        upstream = _upstream(live.values())
    needed = live.keys() | {task._parent for task in live.values()}
    needed |= {task_id for task_id, children in upstream.items() if len(children) > 1}
    needed |= {task_id for task_id in upstream if _stands_beside_an_activity(workflow.tasks[task_id])}
    if not live:
        # at its end a process is its variables, which stand at the root
        needed = {workflow.task_tree.id}
    return [
        Kept(task, parent, task.data if task.id in needed else {}, live=task.id in live)
        for task, parent in _downstream(workflow.task_tree, upstream, needed)
    ]


def _ended_instances(workflow: Any) -> Iterator[Task]:
    """Instances of a parallel multi-instance activity that wait, with what they changed, for the others to end."""
    for task in workflow.tasks.values():
        if task.state == TaskState.STARTED and isinstance(task.task_spec, ParallelMultiInstanceTask):
            yield from (child for child in task.children if child.state == TaskState.COMPLETED)


def _is_idle(task: Task, upstream: Mapping[UUID, set[UUID]]) -> bool:
    """Whether it is the end of a branch that has changed nothing, such as a reminder's: nothing will be merged."""
    if not isinstance(task.task_spec, EndJoin):
        return False
    fork = task.parent
    while fork.parent is not None and len(upstream[fork.id]) == 1:
        fork = fork.parent
    return Delta.between(fork.data, task.data) == Delta({}, ())


def _stands_beside_an_activity(task: Task) -> bool:
    """Whether it is an activity with boundary events or one of these: only the activity itself may be no event."""
    return task.parent is not None and isinstance(task.parent.task_spec, BoundaryEventSplit)


def _upstream(live: Iterable[Task]) -> dict[UUID, set[UUID]]:
    """Every task on the way from a token up to the root, with those of its children that are on such a way."""
    upstream: dict[UUID, set[UUID]] = {}
    for tip in live:
        upstream.setdefault(tip.id, set())
        task = tip
        while (parent := task.parent) is not None:
            joins_another = parent.id in upstream
            upstream.setdefault(parent.id, set()).add(task.id)
            if joins_another:
                break
            task = parent
    return upstream


def _downstream(
    root: Task, upstream: Mapping[UUID, set[UUID]], needed: Container[UUID]
) -> Iterator[tuple[Task, Task | None]]:
    """The needed tasks, each after the nearest needed one above it, branches in the tree's order."""
    todo: list[tuple[Task, Task | None]] = [(root, None)]
    while todo:
        task, above = todo.pop()
        if above is None or task.id in needed:
            yield task, above
            above = task
        on_the_way = upstream.get(task.id, set())
        todo += [(child, above) for child in reversed(task.children) if child.id in on_the_way]
