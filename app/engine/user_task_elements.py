"""What a diagram says about its user tasks: who does them, with which form, to which quality standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser

from app.engine.forms import EMPTY_FORM, Form, compile_form
from app.engine.quality import Quality

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
#: the role of a user task that stands in no lane
ADMINISTRATOR = "administrator"
#: what `persetujuan` may say: an official's initials, or the signature that adopts
APPROVALS = ("paraf", "tanda_tangan")

_QUALITY = ("kelengkapan", "waktu", "output", "keterangan", "baris_sop")


@dataclass(frozen=True, slots=True)
class UserTaskElement:
    """A user task, or manual task, of the diagram."""

    element_id: str
    name: str
    #: the lane's name
    role: str
    #: for the person who does it
    instructions: str | None
    documentation: str | None
    form: Form
    quality: Quality
    #: ids of the elements whose latest performer may not do this one (`pisah_tugas`, four eyes)
    separated_from: tuple[str, ...]
    #: what completing it stands for, one of `APPROVALS`; None for ordinary work (`persetujuan`)
    approval: str | None


def read_user_tasks(
    root: etree._Element, specs: tuple[Any, ...], forms: Mapping[str, bytes]
) -> dict[str, UserTaskElement]:
    """The user tasks of a process and its subprocesses by id, in the diagram's order.

    Raises:
        KeyError: a form is not among the files
        FormInvalid
    """
    by_id = {spec.bpmn_id: spec for process in specs for spec in process.task_specs.values() if spec.manual}
    nodes = {node.get("id", ""): node for node in root.iter(f"{BPMN}userTask", f"{BPMN}manualTask")}
    return {element: _user_task(node, by_id[element], forms) for element, node in nodes.items() if element in by_id}


def _user_task(node: etree._Element, spec: Any, forms: Mapping[str, bytes]) -> UserTaskElement:
    properties = read_properties(node)
    return UserTaskElement(
        element_id=spec.bpmn_id,
        name=spec.bpmn_name or spec.bpmn_id,
        role=spec.lane or ADMINISTRATOR,
        instructions=spec.extensions.get("instructionsForEndUser"),
        documentation=spec.documentation,
        form=read_form(properties, forms),
        quality=Quality(**{name: properties.get(name) for name in _QUALITY}),
        separated_from=read_element_ids(properties.get("pisah_tugas", "")),
        approval=properties.get("persetujuan"),
    )


def read_properties(node: etree._Element) -> dict[str, str]:
    """The `spiffworkflow:properties` of an element."""
    properties: dict[str, str] = SpiffTaskParser._parse_extensions(node).get("properties", {})
    return properties


def read_element_ids(text: str) -> tuple[str, ...]:
    """The ids in a text, which commas and white space separate; each once, in the order of the text."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def read_form(properties: Mapping[str, str], forms: Mapping[str, bytes]) -> Form:
    """The form that an element's properties name; the empty one where they name none."""
    name = properties.get("formJsonSchemaFilename")
    return compile_form(forms[name]) if name else EMPTY_FORM


def read_roles(root: etree._Element, user_tasks: Mapping[str, UserTaskElement]) -> tuple[str, ...]:
    """The lanes that hold user tasks, in the diagram's order; `administrator` last if a task stands in none."""
    held = {task.role for task in user_tasks.values()}
    lanes = dict.fromkeys(lane.get("name", "") for lane in root.iter(f"{BPMN}lane"))
    return (*(lane for lane in lanes if lane in held), *(held - lanes.keys()))


def read_lanes(root: etree._Element) -> frozenset[str]:
    """Names of the lanes that tasks can lie in: those that are not divided into others."""
    undivided = (lane for lane in root.iter(f"{BPMN}lane") if lane.find(f"{BPMN}childLaneSet/{BPMN}lane") is None)
    return frozenset(name for lane in undivided if (name := lane.get("name")))


def first_user_tasks(spec: Any, subprocess_specs: Mapping[str, Any]) -> set[str]:
    """Ids of the user tasks that can be reached from the start without passing another."""
    reached = _reached(spec, subprocess_specs, frozenset({spec.name}))
    return {element for element in reached if element is not None}


def _reached(process: Any, subprocess_specs: Mapping[str, Any], inside: frozenset[str]) -> set[str | None]:
    """As above, with None among them where the end can be reached without any user task."""
    reached: set[str | None] = set()
    seen: set[str] = set()
    todo = [process.start]
    while todo:
        spec = todo.pop()
        if spec.name in seen:
            continue
        seen.add(spec.name)
        if spec is process.end:
            reached.add(None)
        elif spec.manual:
            reached.add(spec.bpmn_id)
        else:
            within = _within(process, spec, subprocess_specs, inside)
            reached |= within - {None}
            todo += _onward(process, spec, within)
    return reached


def _within(process: Any, spec: Any, subprocess_specs: Mapping[str, Any], inside: frozenset[str]) -> set[str | None]:
    """The first user tasks inside an element; None where it can be passed without one."""
    match spec:
        case SubWorkflowTask() if spec.spec not in inside:
            return _reached(subprocess_specs[spec.spec], subprocess_specs, inside | {spec.spec})
        case LoopTask():
            instance = process.task_specs[spec.task_spec]
            return {instance.bpmn_id} if instance.manual else _within(process, instance, subprocess_specs, inside)
    return {None}


def _onward(process: Any, spec: Any, within: set[str | None]) -> Iterator[Any]:
    """The elements behind one that can be passed; a boundary event needs the activity to be open first."""
    if None in within:
        yield from (output for output in spec.outputs if not isinstance(output, BoundaryEvent))
