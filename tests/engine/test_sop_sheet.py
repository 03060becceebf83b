"""The SOP sheet that a diagram is read as: its rows, their marks, and the arrows between them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.engine.checks import check_diagram, process_keys
from app.engine.checks.readable import NotReadable
from app.engine.sop_sheet import NO_LANE, Connector, SopSheet, read_sheet
from app.errors import ProcessDefinitionNotFound
from tests.engine.checks.drawing import (
    END,
    START,
    around,
    drawing,
    element,
    flow,
    in_lane,
    path,
    user_task,
    with_properties,
)
from tests.sop import SOP_FOLDER

SOP = (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes()
DIAGRAMS = sorted((Path(__file__).parents[1] / "diagrams").glob("*.bpmn"))


@pytest.fixture(scope="module")
def sop() -> SopSheet:
    return read_sheet("penjenjangan_kinerja", SOP)


def sheet_of(*parts: str) -> SopSheet:
    return read_sheet("proses", drawing(START + "".join(parts) + END))


def arrows(sheet: SopSheet) -> list[tuple[int, int, str | None]]:
    return [(each.source, each.target, each.label) for each in sheet.connectors]


def decision(identifier: str, yes: str, no: str) -> str:
    """An exclusive gateway with two named exits."""
    exits = flow(identifier, yes, attributes='name="Ya"') + flow(identifier, no, attributes='name="Tidak"')
    return element("exclusiveGateway", identifier) + exits


def row(number: int, waktu: str | None = None, **told: str) -> str:
    return with_properties(baris_sop=str(number), **({"waktu": waktu} if waktu else {}), **told)


def test_the_sop_has_six_rows_in_the_columns_of_their_actors(sop: SopSheet) -> None:
    assert sop.lanes == ("Kepala Badan", "Sekretaris", "Tim", "Ketua Tim Kerja Sekretariat")
    assert [(row.number, row.lane, row.mark, row.caption, row.waktu_text) for row in sop.rows] == [
        (1, "Kepala Badan", "capsule", "Mulai", "3 menit"),
        (2, "Sekretaris", "box", None, "3 hari"),
        (3, "Tim", "box", None, "1 minggu"),
        (4, "Ketua Tim Kerja Sekretariat", "box", None, "1 bulan"),
        (5, "Sekretaris", "diamond", None, "1 minggu"),
        (6, "Kepala Badan", "capsule", "Selesai", "10 menit"),
    ]


def test_the_decision_of_the_sop_has_two_exits_one_of_them_back(sop: SopSheet) -> None:
    assert arrows(sop)[-2:] == [(5, 4, "Tidak"), (5, 6, "Ya")]
    assert [each.is_backward for each in sop.connectors] == [False, False, False, False, True, False]


def test_the_standard_times_of_the_sop_add_up(sop: SopSheet) -> None:
    assert sop.total == timedelta(days=47, minutes=13)
    assert sop.total_text == "47 hari 13 menit"


def test_the_words_of_the_sop_are_those_of_the_signed_sheet_without_its_slips(sop: SopSheet) -> None:
    first, *_, last = sop.rows
    assert first.description == "Memerintahkan untuk menyusun Penjenjangan Kinerja."
    assert (first.kelengkapan, first.output, first.keterangan) == (
        "Surat masuk",
        "Disposisi surat masuk",
        "SOP Surat Masuk",
    )
    assert last.description.startswith("Memberi tanda tangan penetapan penjenjangan kinerja dan memerintahkan")
    words = " ".join([*(f"{row}" for row in sop.rows), *sop.identity.values()])
    for slip in ("Penjurangan", "Team", "team", "pilar lingkungan", "Renstra, Renstra", "rancangan awal"):
        assert slip not in words


def test_what_the_kepala_orders_belongs_to_the_row_in_which_it_is_ordered(sop: SopSheet) -> None:
    last = sop.rows[-1]
    assert last.elements == ("penetapan", "distribusi_bidang", "unggah_esr", "unggah_situs_bappeda")
    assert (last.output, last.keterangan) == ("Dokumen Penjenjangan Kinerja", None)


def test_the_sop_is_shown_whole(sop: SopSheet) -> None:
    assert sop.findings == ()


def test_without_rows_of_its_own_a_diagram_is_numbered_along_its_flow() -> None:
    sheet = sheet_of(user_task("c"), user_task("a"), user_task("b"), path("mulai", "a", "b", "c", "selesai"))
    assert [(row.number, row.elements) for row in sheet.rows] == [(1, ("a",)), (2, ("b",)), (3, ("c",))]
    assert arrows(sheet) == [(1, 2, None), (2, 3, None)]


def test_what_leads_back_stands_before_what_follows_the_approval() -> None:
    sheet = sheet_of(
        *map(user_task, ("susun", "periksa", "tetapkan", "perbaiki")),
        decision("pilih", yes="tetapkan", no="perbaiki"),
        path("mulai", "susun", "periksa", "pilih") + path("perbaiki", "periksa") + path("tetapkan", "selesai"),
    )
    assert [row.elements[0] for row in sheet.rows] == ["susun", "periksa", "perbaiki", "tetapkan"]
    assert arrows(sheet) == [(1, 2, None), (2, 3, "Tidak"), (2, 4, "Ya"), (3, 2, None)]


def test_rows_are_numbered_without_gaps_whatever_the_designer_counts() -> None:
    sheet = sheet_of(
        user_task("a", row(20)), user_task("b", row(10)), user_task("c"), path("mulai", "b", "c", "a", "selesai")
    )
    assert [(row.number, row.elements) for row in sheet.rows] == [(1, ("b",)), (2, ("c",)), (3, ("a",))]


def test_a_row_has_one_mark_so_the_end_stands_apart_from_a_decision() -> None:
    sheet = sheet_of(
        in_lane("tim", "Tim", "periksa"),
        user_task("periksa"),
        decision("pilih", yes="selesai", no="periksa"),
        path("mulai", "periksa", "pilih"),
    )
    assert [(row.description, row.mark, row.lane) for row in sheet.rows] == [
        ("Mulai", "capsule", "Tim"),
        ("periksa", "diamond", "Tim"),
        ("Selesai", "capsule", "Tim"),
    ]
    assert arrows(sheet) == [(1, 2, None), (2, 2, "Tidak"), (2, 3, "Ya")]


def test_a_process_of_one_task_begins_with_it_and_ends_below() -> None:
    sheet = read_sheet("proses", around(user_task("isi", attributes='name="Mengisi formulir"')))
    assert [(row.description, row.caption) for row in sheet.rows] == [
        ("Mengisi formulir", "Mulai"),
        ("Selesai", "Selesai"),
    ]


def test_a_decision_that_no_single_activity_precedes_is_a_row_of_its_own() -> None:
    sheet = sheet_of(
        element("parallelGateway", "bagi") + path("bagi", "a", "pilih") + path("bagi", "b", "pilih"),
        *map(user_task, ("awal", "a", "b", "c")),
        decision("pilih", yes="c", no="awal"),
        path("mulai", "awal", "bagi") + path("c", "selesai"),
    )
    assert [row.mark for row in sheet.rows] == ["capsule", "box", "box", "diamond", "capsule"]


def test_what_several_rows_lead_to_is_the_end_of_none_of_them() -> None:
    sheet = sheet_of(
        user_task("awal"),
        element("parallelGateway", "bagi") + user_task("a") + user_task("b") + element("parallelGateway", "gabung"),
        path("mulai", "awal", "bagi", "a", "gabung", "selesai") + path("bagi", "b", "gabung"),
    )
    assert [row.caption for row in sheet.rows] == ["Mulai", None, None, "Selesai"]
    assert arrows(sheet) == [(1, 2, None), (1, 3, None), (2, 4, None), (3, 4, None)]


def test_activities_of_one_row_are_told_and_timed_together() -> None:
    sheet = sheet_of(
        user_task("a", row(1, "P1W", output="Surat", keterangan="Rangkap dua")),
        user_task("b", row(1, "PT90M", output="Surat")),
        path("mulai", "a", "b", "selesai"),
    )
    first = sheet.rows[0]
    assert (first.description, first.output, first.keterangan) == ("a\nb", "Surat", "Rangkap dua")
    assert first.waktu_text == "7 hari 1 jam 30 menit"


def test_columns_stand_as_the_lanes_are_drawn() -> None:
    drawn = (
        '<d:BPMNDiagram xmlns:d="http://www.omg.org/spec/BPMN/20100524/DI" id="d"><d:BPMNPlane>'
        '<d:BPMNShape bpmnElement="bawah"><dc:Bounds x="0" y="200"/></d:BPMNShape>'
        '<d:BPMNShape bpmnElement="atas"><dc:Bounds x="0" y="80"/></d:BPMNShape></d:BPMNPlane></d:BPMNDiagram>'
    )
    content = in_lane("bawah", "Tim", "a") + in_lane("atas", "Kepala", "b") + user_task("a") + user_task("b")
    flows = path("mulai", "a", "b", "selesai")
    assert read_sheet("proses", drawing(START + content + END + flows)).lanes == ("Tim", "Kepala")
    assert read_sheet("proses", drawing(START + content + END + flows, top=drawn)).lanes == ("Kepala", "Tim")


def test_work_in_no_lane_has_a_column_that_says_so() -> None:
    assert read_sheet("proses", around(user_task("isi"))).lanes == (NO_LANE,)


def test_a_sub_process_is_told_where_it_stands() -> None:
    inside = '<bpmn:startEvent id="awal"/><bpmn:endEvent id="akhir"/>' + user_task("b") + path("awal", "b", "akhir")
    sheet = sheet_of(
        user_task("a"),
        element("subProcess", "sub", inside),
        user_task("c"),
        path("mulai", "a", "sub", "c", "selesai"),
    )
    assert [row.elements for row in sheet.rows] == [("a",), ("b",), ("c",)]
    assert arrows(sheet) == [(1, 2, None), (2, 3, None)]


def test_what_an_event_interrupts_has_an_exit_of_the_events_name() -> None:
    late = element("boundaryEvent", "lewat", attributes='attachedToRef="a" name="Lewat waktu"')
    sheet = sheet_of(user_task("a"), late, user_task("b"), path("mulai", "a", "selesai"), path("lewat", "b", "selesai"))
    assert Connector(1, 2, "Lewat waktu") in sheet.connectors


def test_two_exits_that_lead_to_the_same_row_share_an_arrow() -> None:
    sheet = sheet_of(
        user_task("a") + user_task("b") + user_task("c") + decision("pilih", yes="b", no="kumpul"),
        element("exclusiveGateway", "kumpul"),
        path("mulai", "a", "pilih") + path("kumpul", "b", "c", "selesai"),
    )
    assert (2, 3, "Ya / Tidak") in arrows(sheet)


def test_no_sum_of_standard_times_is_too_long() -> None:
    tasks = "".join(user_task(f"t{number}", with_properties(waktu="P99999Y")) for number in range(40))
    sheet = sheet_of(tasks, path("mulai", *(f"t{number}" for number in range(40)), "selesai"))
    assert sheet.total == timedelta.max


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda path: path.stem)
def test_every_diagram_has_a_sheet(diagram: Path) -> None:
    xml = diagram.read_bytes()
    for key in process_keys(xml):
        sheet = read_sheet(key, xml)
        assert [row.number for row in sheet.rows] == list(range(1, len(sheet.rows) + 1))
        assert {row.lane for row in sheet.rows} <= set(sheet.lanes)
        assert {end for each in sheet.connectors for end in (each.source, each.target)} <= {
            row.number for row in sheet.rows
        }


def test_a_diagram_that_is_no_sop_is_not_asked_to_be_one() -> None:
    plain = drawing(START + element("task", "a") + element("subProcess", "b") + END + path("mulai", "a", "selesai"))
    assert not [each for each in check_diagram("a.bpmn", plain, {}).warnings if each.code.startswith("sop_")]


def test_branches_that_one_row_tells_need_no_symbol_and_others_do() -> None:
    def branches(first: int, second: int) -> set[str]:
        sheet = sheet_of(
            user_task("awal", row(1, "P1D")) + element("parallelGateway", "bagi"),
            user_task("a", row(first, "P1D")) + user_task("b", row(second, "P1D")),
            path("mulai", "awal", "bagi", "a", "selesai") + path("bagi", "b", "selesai"),
        )
        return {each.code for each in sheet.findings}

    assert branches(1, 1) == set()
    assert branches(1, 2) == {"sop_symbol_missing"}


def test_a_loop_that_no_start_reaches_is_told_all_the_same() -> None:
    sheet = sheet_of(decision("pilih", yes="a", no="b"), user_task("a"), user_task("b"), path("a", "pilih"))
    assert {element for row in sheet.rows for element in row.elements} >= {"a", "b", "pilih"}


def test_what_is_no_diagram_has_no_sheet() -> None:
    with pytest.raises(NotReadable):
        read_sheet("proses", b"PK\x03\x04")


def test_a_process_that_is_not_there_has_no_sheet() -> None:
    with pytest.raises(ProcessDefinitionNotFound):
        read_sheet("lain", SOP)
