"""Gateways as BPMN 2.0.2 (section 13.4) describes them, in place of SpiffWorkflow's.

SpiffWorkflow decides whether a join may fire by looking through the whole history, which misfires inside loops and
needs the history to be kept. Here a token that has arrived is a task of the join that waits; nothing else is looked
at. When the join fires, it takes the tokens it needs off the tree and goes on from the last of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway as SpiffExclusiveGateway
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway as SpiffInclusiveGateway
from SpiffWorkflow.bpmn.specs.defaults import ParallelGateway as SpiffParallelGateway
from SpiffWorkflow.specs.base import TaskSpec
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.merging import merged_branches
from app.errors import ProcessStuck

#: a task with one of these states holds a token
LIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED


def live_tasks(workflow: Any) -> list[Task]:
    """Where the tokens of one process or subprocess are, those of nested subprocesses left out."""
    return [task for task in workflow.tasks.values() if task.has_state(LIVE)]


def _pending_tasks(workflow: Any) -> list[Task]:
    """Tasks that hold a token, or get one before this completion is over."""
    return [
        task
        for task in workflow.tasks.values()
        if task.has_state(LIVE) or (task.state == TaskState.FUTURE and task.parent.state == TaskState.COMPLETED)
    ]


class TokenJoin(Join):
    """What the joins share: arriving tokens wait until `fires_with` names those that go on together."""

    def fires_with(self, arrived: Sequence[Task]) -> Sequence[Task]:
        """Which of the tokens that have arrived, in their order, the join fires with now; none: it goes on waiting."""
        raise NotImplementedError

    def _update_hook(self, my_task: Task) -> bool:
        if my_task.state != TaskState.WAITING:
            my_task._inherit_data()
            my_task._set_state(TaskState.WAITING)
        arrived = self._arrived(my_task)
        fired_already = any(task.state == TaskState.READY for task in arrived)
        return not fired_already and my_task in self.fires_with(arrived)

    def _run_hook(self, my_task: Task) -> bool:
        tokens = self.fires_with(self._arrived(my_task))
        my_task.data = merged_branches(tokens, lambda token: dict(token.data))
        for token in tokens:
            if token is not my_task:
                my_task.workflow._remove_task(token.id)
        return True

    def _arrived(self, my_task: Task) -> list[Task]:
        arrived = [task for task in live_tasks(my_task.workflow) if task.task_spec is self]
        return sorted(arrived, key=lambda task: task.last_state_change)

    def _one_of_each(self, arrived: Sequence[Task], flows: Iterable[str]) -> list[Task]:
        """The earliest token of each incoming flow, a flow being known by the element that it comes from."""
        wanted = Counter(flows)
        tokens = []
        for task in arrived:
            source = task.parent.task_spec.name
            if wanted[source]:
                wanted[source] -= 1
                tokens.append(task)
        return tokens


class ParallelGateway(TokenJoin, SpiffParallelGateway):
    """Fires with one token of each incoming flow."""

    def fires_with(self, arrived: Sequence[Task]) -> Sequence[Task]:
        """All or nothing; further tokens of a flow stay for the next time."""
        tokens = self._one_of_each(arrived, self._inputs)
        return tokens if len(tokens) == len(self._inputs) else ()


class EndJoin(TokenJoin, _EndJoin):
    """The end of a process or subprocess, which SpiffWorkflow puts behind its end events: waits for every branch."""

    def fires_with(self, arrived: Sequence[Task]) -> Sequence[Task]:
        """All, once nothing else moves."""
        return () if set(_pending_tasks(arrived[0].workflow)) - set(arrived) else arrived

    def _run_hook(self, my_task: Task) -> bool:
        super()._run_hook(my_task)
        my_task.workflow.data.update(my_task.data)
        return True


@dataclass(frozen=True, slots=True, order=True)
class Flow:
    """A sequence flow that leaves a gateway."""

    #: place among its siblings in the diagram's XML: conditions are tried in this order, wherever shapes are drawn
    position: int
    flow_id: str
    #: id of the element that it leads to
    target: str
    #: None on the default flow
    condition: str | None


class Decision:
    """What exclusive and inclusive gateways share; the parser fills `flows`."""

    flows: tuple[Flow, ...] = ()
    bpmn_id: str

    def _fits(self, my_task: Task, flow: Flow) -> bool:
        if flow.condition is None:
            return False
        workflow = my_task.workflow
        fits = workflow.script_engine.evaluate(my_task, flow.condition, external_context=workflow.data_objects)
        if not isinstance(fits, bool):
            reason = f"The condition {flow.condition} must be either true or false, but is neither."
            raise ProcessStuck("expression_failed", self.bpmn_id, reason)
        return fits

    def _take(self, my_task: Task, fitting: Sequence[Flow]) -> None:
        taken = fitting or [flow for flow in self.flows if flow.condition is None][:1]
        if not taken:
            raise ProcessStuck(
                "no_matching_flow", self.bpmn_id, "None of the outgoing flows fits, and none is default."
            )
        my_task.internal_data["flows"] = [flow.flow_id for flow in taken]
        specs = my_task.workflow.spec.task_specs
        my_task._sync_children([specs[flow.target] for flow in taken], TaskState.FUTURE)


class ExclusiveGateway(Decision, SpiffExclusiveGateway):
    """Takes the first flow that fits."""

    def _run_hook(self, my_task: Task) -> bool:
        fitting = (flow for flow in self.flows if self._fits(my_task, flow))
        self._take(my_task, list(islice(fitting, 1)))
        return True


class InclusiveGateway(Decision, TokenJoin, SpiffInclusiveGateway):
    """Fires when no token elsewhere can still come by a flow that has none; takes every flow that fits."""

    def fires_with(self, arrived: Sequence[Task]) -> Sequence[Task]:
        """One token of each flow that has one. The rule is that of BPMN 2.0.2, section 13.4.3."""
        filled = {task.parent.task_spec.name for task in arrived}
        empty = set(self._inputs) - filled
        elsewhere = set(_pending_tasks(arrived[0].workflow)) - set(arrived)
        for name in {task.task_spec.name for task in elsewhere}:
            ahead = self.flows_ahead_of(name)
            if ahead & empty and not ahead & filled:
                return ()
        return self._one_of_each(arrived, filled)

    def flows_ahead_of(self, name: str) -> set[str]:
        """The incoming flows that a token at the named element can come by, without passing this gateway."""
        ahead, seen, todo = set(), {self.name}, [self._wf_spec.task_specs[name]]
        while todo:
            spec: TaskSpec = todo.pop()
            if self.name in spec._outputs:
                ahead.add(spec.name)
            todo += [output for output in spec.outputs if output.name not in seen]
            seen.update(spec._outputs)
        return ahead

    def _run_hook(self, my_task: Task) -> bool:
        TokenJoin._run_hook(self, my_task)
        self._take(my_task, [flow for flow in self.flows if self._fits(my_task, flow)])
        return True
