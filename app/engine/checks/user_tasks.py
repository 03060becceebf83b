"""User tasks: their lane, their form, their mutu baku."""

from __future__ import annotations

from collections.abc import Iterator

from app.engine.checks.diagram import Diagram
from app.engine.checks.elements import extensions, form_name, has, kind, properties
from app.engine.checks.vocabulary import SPIFF, USER_TASKS
from app.engine.forms import FormInvalid
from app.engine.quality import is_duration
from app.errors import Problem

_PROPERTY = f"{{{SPIFF}}}property"


def check_properties(diagram: Diagram) -> Iterator[Problem]:
    """Each property has a name of its own and a value."""
    for element in [*diagram.processes, *diagram.nodes]:
        seen: set[str] = set()
        for prop in (prop for holder in extensions(element, "properties") for prop in holder.iter(_PROPERTY)):
            name, value = prop.get("name"), prop.get("value")
            if not name or value is None:
                yield diagram.problem("property_malformed", prop)
            elif name in seen:
                yield diagram.problem("property_repeated", prop, name=name[:80])
            seen.add(name or "")


def check_forms(diagram: Diagram) -> Iterator[Problem]:
    """A form that is named is there and can be compiled, and somebody fills it in."""
    for scope in diagram.scopes:
        for node in scope.nodes:
            name = form_name(node)
            if name is None:
                continue
            form = diagram.compiled_forms.get(name)
            is_start_of_process = kind(node) == "startEvent" and kind(scope.element) == "process"
            if kind(node) not in USER_TASKS and not is_start_of_process:
                yield diagram.problem("form_misplaced", node)
            elif form is None:
                yield diagram.problem("form_missing", node, name=name[:80])
            elif isinstance(form, FormInvalid):
                yield diagram.problem("form_invalid", node, name=name[:80], why=form.reason)
            elif form.read_only and kind(node) == "startEvent":
                yield diagram.problem("form_shows_nothing", node, name=name[:80])


def check_quality(diagram: Diagram) -> Iterator[Problem]:
    """Standard times can be added up, and rows of the sheet be counted."""
    for node in diagram.nodes:
        stated = properties(node)
        waktu, row = stated.get("waktu"), stated.get("baris_sop")
        if waktu is not None and not is_duration(waktu):
            yield diagram.problem("duration_malformed", node, text=waktu[:80])
        if row is not None and not (row.isascii() and row.isdecimal() and 1 <= int(row[:9]) < 10_000):
            yield diagram.problem("row_malformed", node, text=row[:80])


def check_roles(diagram: Diagram) -> Iterator[Problem]:
    """Warn: what lies in no lane only administrators can do; what has no type nobody is asked to do."""
    for node in diagram.nodes:
        if kind(node) in USER_TASKS and not diagram.lane_of(node):
            yield diagram.problem("user_task_without_lane", node)
        if kind(node) == "task":
            yield diagram.problem("task_does_not_wait", node)
        if has(node, "performer", "humanPerformer", "potentialOwner", "resourceRole"):
            yield diagram.problem("assignment_ignored", node)
