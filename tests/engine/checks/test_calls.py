"""Call activities: inside the file, without recursion, without explosion."""

from __future__ import annotations

from tests.engine.checks.drawing import codes, drawing, element, report


def process(identifier: str, *called: str) -> str:
    """A process that starts and then, beside each other, calls others."""
    start = f'<bpmn:startEvent id="{identifier}_mulai"/>'
    calls = [f"{identifier}_{number}" for number in range(len(called))]
    activities = "".join(
        element("callActivity", call, attributes=f'calledElement="{key}"')
        for call, key in zip(calls, called, strict=True)
    )
    flows = "".join(f'<bpmn:sequenceFlow sourceRef="{identifier}_mulai" targetRef="{call}"/>' for call in calls)
    return element("process", identifier, start + activities + flows)


def file_of(*processes: str) -> bytes:
    return drawing('<bpmn:startEvent id="mulai"/>', top="".join(processes))


def test_a_process_may_call_others_of_the_file() -> None:
    assert report(file_of(process("a", "b", "c"), process("b", "c"), process("c"))).problems == ()


def test_recursion_by_way_of_others_is_refused_at_each_call_of_the_circle() -> None:
    found = report(file_of(process("a", "b"), process("b", "c"), process("c", "b"))).problems
    assert {(problem.code, problem.element_id) for problem in found} == {
        ("call_recursive", "b_0"),
        ("call_recursive", "c_0"),
    }


def test_a_called_process_must_be_executable() -> None:
    hidden = process("b").replace('id="b"', 'id="b" isExecutable="false"')
    assert codes(report(file_of(process("a", "b"), hidden)).problems) == {"call_not_in_file"}


def test_calls_that_double_at_each_level_are_refused() -> None:
    levels = [process(f"p{level}", f"p{level + 1}", f"p{level + 1}") for level in range(18)]
    assert codes(report(file_of(*levels, process("p18"))).problems) == {"too_many_elements"}
