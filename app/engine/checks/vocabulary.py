"""BPMN 2.0.2 in names: which elements there are, and what each may do here."""

from __future__ import annotations

from collections.abc import Mapping

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
SHAPE = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape"
EDGE = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNEdge"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
XINCLUDE = "http://www.w3.org/2001/XInclude"

#: elements that hold flow nodes and the flows between them
CONTAINERS = frozenset({"process", "subProcess", "transaction"})
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
CONDITIONAL_GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway"})
TASKS = frozenset({"task", "userTask", "manualTask", "scriptTask", "sendTask", "receiveTask"})
SUBPROCESSES = frozenset({"subProcess", "transaction"})
ACTIVITIES = TASKS | SUBPROCESSES | {"callActivity"}
EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
FLOW_NODES = GATEWAYS | ACTIVITIES | EVENTS

#: tasks that a person completes
USER_TASKS = frozenset({"userTask", "manualTask"})
#: elements at which the process rests until something happens
WAITING = USER_TASKS | {"receiveTask", "intermediateCatchEvent", "eventBasedGateway"}

NOT_BUILT_YET = frozenset({"serviceTask", "businessRuleTask"})
NOT_SUPPORTED = frozenset(
    {"complexGateway", "adHocSubProcess", "callChoreography", "choreographyTask", "subChoreography"}
)
#: children of a container that say something without moving a token
ANNOTATIONS = frozenset(
    {
        "documentation",
        "extensionElements",
        "laneSet",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "textAnnotation",
        "association",
        "group",
        "property",
        "ioSpecification",
        "ioBinding",
        "auditing",
        "monitoring",
        "correlationSubscription",
        "supportedInterfaceRef",
        "supports",
        "incoming",
        "outgoing",
        "dataInputAssociation",
        "dataOutputAssociation",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "standardLoopCharacteristics",
        "multiInstanceLoopCharacteristics",
    }
)

#: children of a flow node that belong to it alone, or that another check looks at
OWN_CHILDREN = frozenset(
    {
        "script",
        "eventDefinitionRef",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "rendering",
        "categoryValueRef",
    }
)

#: the event definitions that each kind of event may carry; "" stands for none
EVENT_DEFINITIONS: Mapping[str, frozenset[str]] = {
    "startEvent": frozenset({"", "message", "timer", "signal", "conditional"}),
    "endEvent": frozenset({"", "message", "error", "escalation", "terminate", "cancel"}),
    "intermediateCatchEvent": frozenset({"message", "timer", "signal", "conditional"}),
    "intermediateThrowEvent": frozenset({"", "message", "signal", "escalation"}),
    "boundaryEvent": frozenset({"message", "timer", "signal", "conditional", "error", "escalation", "cancel"}),
}
#: what an end event carries that takes every other token of its process or sub-process with it
ENDING_ALL = ("terminateEventDefinition", "errorEventDefinition", "cancelEventDefinition")
#: event definitions that wait for something from outside the process instance, or from the clock
DELIVERED = frozenset({"message", "timer", "signal", "conditional"})

#: what designers read for an element's tag
NAMES: Mapping[str, str] = {
    "process": "process",
    "subProcess": "sub-process",
    "adHocSubProcess": "ad-hoc sub-process",
    "userTask": "user task",
    "manualTask": "manual task",
    "scriptTask": "script task",
    "sendTask": "send task",
    "receiveTask": "receive task",
    "serviceTask": "service task",
    "businessRuleTask": "business rule task",
    "callActivity": "call activity",
    "exclusiveGateway": "exclusive gateway",
    "inclusiveGateway": "inclusive gateway",
    "parallelGateway": "parallel gateway",
    "eventBasedGateway": "event-based gateway",
    "complexGateway": "complex gateway",
    "startEvent": "start event",
    "endEvent": "end event",
    "intermediateCatchEvent": "intermediate catch event",
    "intermediateThrowEvent": "intermediate throw event",
    "boundaryEvent": "boundary event",
    "sequenceFlow": "sequence flow",
}

#: characters of a lane's name, which is a role's
MAX_ROLE_LENGTH = 200
#: system roles, which no lane may bear
RESERVED_ROLES = frozenset({"administrator", "designer", "auditor", "starter"})
