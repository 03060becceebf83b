"""The state of a process instance as bytes: the tasks worth remembering, never the diagram.

JSON (orjson) in one zstandard frame. A process is a list of rows, parents before children, defaults left out:

    e  name of the task's specification     p  row of its parent (default: the row before)
    s  what it is doing: W waits, R ready, S started (default: completed)
    d  variables that differ from its parent's     x  names of variables that its parent has and it has not
    n  the engine's notes on it (number of the round, due time of a timer, counters of a loop)
    i  its id, for user tasks: people hold on to it
    o  rank among the tokens, by the time they got there (where there are several)
    t  1 for an instance of a loop     w  the subprocess that it runs

Why this format is our own: docs/decisions/0001-state-format.md.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any
from uuid import UUID

import orjson
import zstandard
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.compaction import Kept, kept_tasks
from app.engine.definitions import Definition
from app.engine.merging import Data, Delta
from app.engine.workflow import Process, SubProcess

FORMAT = 1
#: bytes, before compression
MAX_BYTES = 1024 * 1024

_LETTERS = {TaskState.WAITING: "W", TaskState.READY: "R", TaskState.STARTED: "S"}
_STATES = {letter: state for state, letter in _LETTERS.items()}

Row = dict[str, Any]


class StateUnreadable(Exception):
    """The state of a process instance cannot be read"""


class StateTooLarge(Exception):
    """The variables of a process instance are larger than 1 MiB, or nested too deeply"""


class _Zstandard(threading.local):
    """A thread's own compressor and decompressor: they cannot be shared."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
        self.decompressor = zstandard.ZstdDecompressor()


_zstandard = _Zstandard()


def encode(process: Process) -> bytes:
    """Write down a process that is at rest.

    Raises:
        StateTooLarge
    """
    tokens: list[tuple[float, Row]] = []
    content = {"format": FORMAT, "rounds": process.rounds, "process": _process(process, tokens)}
    tokens.sort(key=lambda token: token[0])
    for rank, (_, row) in enumerate(tokens if len(tokens) > 1 else ()):
        row["o"] = rank
    try:
        written = orjson.dumps(content)
    except orjson.JSONEncodeError as error:
        raise StateTooLarge from error
    if len(written) > MAX_BYTES:
        raise StateTooLarge
    return _zstandard.compressor.compress(written)


def _process(workflow: Any, tokens: list[tuple[float, Row]]) -> Row:
    """The rows of a process or subprocess; those with a token are noted in `tokens` with the time it got there."""
    kept = kept_tasks(workflow)
    numbers = {entry.task.id: number for number, entry in enumerate(kept)}
    rows = []
    for number, entry in enumerate(kept):
        above = None if entry.parent is None else numbers[entry.parent.id]
        row = _row(entry, {} if above is None else kept[above].data)
        if above not in (None, number - 1):
            row["p"] = above
        if entry.live:
            row |= _live(entry.task, tokens)
            tokens.append((entry.task.last_state_change, row))
        rows.append(row)
    data = {} if workflow.completed else workflow.data
    optional = {"data": data, "correlations": workflow.correlations}
    return {"tasks": rows} | {name: value for name, value in optional.items() if value}


def _row(entry: Kept, inherited: Data) -> Row:
    delta = Delta.between(inherited, entry.data)
    optional = {"d": delta.updated, "x": delta.removed, "t": 1 if entry.task.triggered else None}
    return {"e": entry.task.task_spec.name} | {letter: value for letter, value in optional.items() if value}


def _live(task: Task, tokens: list[tuple[float, Row]]) -> Row:
    subprocess = task.workflow.top_workflow.subprocesses.get(task.id) if task.state == TaskState.STARTED else None
    optional = {
        "s": _LETTERS.get(task.state),
        "n": _notes(task),
        "i": task.id.hex if task.task_spec.manual and task.state == TaskState.READY else None,
        "w": _process(subprocess, tokens) if subprocess is not None else None,
    }
    return {letter: value for letter, value in optional.items() if value}


def _notes(task: Task) -> Row:
    """SpiffWorkflow's and our own notes on a task, without what they are when they are left out."""
    notes = dict(task.internal_data)
    if "merged" in notes:
        # the ids of ended instances, of which only the number matters
        notes["merged"] = len(notes["merged"])
    if "seen_events" in notes:
        definitions = task.task_spec.event_definition.event_definitions
        notes["seen_events"] = [
            [definitions.index(event.event_definition), event.payload, event.correlations]
            for event in notes["seen_events"]
        ]
    return {name: value for name, value in notes.items() if value is not False and value != []}


def decode(definition: Definition, state: bytes) -> Process:
    """Set a process to where it was when it was written down.

    Raises:
        StateUnreadable: the bytes are damaged, of an unknown format, or of a process with other elements
    """
    return restore(definition, read_rows(state))


def restore(definition: Definition, content: Row) -> Process:
    """Set a process to where the rows of a state say that it is.

    Raises:
        StateUnreadable: the process has other elements
    """
    process = Process(definition.spec, definition.subprocess_specs, deserializing=True)
    try:
        process.rounds = Counter(content["rounds"])
        _restore(process, process, content["process"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise StateUnreadable(f"It does not fit the process {definition.key}.") from error
    return process


def read_rows(state: bytes) -> Row:
    """A state as it is written, before it is made a process.

    Raises:
        StateUnreadable: the bytes are damaged, or of an unknown format
    """
    try:
        size = zstandard.get_frame_parameters(state).content_size
        if size > MAX_BYTES:
            raise StateUnreadable("It claims to be larger than any state.")
        content: Row = orjson.loads(_zstandard.decompressor.decompress(state))
        written_as = content["format"]
    except (zstandard.ZstdError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StateUnreadable("It is damaged, or no state at all.") from error
    if written_as != FORMAT:
        raise StateUnreadable(f"It has format {written_as}; this version reads {FORMAT}.")
    return content


def _restore(process: Process, workflow: Any, content: Row) -> None:
    rows = content["tasks"]
    tasks: list[Task] = []
    for row in rows:
        parent = tasks[row.get("p", len(tasks) - 1)] if tasks else None
        tasks.append(_task(workflow, parent, row))
    workflow.task_tree = workflow.last_task = tasks[0]
    workflow.data |= content.get("data", {})
    workflow.correlations = content.get("correlations", {})
    for task, row in zip(tasks, rows, strict=True):
        if "w" in row:
            _restore_subprocess(process, task, row["w"])
        if row.get("s") == "W" and isinstance(task.task_spec, CatchingEvent):
            process.event_manager.add_task(task)
    workflow.completed = not any("s" in row for row in rows)


def _task(workflow: Any, parent: Task | None, row: Row) -> Task:
    task_id = UUID(hex=row["i"]) if "i" in row else None
    state = _STATES[row["s"]] if "s" in row else TaskState.COMPLETED
    task = Task(workflow, workflow.spec.task_specs[row["e"]], parent, state, task_id)
    task.data = Delta(row.get("d", {}), tuple(row.get("x", ()))).apply(parent.data if parent else {})
    task.triggered = "t" in row
    task.internal_data = _noted(task, row.get("n", {}))
    task.last_state_change = row.get("o", 0)
    return task


def _noted(task: Task, notes: Row) -> Row:
    if isinstance(task.task_spec, LoopTask):
        notes["merged"] = [None] * notes.get("merged", 0)
    if "seen_events" in notes:
        definitions = task.task_spec.event_definition.event_definitions
        notes["seen_events"] = [BpmnEvent(definitions[index], *rest) for index, *rest in notes["seen_events"]]
    return notes


def _restore_subprocess(process: Process, task: Task, content: Row) -> None:
    spec = process.subprocess_specs[task.task_spec.spec]
    subprocess = SubProcess(spec, parent_task_id=task.id, top_workflow=process, deserializing=True)
    process.subprocesses[task.id] = subprocess
    subprocess.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
    _restore(process, subprocess, content)
