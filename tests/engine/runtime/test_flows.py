"""The sequence flows that steps tell of are the way that the tokens took, none missing and none made up.

Random walks through every test diagram, each replayed on the diagram's XML, which knows nothing of the engine.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from app.engine import running
from app.engine.step import Step
from tests.engine.runtime.diagrams import DIAGRAMS, Play, drawn, flow
from tests.engine.runtime.test_state_forgets_only_history import WALKS, Walk, moves

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"


@dataclass
class Drawn:
    """What a diagram's XML says."""

    #: flow → its two ends
    flows: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: element → its kind
    kinds: dict[str, str] = field(default_factory=dict)
    #: element inside a subprocess, or a called process → the activity
    around: dict[str, str] = field(default_factory=dict)
    #: boundary event → the activity that it stands at
    attached: dict[str, str] = field(default_factory=dict)
    #: activities that are repeated by a marker
    repeated: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, diagram: str) -> Drawn:
        drawn, root = cls(), ET.parse(DIAGRAMS / f"{diagram}.bpmn").getroot()  # noqa: S314 - our own
        calls = {call.get("calledElement"): call.get("id") for call in root.iter(f"{BPMN}callActivity")}
        for process in root.iter(f"{BPMN}process"):
            drawn._read(process, calls.get(process.get("id")))
        return drawn

    def _read(self, container: ET.Element, around: str | None) -> None:
        for node in container:
            kind, id_ = node.tag.removeprefix(BPMN), node.get("id", "")
            if kind == "sequenceFlow":
                self.flows[id_] = (node.get("sourceRef", ""), node.get("targetRef", ""))
                continue
            self.kinds[id_] = kind
            if around is not None:
                self.around[id_] = around
            if kind == "boundaryEvent":
                self.attached[id_] = node.get("attachedToRef", "")
            if any(child.tag.endswith("LoopCharacteristics") for child in node):
                self.repeated.add(id_)
            if kind == "subProcess":
                self._read(node, id_)

    def into(self, id_: str) -> list[str]:
        return [flow for flow, (_, target) in self.flows.items() if target == id_]

    def follows_event_gateway(self, id_: str) -> bool:
        return any(self.kinds[self.flows[flow][0]] == "eventBasedGateway" for flow in self.into(id_))

    def out_of(self, id_: str) -> list[str]:
        return [flow for flow, (source, _) in self.flows.items() if source == id_]


@dataclass
class Way:
    """The flows of one instance so far, and what they must agree with."""

    drawn: Drawn
    taken: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    seen: set[Any] = field(default_factory=set)
    opened: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)

    def follow(self, step: Step) -> None:
        for taken in step.flows:
            source, target = self.drawn.flows[taken]
            assert self._may_leave(source), (taken, step.flows)
            self.taken[taken] += 1
            self.reached[target] += 1
        for event in step.events:
            if event.type == "timer_fired" and event.element_id is not None:
                self.fired[event.element_id] += 1
            self.decided.update(chosen["id"] for chosen in event.payload.get("flows", ()))
        new = [task for task in step.open_user_tasks if task.element_task_id not in self.seen]
        self.seen |= {task.element_task_id for task in new}
        self.opened.update(task.element_id for task in new)

    def _may_leave(self, element: str) -> bool:
        """Whether a token may be there: it came by a flow, or began there inside of something that one had reached."""
        if self.reached[element]:
            return True
        begins_at = self.drawn.attached.get(element) or self.drawn.around.get(element)
        begins = self.drawn.kinds[element] in {"startEvent", "boundaryEvent"} or not self.drawn.into(element)
        return begins and (begins_at is None or self._may_leave(begins_at))

    def agrees(self, step: Step, completed: Counter[str]) -> None:
        for element, kind in self.drawn.kinds.items():
            came = sum(self.taken[flow] for flow in self.drawn.into(element))
            left = [self.taken[flow] for flow in self.drawn.out_of(element)]
            if kind == "userTask" and element not in self.drawn.repeated:
                assert came == self.opened[element], element
                assert left == [completed[element]] * len(left), element
            if kind == "exclusiveGateway":
                assert came == sum(left), element
            if kind in {"exclusiveGateway", "inclusiveGateway"} and len(left) > 1:
                assert left == [self.decided[flow] for flow in self.drawn.out_of(element)], element
            if kind == "boundaryEvent" and element in self.fired:
                assert left == [self.fired[element]] * len(left), element
            if kind == "startEvent":
                around = self.drawn.around.get(element)
                begun = self.reached[around] if around else 1
                assert around in self.drawn.repeated or left == [begun] * len(left), element
            if kind in {"subProcess", "scriptTask", "intermediateCatchEvent"} or element in self.drawn.repeated:
                assert left == left[:1] * len(left)
                assert not left or left[0] <= came or self.drawn.follows_event_gateway(element), element
            if kind == "parallelGateway" and step.status == "active":
                fired = min(self.taken[flow] for flow in self.drawn.into(element))
                assert left == [fired] * len(left), element


@pytest.mark.parametrize("diagram", sorted(path.stem for path in DIAGRAMS.glob("*.bpmn")))
@settings(max_examples=min(WALKS, 15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_the_flows_of_all_steps_are_the_way_that_the_tokens_took(
    diagram: str, moves: list[tuple[int, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MAX_STEPS", 80)
    way, completed = Way(Drawn.of(diagram)), Counter[str]()
    for step, done in _steps(Walk(diagram), moves):
        way.follow(step)
        completed.update(done)
        way.agrees(step, completed)


def _steps(walk: Walk, moves: list[tuple[int, dict[str, Any]]]) -> Iterator[tuple[Step, list[str]]]:
    """Each step with the element of the user task that it completed."""
    done: list[str] = []
    for choice, submitted in moves:
        if isinstance(walk.step, str) or walk.step.status != "active":
            break
        yield walk.step, done
        tasks = walk.step.open_user_tasks
        done = [] if choice == 7 or not tasks else [tasks[choice % len(tasks)].element_id]
        walk.move(choice, submitted)
    if not isinstance(walk.step, str):
        yield walk.step, done


def test_two_flows_from_one_gateway_to_one_element_are_two_ways() -> None:
    second = flow("bagi", "isi").replace('id="bagi_isi"', 'id="lain"')
    body = '<bpmn:startEvent id="mulai"/><bpmn:parallelGateway id="bagi"/><bpmn:userTask id="isi"/>'
    play = Play(drawn(body + flow("mulai", "bagi") + flow("bagi", "isi") + second))
    assert (play.step.flows, play.open) == (("mulai_bagi", "bagi_isi", "lain"), ["isi", "isi"])


def test_each_firing_of_a_repeating_timer_is_a_way_of_its_own() -> None:
    play = Play("reminders")
    steps = [play.wait(hours=1000) for _ in range(3)]
    assert [step.flows for step in steps] == [("sekali_ingatkan", "berulang_tegur"), *[("berulang_tegur",)] * 2]
