"""Which element comes first when a process is read along its flow; ways back are not followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask

#: an element of a process, or of one of its subprocesses
_Place = tuple[Any, Any]


def flow_order(spec: Any, subprocess_specs: Mapping[str, Any]) -> dict[str, int]:
    """The place of each element along the flow: a decision that leads to an earlier one, or to the same, leads back.

    Depth first, the last to be finished first: where no way leads back, everything comes after what leads to it.
    """
    called_by = _calls(spec, subprocess_specs)
    finished: list[str] = []
    seen = {id(spec.start)}
    stack = [(spec.start, _following((spec, spec.start), subprocess_specs, called_by))]
    while stack:
        element, following = stack[-1]
        onward = next((place for place in following if id(place[1]) not in seen), None)
        if onward is None:
            stack.pop()
            finished.append(element.bpmn_id or "")
        else:
            seen.add(id(onward[1]))
            stack.append((onward[1], _following(onward, subprocess_specs, called_by)))
    return {element_id: place for place, element_id in enumerate(reversed(finished)) if element_id}


def _calls(spec: Any, subprocess_specs: Mapping[str, Any]) -> dict[str, list[_Place]]:
    """The activities that run each subprocess."""
    calls: defaultdict[str, list[_Place]] = defaultdict(list)
    for process in (spec, *subprocess_specs.values()):
        for element in process.task_specs.values():
            if isinstance(element, SubWorkflowTask):
                calls[element.spec].append((process, element))
    return calls


def _following(
    place: _Place, subprocess_specs: Mapping[str, Any], called_by: Mapping[str, list[_Place]]
) -> Iterator[_Place]:
    """What follows an element, and last what lies inside of it: so that comes first."""
    process, element = place
    yield from ((process, output) for output in element.outputs)
    if element is process.end:
        for caller_process, caller in called_by.get(process.name, ()):
            yield from ((caller_process, output) for output in caller.outputs)
    if isinstance(element, LoopTask):
        yield process, process.task_specs[element.task_spec]
    if isinstance(element, SubWorkflowTask) and element.spec in subprocess_specs:
        inside = subprocess_specs[element.spec]
        yield inside, inside.start
