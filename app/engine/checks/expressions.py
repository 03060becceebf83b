"""Expressions: every text that the engine will evaluate compiles today, not on the day it is reached."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lxml.etree import QName, _Element

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import form_name, has, kind, spoken
from app.engine.checks.texts import JUEL
from app.engine.checks.vocabulary import FLOW_NODES, MODEL, SPIFF
from app.engine.expressions import Expression, ExpressionError, compile_expression, compile_script
from app.errors import Problem

Grammar = Literal["expression", "condition", "script", "variable"]

_EVALUATED: Mapping[str, tuple[str, Grammar]] = {
    f"{{{MODEL}}}conditionExpression": ("condition", "condition"),
    f"{{{MODEL}}}condition": ("condition", "condition"),
    f"{{{MODEL}}}loopCondition": ("loop condition", "condition"),
    f"{{{MODEL}}}completionCondition": ("completion condition", "condition"),
    f"{{{MODEL}}}script": ("script", "script"),
    f"{{{MODEL}}}timeDate": ("date", "expression"),
    f"{{{MODEL}}}timeDuration": ("duration", "expression"),
    f"{{{MODEL}}}timeCycle": ("cycle", "expression"),
    f"{{{MODEL}}}loopCardinality": ("loop cardinality", "expression"),
    f"{{{MODEL}}}loopDataInputRef": ("input collection", "variable"),
    f"{{{MODEL}}}loopDataOutputRef": ("output collection", "variable"),
    f"{{{MODEL}}}messagePath": ("correlation", "expression"),
    f"{{{MODEL}}}formalExpression": ("correlation", "expression"),
    f"{{{SPIFF}}}preScript": ("script before", "script"),
    f"{{{SPIFF}}}postScript": ("script after", "script"),
    f"{{{SPIFF}}}messagePayload": ("message payload", "expression"),
    f"{{{SPIFF}}}payloadExpression": ("payload", "expression"),
    f"{{{SPIFF}}}expression": ("correlation", "expression"),
    f"{{{SPIFF}}}messageVariable": ("message variable", "variable"),
    f"{{{SPIFF}}}variableName": ("variable", "variable"),
}
#: elements that mean nothing without the text of this child
_NEEDED = {"scriptTask": "script", "conditionalEventDefinition": "condition"}

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_OWN_LANGUAGE = re.compile(r"|.*python.*|.*spiff.*", re.IGNORECASE)


@dataclass(frozen=True)
class Text:
    """A text that the engine evaluates, and where it stands."""

    element: _Element
    place: str
    grammar: Grammar

    @property
    def content(self) -> str:
        """The text without white space round it."""
        return (self.element.text or "").strip()

    @property
    def owner(self) -> _Element:
        """The flow or flow node that the text belongs to; what the designer sees."""
        for ancestor in self.element.iterancestors():
            if kind(ancestor) in FLOW_NODES | {"sequenceFlow"}:
                return ancestor
        return self.element

    def words(self) -> dict[str, str]:
        """What every problem says of the text."""
        example = 'status = "selesai"' if self.grammar == "script" else 'keputusan == "ya"'
        return {"what": spoken(self.owner), "place": self.place, "text": self.content[:80], "example": example}


def texts(diagram: Diagram) -> Iterator[Text]:
    """Every text that the engine evaluates, in document order."""
    for element in diagram.judged():
        if (found := _EVALUATED.get(str(element.tag))) and not _is_absent(element) and not _names_people(element):
            yield Text(element, *found)


def _is_absent(element: _Element) -> bool:
    """Modelers leave empty extensions behind; the engine reads those as none."""
    return QName(element).namespace == SPIFF and not element.text and len(element) == 0


def _names_people(element: _Element) -> bool:
    """Who may do a task stands in a formal expression as well, and is not evaluated."""
    parent = element.getparent()
    return parent is not None and kind(parent) == "resourceAssignmentExpression"


def check_expressions(diagram: Diagram) -> Iterator[Problem]:
    """Every text is there, is plain text, and compiles."""
    for text in texts(diagram):
        if len(text.element):
            yield diagram.problem("expression_has_markup", text.element, **text.words())
        elif not text.content:
            yield diagram.problem("expression_missing", text.element, **text.words())
        elif JUEL.search(text.content):
            yield diagram.problem("expression_is_juel", text.element, **text.words())
        elif text.grammar == "variable":
            if not _VARIABLE.fullmatch(text.content):
                yield diagram.problem("variable_malformed", text.element, **text.words())
        elif why := _fault(text):
            yield diagram.problem("expression_malformed", text.element, **text.words(), why=why)


def _fault(text: Text) -> str:
    """Why the engine could not evaluate the text; empty if it can."""
    try:
        if text.grammar == "script":
            expressions = [expression for _, expression in compile_script(text.content).assignments]
        else:
            expressions = [compile_expression(text.content)]
        constants = [expression.evaluate({}) for expression in expressions if not expression.names]
    except ExpressionError as error:
        return error.reason.partition(";")[0]
    if text.grammar == "condition" and not all(isinstance(value, bool) for value in constants):
        return "it is neither true nor false"
    return ""


def assignments(text: Text) -> tuple[tuple[str, Expression], ...]:
    """What a script assigns to which variable; nothing where the text is no script, or is faulty."""
    return compile_script(text.content).assignments if text.grammar == "script" and not _fault(text) else ()


def check_needed_texts(diagram: Diagram) -> Iterator[Problem]:
    """A script task has a script, a conditional event a condition."""
    for node in diagram.nodes:
        for element in (node, *node):
            needed = _NEEDED.get(kind(element))
            if needed and not has(element, needed):
                yield diagram.problem("expression_missing", node, place=needed)


def check_languages(diagram: Diagram) -> Iterator[Problem]:
    """The engine has one language; another that happened to compile would mean something else."""
    for text in texts(diagram):
        language = text.element.get("language") or text.owner.get("scriptFormat") or ""
        if not _OWN_LANGUAGE.fullmatch(language):
            words = {**text.words(), "language": language[:80]}
            yield diagram.problem("language_not_supported", text.element, **words)


def check_item_names(diagram: Diagram) -> Iterator[Problem]:
    """Each instance of a multi-instance activity finds its item in a variable called by the item's id."""
    for item in (element for element in diagram.judged() if kind(element) in ("inputDataItem", "outputDataItem")):
        name = item.get("id") or ""
        if not _VARIABLE.fullmatch(name):
            yield diagram.problem("variable_malformed", item, text=name[:80])


def check_variables_set(diagram: Diagram) -> Iterator[Problem]:
    """Warn: an expression reads, or a form shows, what nothing can ever have set; most likely a slip of the pen."""
    if any(form_name(node) not in (None, *diagram.compiled_forms) for node in diagram.nodes):
        return
    known = _names_set(diagram)
    for text in texts(diagram):
        for name in sorted(_names_read(text) - known):
            yield diagram.problem("variable_never_set", text.element, **text.words(), name=name)
    for node in diagram.nodes:
        for name in sorted(diagram.form_of(node).read_only - known):
            yield diagram.problem("variable_never_set", node, place="form", name=name)


def _names_set(diagram: Diagram) -> set[str]:
    names = {name for node in diagram.nodes for name in diagram.form_of(node).writable_names}
    names |= {
        element.get("id") or ""
        for element in diagram.judged()
        if kind(element) in ("inputDataItem", "outputDataItem", "dataObject")
    }
    for text in texts(diagram):
        if text.grammar == "variable":
            names.add(text.content)
        names |= {name for name, _ in assignments(text)}
    return names


def _names_read(text: Text) -> frozenset[str]:
    if text.grammar == "variable" or _fault(text):
        return frozenset()
    if text.grammar == "script":
        return frozenset().union(*(expression.names for _, expression in assignments(text)))
    return compile_expression(text.content).names
