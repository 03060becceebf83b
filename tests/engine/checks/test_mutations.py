"""Whatever happens to a diagram on its way, the checks answer with a report."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.checks import CATALOG, check_diagram
from tests.engine.checks.drawing import END, START, drawing, element, path, user_task, when, with_form, with_properties
from tests.engine.checks.faulty_diagrams import FORM
from tests.engine.checks.mutations import damaged, redrawn

REVIEW = with_properties(waktu="P3D", pisah_tugas="isi", persetujuan="paraf")
ORIGINAL = drawing(
    element("laneSet", "jalur", element("lane", "tim", "<bpmn:flowNodeRef>isi</bpmn:flowNodeRef>", 'name="Tim"'))
    + START
    + user_task("isi", with_form("isi.json"))
    + element("exclusiveGateway", "pilih", attributes='default="pilih_selesai"')
    + element("subProcess", "tahap", START.replace("mulai", "awal") + user_task("ulas", REVIEW)
              + END.replace("selesai", "akhir") + path("awal", "ulas", "akhir"))
    + element("boundaryEvent", "ingat", "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
              "</bpmn:timerEventDefinition>", 'attachedToRef="tahap" cancelActivity="false"')
    + user_task("tanya", "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>")
    + element("receiveTask", "terima", attributes='messageRef="surat"')
    + END
    + path("mulai", "isi", "pilih", "selesai") + path("tahap", "terima", "isi") + path("ingat", "tanya")
    + f'<bpmn:sequenceFlow id="lagi" sourceRef="pilih" targetRef="tahap">{when("catatan == 1")}</bpmn:sequenceFlow>',
    top='<bpmn:message id="surat" name="surat"/>',
)  # fmt: skip


def _assert_reported(xml: bytes) -> None:
    found = check_diagram("mutasi.bpmn", xml, {"isi.json": FORM}, {"administrator": frozenset({"siti"})})
    for problem in (*found.problems, *found.warnings):
        assert problem.code in CATALOG
        assert problem.line >= 1


def test_the_original_is_accepted() -> None:
    assert check_diagram("asli.bpmn", ORIGINAL, {"isi.json": FORM}).problems == ()


@settings(max_examples=200, deadline=None)
@given(redrawn(ORIGINAL))
def test_a_redrawn_diagram_ends_in_a_report(xml: bytes) -> None:
    _assert_reported(xml)


@settings(max_examples=200, deadline=None)
@given(damaged(ORIGINAL))
def test_a_damaged_file_ends_in_a_report(xml: bytes) -> None:
    _assert_reported(xml)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_report(content: bytes) -> None:
    _assert_reported(content)
