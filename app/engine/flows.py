"""Which sequence flows tokens have taken, noted as they take them: the state forgets it."""

from __future__ import annotations

from itertools import cycle

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.gateways import Decision


def note_flows(task: Task) -> None:
    """Remember by which sequence flows the tokens have left an element that is done."""
    if task.state != TaskState.COMPLETED:
        return
    if isinstance(task.task_spec, Decision):
        taken = task.internal_data["flows"]
    else:
        # several flows may lead to one element: a token for each
        ways = {name: cycle(flow_ids) for name, flow_ids in getattr(task.task_spec, "flow_ids", {}).items()}
        targets = (child.task_spec.name for child in task.children if not child.has_state(TaskState.PREDICTED_MASK))
        taken = [next(ways[name]) for name in targets if name in ways]
    task.workflow.top_workflow.flows += taken
