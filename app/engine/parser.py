"""SpiffWorkflow's BPMN parser with this engine's gateways, loops and subprocesses in place of its own."""

from __future__ import annotations

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, GatewayParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, SimpleBpmnTask
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.none_task import NoneTask
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser, SpiffProcessParser
from SpiffWorkflow.spiff.parser.task_spec import SpiffTaskParser

from app.engine.gateways import EndJoin, ExclusiveGateway, Flow, InclusiveGateway, ParallelGateway
from app.engine.interruptions import BoundaryEvent, EndEvent, IntermediateThrowEvent
from app.engine.loops import ParallelMultiInstanceTask, SequentialMultiInstanceTask, StandardLoopTask
from app.engine.subprocesses import CallActivity, SubWorkflowTask, TransactionSubprocess


class ProcessSpec(BpmnProcessSpec):
    """A process whose end waits for every branch by this engine's rule."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        end_name = f"{self.name}.EndJoin"
        del self.task_specs[end_name], self.task_specs["End"]
        self.end = EndJoin(self, end_name)
        self.end.connect(SimpleBpmnTask(self, "End"))


class ProcessParser(SpiffProcessParser):
    """Builds a `ProcessSpec` and finishes it, so that it need never be changed when it runs."""

    def create_spec(self) -> ProcessSpec:
        """An empty specification."""
        super().create_spec()  # refuses a process that is not executable
        return ProcessSpec(name=self.bpmn_id, description=self.get_name(), filename=self.filename)

    def add_tasks(self) -> None:
        """Fill the specification."""
        super().add_tasks()
        specs = list(self.spec.task_specs.values())
        instances = {spec.task_spec for spec in specs if isinstance(spec, LoopTask)}
        for spec in specs:
            match spec:
                case LoopTask():
                    # SpiffWorkflow connects this when the loop begins, and so not after a restart in the middle of it
                    self.spec.task_specs[spec.task_spec].completed_event.connect(spec.merge_child)
                case NoneTask():
                    spec.manual = False
            if spec.bpmn_id and spec.name not in instances and _ends_a_branch(spec):
                spec.connect(self.spec.end)


def _ends_a_branch(spec: Any) -> bool:
    """Whether no flow leaves the element: BPMN lets a branch end so, without an end event (2.0.2, section 10.5.3)."""
    return all(isinstance(output, BoundaryEventJoin) for output in spec.outputs)


_connect_outgoing = TaskParser.connect_outgoing


def _connect_by_flow(
    parser: TaskParser, outgoing_task: Any, sequence_flow_node: etree._Element, is_default: bool
) -> None:
    """Connect an element with the one that a flow leads to, and note the flow's id, which SpiffWorkflow forgets."""
    _connect_outgoing(parser, outgoing_task, sequence_flow_node, is_default)
    noted: dict[str, list[str]] = vars(parser.task).setdefault("flow_ids", {})
    noted.setdefault(outgoing_task.name, []).append(sequence_flow_node.get("id", ""))


TaskParser.connect_outgoing = _connect_by_flow


class DecisionParser(ConditionalGatewayParser):
    """Notes the sequence flows of a gateway, which SpiffWorkflow forgets."""

    def connect_outgoing(self, outgoing_task: Any, sequence_flow_node: etree._Element, is_default: bool) -> None:
        """Connect the gateway with the element that a flow leads to."""
        super().connect_outgoing(outgoing_task, sequence_flow_node, is_default)
        parent = sequence_flow_node.getparent()
        flow = Flow(
            position=-1 if parent is None else parent.index(sequence_flow_node),
            flow_id=sequence_flow_node.get("id", ""),
            target=outgoing_task.name,
            condition=None if is_default else self.parse_condition(sequence_flow_node).strip(),
        )
        self.task.flows = tuple(sorted((*self.task.flows, flow)))


def _with_own_loops(parser: type) -> type:
    """The parser class, building this engine's loops where it is a parser of activities."""
    if not issubclass(parser, SpiffTaskParser):
        return parser
    loops = {
        "STANDARD_LOOP_CLASS": StandardLoopTask,
        "PARALLEL_MI_CLASS": ParallelMultiInstanceTask,
        "SEQUENTIAL_MI_CLASS": SequentialMultiInstanceTask,
    }
    return type(parser.__name__, (parser,), loops)


_SPEC_CLASSES = {
    full_tag("boundaryEvent"): BoundaryEvent,
    full_tag("endEvent"): EndEvent,
    full_tag("intermediateThrowEvent"): IntermediateThrowEvent,
    full_tag("subProcess"): SubWorkflowTask,
    full_tag("transaction"): TransactionSubprocess,
    full_tag("callActivity"): CallActivity,
}


class DiagramParser(SpiffBpmnParser):
    """Reads a whole diagram."""

    PROCESS_PARSER_CLASS = ProcessParser
    OVERRIDE_PARSER_CLASSES = {
        tag: (_with_own_loops(parser), _SPEC_CLASSES.get(tag, spec))
        for tag, (parser, spec) in SpiffBpmnParser.OVERRIDE_PARSER_CLASSES.items()
    } | {
        full_tag("exclusiveGateway"): (DecisionParser, ExclusiveGateway),
        full_tag("inclusiveGateway"): (DecisionParser, InclusiveGateway),
        full_tag("parallelGateway"): (GatewayParser, ParallelGateway),
    }
