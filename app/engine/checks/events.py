"""Events: each may carry the definitions that the engine catches or throws there, and must say what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from lxml.etree import _Element

from app.engine.checks.diagram import Diagram, Scope
from app.engine.checks.elements import children, kind, spoken
from app.engine.checks.vocabulary import DELIVERED, EVENT_DEFINITIONS, EVENTS, SUBPROCESSES
from app.errors import Problem

_SUFFIX = "EventDefinition"


def definitions(event: _Element) -> list[_Element]:
    """The event definitions of an event, in document order."""
    return [child for child in event if kind(child).endswith(_SUFFIX)]


def definition_type(definition: _Element) -> str:
    """`timer` for a timerEventDefinition, and so on."""
    return kind(definition).removesuffix(_SUFFIX)


def waits_for(node: _Element) -> str:
    """What a node waits for from outside: message, timer, signal, conditional; empty if for nothing."""
    match kind(node):
        case "receiveTask":
            return "message"
        case "startEvent" | "intermediateCatchEvent" | "boundaryEvent":
            types = [definition_type(definition) for definition in definitions(node)]
            return types[0] if types and types[0] in DELIVERED else ""
        case _:
            return ""


def check_event_definitions(diagram: Diagram) -> Iterator[Problem]:
    """Each event has one definition, of a type that its kind of event can have."""
    for event in (node for node in diagram.nodes if kind(node) in EVENTS):
        found = definitions(event)
        types = [definition_type(definition) for definition in found] or [""]
        referred = list(children(event, "eventDefinitionRef"))
        if len(found) + len(referred) > 1:
            yield diagram.problem("several_event_definitions", event)
        elif referred:
            yield diagram.problem("event_definition_not_supported", event, definition="reference to another definition")
        elif types[0] in EVENT_DEFINITIONS[kind(event)]:
            continue
        elif types[0]:
            yield diagram.problem("event_definition_not_supported", event, definition=types[0])
        else:
            yield diagram.problem("event_definition_missing", event)


def check_subprocess_starts(diagram: Diagram) -> Iterator[Problem]:
    """A sub-process begins when it is reached (BPMN 2.0.2, 10.5.2)."""
    for scope in diagram.scopes:
        if kind(scope.element) in SUBPROCESSES and scope.element.get("triggeredByEvent") != "true":
            for start in scope.starts:
                if definitions(start):
                    yield diagram.problem("subprocess_start_not_plain", start)


def check_cancellations(diagram: Diagram) -> Iterator[Problem]:
    """Only a transaction is cancelled."""
    for scope in diagram.scopes:
        for end in scope.of("endEvent"):
            if _is(end, "cancel") and kind(scope.element) != "transaction":
                yield diagram.problem("cancel_outside_transaction", end)


def check_boundary_events(diagram: Diagram) -> Iterator[Problem]:
    """Errors and escalations come out of sub-processes and called processes, cancellations out of transactions."""
    for scope in diagram.scopes:
        for activity, events in scope.boundary_events.items():
            for event in events:
                if _is(event, "error", "cancel") and event.get("cancelActivity", "true") == "false":
                    yield diagram.problem("boundary_must_interrupt", event)
                if _is(event, "cancel") and kind(activity) != "transaction":
                    yield diagram.problem("boundary_never_fires", event, wanted="a transaction")
                if _is(event, "error", "escalation") and kind(activity) not in SUBPROCESSES | {"callActivity"}:
                    yield diagram.problem("boundary_never_fires", event, wanted="a sub-process or call activity")


def check_caught_once(diagram: Diagram) -> Iterator[Problem]:
    """At one activity, one event catches an error or escalation; of two, chance would choose."""
    for scope in diagram.scopes:
        for events in scope.boundary_events.values():
            rising = [event for event in events if _is(event, "error", "escalation")]
            for index, event in enumerate(rising):
                for other in rising[:index]:
                    if _catch_the_same(diagram, event, other):
                        yield diagram.problem("caught_twice", event, other=spoken(other))


def _catch_the_same(diagram: Diagram, event: _Element, other: _Element) -> bool:
    first, second = definitions(event)[0], definitions(other)[0]
    codes = {_code(diagram, first), _code(diagram, second)}
    return kind(first) == kind(second) and (len(codes) == 1 or "" in codes)


def _code(diagram: Diagram, definition: _Element) -> str:
    """The code that a definition catches; empty where it catches any."""
    type_ = definition_type(definition)
    declared = diagram.by_id.get(definition.get(f"{type_}Ref", ""))
    return declared.get(f"{type_}Code", "") if declared is not None else ""


def check_event_gateways(diagram: Diagram) -> Iterator[Problem]:
    """The engine moves the events behind the gateway into it, so they must be its alone and differ."""
    for scope in diagram.scopes:
        for gateway in scope.of("eventBasedGateway"):
            seen: set[tuple[str, str]] = set()
            for flow in scope.outgoing[gateway]:
                yield from _event_gateway_target(diagram, scope, flow.target, seen)


def _event_gateway_target(
    diagram: Diagram, scope: Scope, target: _Element, seen: set[tuple[str, str]]
) -> Iterator[Problem]:
    awaited = waits_for(target)
    is_catching = kind(target) in ("receiveTask", "intermediateCatchEvent")
    if not is_catching or awaited in ("", "conditional") or len(scope.incoming[target]) > 1:
        yield diagram.problem("event_gateway_target", target)
        return
    holder = target if kind(target) == "receiveTask" else definitions(target)[0]
    # SpiffWorkflow keeps one due time for the whole gateway: of two timers the later one would win.
    reference = "" if awaited == "timer" else holder.get(f"{awaited}Ref", "")
    if (awaited, reference) in seen:
        yield diagram.problem("event_gateway_targets_alike", target)
    seen.add((awaited, reference))


def check_delivery(diagram: Diagram) -> Iterator[Problem]:
    """Warn: timers, messages and signals do not come in yet, and messages and signals do not go out."""
    for node in diagram.nodes:
        if awaited := waits_for(node):
            does = "begins with" if kind(node) == "startEvent" else "waits for"
            word = {"conditional": "condition"}.get(awaited, awaited)
            yield diagram.problem("not_delivered_yet", node, does=does, definition=word)
        elif kind(node) == "sendTask" or (kind(node) in _THROWING and _is(node, "message", "signal")):
            sent = definition_type(definitions(node)[0]) if definitions(node) else "message"
            yield diagram.problem("not_sent_yet", node, definition=sent)


_THROWING = ("endEvent", "intermediateThrowEvent")


def _is(event: _Element, *types: str) -> bool:
    return any(definition_type(definition) in types for definition in definitions(event))
