"""Loops and multi-instance activities, in place of SpiffWorkflow's.

SpiffWorkflow merges each instance into the activity's variables as it ends: in a parallel activity the last instance
then takes back what the others changed, and lists are merged item by item. Here an instance is a branch: it
contributes what it changed (`merging`), or, where the diagram names an output collection, its output item only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.spiff.specs.defaults import ParallelMultiInstanceTask as SpiffParallelMultiInstanceTask
from SpiffWorkflow.spiff.specs.defaults import SequentialMultiInstanceTask as SpiffSequentialMultiInstanceTask
from SpiffWorkflow.spiff.specs.defaults import StandardLoopTask as SpiffStandardLoopTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.merging import Data, merged
from app.errors import ProcessStuck

MAX_INSTANCES = 100


class StandardLoopTask(SpiffStandardLoopTask):
    """Repeats an activity; each round goes on from the variables of the last."""

    def outcome(self, my_task: Task, data_of: Callable[[Task], Data]) -> Data:
        """The activity's variables while an instance is at work."""
        return merged(my_task.data, [data_of(task) for task in self._at_work(my_task)])

    def _at_work(self, my_task: Task) -> list[Task]:
        return [task for task in self._instances(my_task) if not task.has_state(TaskState.FINISHED_MASK)]

    def merge_child(self, _: Any, child: Task) -> None:
        """Go on from the variables of the instance that has ended."""
        my_task = child.parent
        my_task.data = dict(child.data)
        my_task.internal_data["merged"].append(str(child.id))
        if self.loop_complete(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self.create_child(my_task)


class _MultiInstance(MultiInstanceTask):
    """What parallel and sequential activities share."""

    def outcome(self, my_task: Task, data_of: Callable[[Task], Data]) -> Data:
        """The activity's variables with what its instances have contributed so far."""
        return self._contributed(my_task, self._instances(my_task), data_of)

    def _contributed(self, my_task: Task, instances: Sequence[Task], data_of: Callable[[Task], Data]) -> Data:
        if self.data_output is None or self.output_item is None:
            in_order = sorted(instances, key=lambda task: task.last_state_change)
            return merged(my_task.data, [self._outside(my_task, data_of(task)) for task in in_order])
        ended = [task for task in instances if task.state == TaskState.COMPLETED]
        return {**my_task.data, self.data_output.bpmn_id: self._collected(my_task, ended)}

    def _instances(self, my_task: Task) -> list[Task]:
        unfinished_or_ended = TaskState.COMPLETED | TaskState.NOT_FINISHED_MASK
        return [task for task in super()._instances(my_task) if task.has_state(unfinished_or_ended)]

    def create_child(self, my_task: Task, item: Any, key_or_index: Any = None) -> None:
        """Create an instance; its items hide process variables of the same name, where SpiffWorkflow would fail."""
        outside = my_task.data
        my_task.data = {name: value for name, value in outside.items() if name not in self._items()}
        super().create_child(my_task, item, key_or_index)
        my_task.data = outside

    def _items(self) -> set[str]:
        """Names that mean something of its own in each instance."""
        return {item.bpmn_id for item in (self.input_item, self.output_item) if item is not None}

    def _outside(self, my_task: Task, instance: Data) -> Data:
        """The variables of an instance with what its items have hidden."""
        shared = {name: value for name, value in instance.items() if name not in self._items()}
        return shared | {name: my_task.data[name] for name in self._items() & my_task.data.keys()}

    def _collected(self, my_task: Task, ended: Sequence[Task]) -> Any:
        """The output collection: by key where it has keys or is the input itself, else one item after another."""
        collection: Any = copy(my_task.data[self.data_output.bpmn_id])
        for task in ended:
            if not self.output_item.exists(task):
                raise ProcessStuck("variable_missing", self.bpmn_id, f"{self.output_item.bpmn_id} was not given.")
            key = task.internal_data.get("key_or_index")
            if key is not None and (isinstance(collection, dict) or self._in_place()):
                collection[key] = self.output_item.get(task)
            else:
                collection.append(self.output_item.get(task))
        return collection

    def _in_place(self) -> bool:
        return self.data_input is not None and self.data_input.bpmn_id == self.data_output.bpmn_id

    def init_data_output_with_input_data(self, my_task: Task, input_data: Any) -> None:
        """Begin an empty output collection, in every round that reaches the activity."""
        if not self._in_place():
            self.data_output.set(my_task, {} if isinstance(input_data, Mapping) else [])

    def init_data_output_with_cardinality(self, my_task: Task) -> None:
        """Begin an empty output collection, in every round that reaches the activity."""
        self.data_output.set(my_task, [])

    def _check_size(self, my_task: Task) -> None:
        """Refuse what SpiffWorkflow would hang on, or would take too long for."""
        if self.data_input is None:
            count = my_task.workflow.script_engine.evaluate(my_task, self.cardinality)
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MAX_INSTANCES:
                detail = f"The number of instances must be a whole number from 0 to {MAX_INSTANCES}."
                raise ProcessStuck("instances_malformed", self.bpmn_id, detail)
            return
        items = self.data_input.get(my_task)
        items = list(items.values()) if isinstance(items, Mapping) else items
        if not isinstance(items, list) or len(items) > MAX_INSTANCES or None in items:
            detail = f"{self.data_input.bpmn_id} must be a list of at most {MAX_INSTANCES} values, none of them empty."
            raise ProcessStuck("instances_malformed", self.bpmn_id, detail)


class ParallelMultiInstanceTask(_MultiInstance, SpiffParallelMultiInstanceTask):
    """All instances at once. Their variables are merged when the activity ends, so that each starts from the same."""

    def create_children(self, my_task: Task) -> None:
        """Create the instances, within bounds."""
        self._check_size(my_task)
        super().create_children(my_task)

    def merge_child(self, _: Any, child: Task) -> None:
        """Count the instance that has ended and see whether the activity has."""
        my_task = child.parent
        my_task.internal_data["merged"].append(str(child.id))
        if self.check_completion_condition(my_task):
            for task in self._instances(my_task):
                if not task.has_state(TaskState.FINISHED_MASK):
                    task.cancel()
            my_task._set_state(TaskState.READY)
        elif self.children_complete(my_task):
            my_task._set_state(TaskState.READY)

    def _run_hook(self, my_task: Task) -> bool:
        my_task.data = self.outcome(my_task, lambda task: task.data)
        return bool(super()._run_hook(my_task))


class SequentialMultiInstanceTask(_MultiInstance, SpiffSequentialMultiInstanceTask):
    """One instance after another, each going on from the variables of the last."""

    def outcome(self, my_task: Task, data_of: Callable[[Task], Data]) -> Data:
        """The activity's variables while an instance is at work; those that have ended are merged already."""
        at_work = [task for task in self._instances(my_task) if not task.has_state(TaskState.FINISHED_MASK)]
        return self._contributed(my_task, at_work, data_of)

    def children_complete(self, my_task: Task) -> bool:
        """Whether the last instance has ended; before the first one begins, whether there is any."""
        if not my_task.internal_data["merged"]:
            self._check_size(my_task)
        return bool(super().children_complete(my_task))

    def merge_child(self, _: Any, child: Task) -> None:
        """Take over the variables of the instance that has ended and start the next one, if there is one."""
        my_task = child.parent
        my_task.data = self._contributed(my_task, [child], lambda task: task.data)
        my_task.internal_data["merged"].append(str(child.id))
        if self.children_complete(my_task) or self.check_completion_condition(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self.add_next_child(my_task)
