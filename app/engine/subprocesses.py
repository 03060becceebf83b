"""Subprocesses and call activities: the variables go in as they are, and come out as they are.

SpiffWorkflow copies them deeply and hands them over as keyword arguments, which a variable called `self` breaks.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.spiff.specs.defaults import CallActivity as SpiffCallActivity
from SpiffWorkflow.spiff.specs.defaults import SubWorkflowTask as SpiffSubWorkflowTask
from SpiffWorkflow.spiff.specs.defaults import TransactionSubprocess as SpiffTransactionSubprocess
from SpiffWorkflow.task import Task


class _WholeVariables:
    """Hands over every variable; values are replaced, never changed in place, so they may be shared."""

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        """Give the subprocess the variables of its activity."""
        subworkflow.task_tree.data = dict(my_task.data)

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        """Give the activity the variables that the subprocess ended with."""
        my_task.data = dict(subworkflow.last_task.data)


class SubWorkflowTask(_WholeVariables, SpiffSubWorkflowTask):
    """An embedded subprocess."""


class TransactionSubprocess(_WholeVariables, SpiffTransactionSubprocess):
    """A transaction."""


class CallActivity(_WholeVariables, SpiffCallActivity):
    """A call of another process of the same file."""
