"""What is accepted, what is mended, and how the answer is put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.engine.checks import check_diagram
from tests.engine.checks.drawing import (
    END,
    START,
    around,
    codes,
    drawing,
    drawn,
    element,
    flow,
    in_lane,
    path,
    report,
    user_task,
    when,
    with_form,
    with_properties,
)
from tests.engine.checks.faulty_diagrams import FORM, VALID

ROOT = Path(__file__).parents[3]
SOP = ROOT / "bpmn" / "penjenjangan-kinerja"
FORMS = {path.name: path.read_bytes() for path in (SOP / "forms").glob("*.json")}
TIMER = "<bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration></bpmn:timerEventDefinition>"
MERGE = element("exclusiveGateway", "ulang")
TIMEOUT = element("boundaryEvent", "lewat", TIMER.format("P3D"), 'attachedToRef="isi"')
CHOICE = (
    START + element("exclusiveGateway", "pilih") + user_task("a") + END + path("mulai", "pilih") + path("a", "selesai")
)


def test_the_sop_is_accepted_without_a_warning() -> None:
    found = check_diagram("sop.bpmn", (SOP / "penjenjangan-kinerja.bpmn").read_bytes(), FORMS)
    assert (found.problems, found.warnings) == ((), ())
    assert found.process_keys == ("penjenjangan_kinerja",)
    assert sorted(FORMS) == list(found.form_names["penjenjangan_kinerja"])


@pytest.mark.parametrize(
    "xml",
    [
        pytest.param(VALID, id="the smallest process"),
        pytest.param(b"\xef\xbb\xbf" + VALID, id="with a byte order mark"),
        pytest.param(('<?xml version="1.0" encoding="UTF-16"?>' + VALID.decode()).encode("utf-16"), id="in UTF-16"),
        pytest.param(VALID.replace(b'isExecutable="true"', b""), id="executable by default"),
        pytest.param(VALID.replace(b'id="mulai_isi"', b""), id="a flow without an id"),
        pytest.param(around(user_task("isi", attributes='name="&lt;script&gt;"')), id="markup in a name"),
        pytest.param(around(element("intermediateCatchEvent", "isi", TIMER.format("PT1H"))), id="a bare duration"),
        pytest.param(around(element("intermediateCatchEvent", "isi", TIMER.format("'PT1H'"))), id="a quoted duration"),
        pytest.param(
            around(element("intermediateCatchEvent", "isi", TIMER.format("lama"))), id="a duration in a variable"
        ),
        pytest.param(drawing(START + user_task("isi") + path("mulai", "isi")), id="a branch without an end event"),
        pytest.param(
            drawing(
                CHOICE
                + flow("pilih", "a", when("1 &lt; 2 <!-- x --> and 5 &gt; 9"))
                + flow("pilih", "selesai", when("True"))
            ),
            id="a comment in a condition",
        ),
        pytest.param(
            drawing(
                START
                + user_task("isi")
                + END
                + element("dataObjectReference", "surat")
                + path("mulai", "isi", "selesai")
            ),
            id="a data object that is only drawn",
        ),
        pytest.param(
            drawing(
                START
                + element("receiveTask", "isi", attributes='messageRef="bpmn:surat"')
                + END
                + path("mulai", "isi", "selesai"),
                top='<bpmn:message id="surat" name="Surat"/>',
            ).replace(
                b"<bpmn:definitions", b'<bpmn:definitions targetNamespace="http://www.omg.org/spec/BPMN/20100524/MODEL"'
            ),
            id="a reference with the prefix of the file's own namespace",
        ),
        pytest.param(
            around(
                user_task(
                    "isi",
                    "<bpmn:potentialOwner><bpmn:resourceAssignmentExpression><bpmn:formalExpression>"
                    "user(budi), group(tim)</bpmn:formalExpression></bpmn:resourceAssignmentExpression>"
                    "</bpmn:potentialOwner>",
                )
            ),
            id="people named in another engine's way",
        ),
        pytest.param(
            drawing(
                START
                + user_task("isi")
                + TIMEOUT
                + END
                + MERGE
                + path("mulai", "ulang", "isi", "ulang")
                + path("lewat", "selesai")
            ),
            id="a task that is repeated until a timer ends it",
        ),
        pytest.param(
            drawing(
                START
                + element("parallelGateway", "bagi")
                + user_task("isi")
                + user_task("ingat")
                + element("endEvent", "selesai", "<bpmn:terminateEventDefinition/>")
                + path("mulai", "bagi", "isi", "selesai")
                + MERGE
                + path("bagi", "ulang", "ingat", "ulang")
            ),
            id="a branch without an end beside one that ends everything",
        ),
    ],
)
def test_it_is_accepted(xml: bytes) -> None:
    assert report(xml).problems == ()


def test_every_problem_comes_in_one_answer_in_the_order_of_lines() -> None:
    found = report(
        drawing(
            START
            + user_task("isi", with_properties(waktu="tiga hari"))
            + element("serviceTask", "kirim")
            + user_task("lepas", with_form("hilang.json"))
            + END
            + path("mulai", "isi", "kirim", "selesai")
        )
    )
    assert {"duration_malformed", "not_supported_yet", "form_missing"} <= codes(found.problems)
    assert [problem.line for problem in found.problems] == sorted(problem.line for problem in found.problems)


def test_a_broken_flow_does_not_blame_the_elements_behind_it() -> None:
    found = report(drawing(START + user_task("isi") + END + flow("mulai", "is") + path("isi", "selesai")))
    assert codes(found.problems) == {"reference_unresolved"}


def test_an_element_without_an_id_is_named_by_its_nearest_ancestor() -> None:
    inside = START + '<bpmn:subProcess id="tahap"><bpmn:task name="Ulas"/></bpmn:subProcess>'
    found = [problem for problem in report(drawing(inside)).problems if problem.code == "id_missing"]
    assert [(problem.element_id, problem.reason) for problem in found] == [("tahap", 'Task "Ulas" has no id.')]


def test_a_drawing_of_another_party_is_not_judged() -> None:
    inside = '<bpmn:serviceTask/><bpmn:sequenceFlow sourceRef="x"/>'
    other = element("process", "lain", inside, 'isExecutable="false"')
    found = check_diagram("dua.bpmn", drawing(START + END + path("mulai", "selesai"), top=other), {})
    assert (found.problems, found.process_keys) == ((), ("proses",))


def test_each_process_names_its_forms_and_those_of_the_processes_it_calls() -> None:
    called = element(
        "process",
        "arsip",
        START.replace("mulai", "awal") + user_task("simpan", with_form("arsip.json")) + path("awal", "simpan"),
    )
    found = report(
        drawing(
            START
            + user_task("isi", with_form("isi.json"))
            + element("callActivity", "panggil", attributes='calledElement="arsip"')
            + path("mulai", "isi", "panggil"),
            top=called,
            attributes='id="proses" name="Proses" isExecutable="true"',
        ),
        isi=FORM,
        arsip=FORM,
    )
    assert found.problems == ()
    assert found.form_names == {"arsip": ("arsip.json",), "proses": ("arsip.json", "isi.json")}
    assert found.names == {"arsip": "arsip", "proses": "Proses"}


def test_a_task_inside_a_sub_process_has_the_lane_of_the_sub_process() -> None:
    lane = element("lane", "tim", "<bpmn:flowNodeRef> tahap </bpmn:flowNodeRef>", 'name="Tim"')
    lanes = element("laneSet", "jalur", lane)
    inside = (
        START.replace("mulai", "awal")
        + user_task("isi")
        + END.replace("selesai", "akhir")
        + path("awal", "isi", "akhir")
    )
    found = report(
        drawing(lanes + START + element("subProcess", "tahap", inside) + END + path("mulai", "tahap", "selesai"))
    )
    assert (found.problems, codes(found.warnings)) == ((), {"drawing_missing"})


def test_a_misspelt_variable_is_doubted_only_when_all_forms_are_known() -> None:
    wrong = around(
        user_task("isi", with_form("isi.json")).replace(
            "</bpmn:extensionElements>",
            "<spiffworkflow:postScript>a = catatn</spiffworkflow:postScript></bpmn:extensionElements>",
        )
    )
    assert "variable_never_set" in codes(report(wrong, isi=FORM).warnings)
    assert "variable_never_set" not in codes(report(wrong).warnings)


def test_a_form_that_shows_what_nothing_sets_is_doubted() -> None:
    shown = FORM.replace(b'"string"', b'"string", "readOnly": true')
    xml = drawing(
        START
        + user_task("isi", with_form("isi.json"))
        + user_task("periksa", with_form("periksa.json"))
        + END
        + path("mulai", "isi", "periksa", "selesai")
    )
    assert "variable_never_set" not in codes(report(xml, isi=FORM, periksa=shown).warnings)
    doubts = [each.reason for each in report(xml, isi=shown, periksa=shown).warnings]
    assert 'User task "periksa": the form reads "catatan", which no form and no script sets.' in doubts


@pytest.mark.parametrize("text", ["x" * 1001, "(" * 500, "\u2028", "a\x85b", "f'{x}'", "[" * 90 + "]" * 90])
def test_odd_expressions_end_in_a_problem(text: str) -> None:
    xml = drawing(CHOICE + flow("pilih", "a", when(text)) + flow("pilih", "selesai", when("True")))
    assert codes(report(xml).problems) <= {"expression_malformed", "expression_missing"}
    assert report(xml).problems


def test_switches_are_true_or_false_for_the_engine_takes_1_for_false() -> None:
    timer = TIMER.format("PT1H")
    late = element("boundaryEvent", "lewat", timer, 'attachedToRef="isi" cancelActivity="1"')
    assert codes(report(around(user_task("isi") + late)).problems) == {"setting_not_supported"}


@pytest.mark.parametrize(
    "child",
    ['<bpmn:eventDefinition xsi:type="bpmn:tTimerEventDefinition"/>', '<bpmn:loopCharacteristics id="ulangi"/>'],
)
def test_a_child_that_the_engine_would_pass_over_is_refused(child: str) -> None:
    xml = around(element("startEvent" if "event" in child else "userTask", "isi", child)).replace(
        b"<bpmn:definitions", b'<bpmn:definitions xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    )
    assert "element_unknown" in codes(report(xml).problems)


@pytest.mark.parametrize("coordinate", ["nan", "inf", "-inf", "1e999", "kiri", ""])
def test_a_place_in_the_drawing_is_a_finite_number(coordinate: str) -> None:
    shape = f'<bpmndi:BPMNShape id="bentuk" bpmnElement="isi"><dc:Bounds x="{coordinate}"/></bpmndi:BPMNShape>'
    found = report(drawing(START + user_task("isi") + path("mulai", "isi"), top=drawn(shape)))
    assert codes(found.problems) == {"bounds_malformed"}


def test_whatever_is_not_drawn_is_named() -> None:
    shapes = "".join(
        f'<bpmndi:BPMNShape bpmnElement="{identifier}"><dc:Bounds x="1" y="1"/></bpmndi:BPMNShape>'
        for identifier in ("mulai", "berkas:selesai")
    )
    inside = in_lane("tim", "Tim", "isi") + START + user_task("isi") + END + path("mulai", "isi", "selesai")
    ends = '<di:waypoint x="1" y="2"/><di:waypoint x="2" y="2"/>'
    edge = f'<bpmndi:BPMNEdge bpmnElement="mulai_isi">{ends}</bpmndi:BPMNEdge>'
    found = report(drawing(inside, top=drawn(shapes + edge)))
    told = [warning.element_id for warning in found.warnings if warning.code == "not_drawn"]
    assert told == ["tim", "isi", "isi_selesai"]


def test_the_name_of_a_message_is_no_expression_of_another_engine() -> None:
    waiting = element("receiveTask", "isi", attributes='messageRef="surat"')
    inside = START + waiting + END + path("mulai", "isi", "selesai")
    found = report(drawing(inside, top='<bpmn:message id="surat" name="surat-${nomor}"/>'))
    assert [(problem.code, problem.element_id) for problem in found.problems] == [("expression_is_juel", "surat")]
