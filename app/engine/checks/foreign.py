"""Extensions of other engines: nothing here follows them, so say so, and refuse those that do something."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import QName, _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import children
from app.engine.checks.vocabulary import MODEL
from app.errors import Problem

#: parts of the namespaces of engines that execute BPMN
_ENGINES = ("camunda.org", "activiti.org", "flowable.org", "jboss.org", "bonitasoft", "imixs.org", "signavio.com/exec")
#: extensions that run code, or move data, as the process goes along
_ACTING = frozenset(
    {
        "class",
        "connector",
        "delegateExpression",
        "eventListener",
        "eventType",
        "executionListener",
        "expression",
        "in",
        "inputOutput",
        "ioMapping",
        "onEntry-script",
        "onExit-script",
        "out",
        "skipExpression",
        "taskListener",
        "terminateAll",
        "topic",
    }
)


def check_foreign_extensions(diagram: Diagram) -> Iterator[Problem]:
    """Refuse another engine's instructions; warn of its settings."""
    for process in diagram.processes:
        for element in process.iter(f"{{{MODEL}}}*"):
            for name in sorted(_foreign_names(element)):
                code = "foreign_behaviour" if name in _ACTING else "foreign_extension_ignored"
                yield diagram.problem(code, element, name=name[:80])


def _foreign_names(element: _Element) -> set[str]:
    holders = children(element, "extensionElements")
    tags = [*element.attrib, *(str(child.tag) for holder in holders for child in holder.iterchildren("{*}*"))]
    return {QName(tag).localname for tag in tags if any(engine in tag.partition("}")[0] for engine in _ENGINES)}
