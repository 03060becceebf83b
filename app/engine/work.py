"""Whether what is at work in one version can go on at its counterpart in another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask

from app.engine.alignment import Mapped


def works_alike(spec: Any, counterpart: Any, names: Mapped) -> bool:
    """Whether an activity that repeats goes through the same items, and an event-based gateway, whose timers have
    begun to run, waits for what it did, perhaps for more.
    """
    match spec:
        case MultiInstanceTask():
            return _items(spec) == _items(counterpart)
        case EventBasedGateway():
            awaited = dict(_awaited(counterpart))
            return all(awaited.get(names.get(name, "")) == type_ for name, type_ in _awaited(spec))
    return True


def _items(spec: Any) -> tuple[Any, ...]:
    references = (spec.data_input, spec.data_output, spec.input_item, spec.output_item)
    return (spec.cardinality, *(None if each is None else each.bpmn_id for each in references))


def _awaited(gateway: Any) -> Iterator[tuple[str, type]]:
    """The elements behind an event-based gateway, each with what it waits for."""
    types = map(type, gateway.event_definition.event_definitions)
    return zip((output.name for output in gateway.outputs), types, strict=True)
