"""Diagrams drawn in a line or two, for tests that need one fault at a time."""

from __future__ import annotations

from itertools import pairwise

from app.engine.checks import Report, check_diagram
from app.errors import Problem

START = '<bpmn:startEvent id="mulai"/>'
END = '<bpmn:endEvent id="selesai"/>'

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:xi="http://www.w3.org/2001/XInclude" id="berkas">'
)


def drawing(inside: str, *, top: str = "", attributes: str = 'id="proses" isExecutable="true"') -> bytes:
    """A file with one process; `top` stands beside it."""
    return f"{_HEAD}\n{top}\n<bpmn:process {attributes}>\n{inside}\n</bpmn:process>\n</bpmn:definitions>".encode()


def element(tag: str, identifier: str, inside: str = "", attributes: str = "") -> str:
    return f'<bpmn:{tag} id="{identifier}" {attributes}>{inside}</bpmn:{tag}>\n'


def user_task(identifier: str, inside: str = "", attributes: str = "") -> str:
    return element("userTask", identifier, inside, attributes)


def flow(source: str, target: str, inside: str = "", attributes: str = "") -> str:
    ends = f'id="{source}_{target}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {ends} {attributes}>{inside}</bpmn:sequenceFlow>\n"


def when(condition: str) -> str:
    return f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>"


def path(*identifiers: str) -> str:
    """Flows from each element to the next."""
    return "".join(flow(source, target) for source, target in pairwise(identifiers))


def drawn(figures: str) -> str:
    """Diagram interchange with these figures."""
    return f"<bpmndi:BPMNDiagram><bpmndi:BPMNPlane>{figures}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"


def extended(inside: str) -> str:
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>"


def with_properties(**properties: str) -> str:
    inside = "".join(f'<spiffworkflow:property name="{name}" value="{value}"/>' for name, value in properties.items())
    return extended(f"<spiffworkflow:properties>{inside}</spiffworkflow:properties>")


def around(inside: str, identifier: str = "isi") -> bytes:
    """A process of one element between start and end."""
    return drawing(START + inside + END + path("mulai", identifier, "selesai"))


def in_lane(identifier: str, name: str, *members: str) -> str:
    """A lane with a name and the elements that lie in it."""
    references = "".join(f"<bpmn:flowNodeRef>{member}</bpmn:flowNodeRef>" for member in members)
    return element("laneSet", f"{identifier}_jalur", element("lane", identifier, references, f'name="{name}"'))


def with_form(name: str) -> str:
    return with_properties(formJsonSchemaFilename=name)


def report(xml: bytes, **forms: bytes) -> Report:
    """What the checks say; forms are given as `name=content` for the file `name.json`."""
    return check_diagram("proses.bpmn", xml, {f"{name}.json": content for name, content in forms.items()})


def codes(problems: tuple[Problem, ...]) -> set[str]:
    return {problem.code for problem in problems}
