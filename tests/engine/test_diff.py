"""What was changed between two versions is told exactly: no more, no less, and by the element that it is about."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.diff import KINDS, Difference, Files, compare, is_layout_only
from tests.engine.checks.drawing import (
    END,
    START,
    around,
    drawing,
    element,
    extended,
    flow,
    in_lane,
    path,
    when,
    with_properties,
)
from tests.engine.checks.drawing import user_task as task
from tests.sop import SOP_FOLDER, SOP_KEY, read_folder

FILES = read_folder(SOP_FOLDER)
SOP = FILES.pop("penjenjangan-kinerja.bpmn").decode()

#: kind, element or form, property, old, new
Told = tuple[str, str | None, str | None, str | None, str | None]


def told(difference: Difference) -> Told:
    subject = difference.element_id or difference.name
    return difference.kind, subject, difference.property, difference.old, difference.new


def changed(old: bytes, new: bytes, key: str = "proses") -> list[Told]:
    differences = compare(key, Files(old, {}), Files(new, {}))
    assert {difference.kind for difference in differences} <= KINDS.keys()
    return [told(difference) for difference in differences]


def in_sop(old: str, new: str, count: int = 1) -> list[Told]:
    assert old in SOP
    return changed(SOP.encode(), SOP.replace(old, new, count).encode(), SOP_KEY)


def test_a_diagram_equals_itself_whatever_tool_wrote_it() -> None:
    written_otherwise = (
        re.sub(r"\bbpmn:", "semantic:", SOP)
        .replace("xmlns:bpmn=", "xmlns:semantic=")
        .replace("spiffworkflow:", "s:")
        .replace("xmlns:s:", "xmlns:s")
        .replace("xmlns:spiffworkflow", "xmlns:s")
        .replace("<bpmndi:BPMNLabel />", "")
        .replace(
            'sourceRef="mulai" targetRef="perintah_penyusunan"', 'targetRef="perintah_penyusunan" sourceRef="mulai"'
        )
        .replace('xsi:type="bpmn:tFormalExpression"', 'id="FormalExpression_1"')
        .replace('x="320"', 'x="320.0"')
        .replace("<semantic:incoming>alur_mulai</semantic:incoming>", "")
        .replace('targetNamespace="', 'exporter="Modeler" exporterVersion="5" targetNamespace="')
    )
    written_otherwise = re.sub(r">\s+<", "><", written_otherwise)
    assert changed(SOP.encode(), written_otherwise.encode(), SOP_KEY) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'name="Memeriksa konsep rancangan"',
            'name="Memeriksa"',
            ("element_renamed", "pemeriksaan_konsep", None, "Memeriksa konsep rancangan", "Memeriksa"),
        ),
        ('name="Tidak"', 'name="Belum"', ("flow_renamed", "alur_disetujui_tidak", None, "Tidak", "Belum")),
        ('name="Sekretaris"', 'name="Kabid"', ("lane_renamed", "lane_sekretaris", None, "Sekretaris", "Kabid")),
        (
            'Gateway id="pembagian_tindak_lanjut"',
            'Gateway id="pembagian_tindak_lanjut" name="Bagi"',
            ("element_renamed", "pembagian_tindak_lanjut", None, None, "Bagi"),
        ),
        (
            'keputusan == "tidak"',
            'keputusan != "ya"',
            ("condition_changed", "alur_disetujui_tidak", None, 'keputusan == "tidak"', 'keputusan != "ya"'),
        ),
        (
            'sourceRef="keputusan_pemeriksaan" targetRef="penyusunan_konsep"',
            'sourceRef="keputusan_pemeriksaan" targetRef="rapat_koordinasi"',
            ("flow_rerouted", "alur_disetujui_tidak", "target", "penyusunan_konsep", "rapat_koordinasi"),
        ),
        (
            'id="keputusan_pemeriksaan" name',
            'id="keputusan_pemeriksaan" default="alur_disetujui_ya" name',
            ("default_flow_changed", "keputusan_pemeriksaan", None, None, "alur_disetujui_ya"),
        ),
        ('"waktu" value="P3D"', '"waktu" value="P5D"', ("property_changed", "pembentukan_tim", "waktu", "P3D", "P5D")),
        (
            '<spiffworkflow:property name="pisah_tugas" value="penyusunan_konsep" />',
            "",
            ("property_changed", "pemeriksaan_konsep", "pisah_tugas", "penyusunan_konsep", None),
        ),
        (
            'value="TIHAR, SE, M.Si"',
            'value="Siti"',
            ("property_changed", SOP_KEY, "disahkan_oleh", "TIHAR, SE, M.Si", "Siti"),
        ),
        (
            'lane_owners = {"Tim": anggota_tim}',
            "a = 1",
            ("script_changed", "pembentukan_tim", "postScript", 'lane_owners = {"Tim": anggota_tim}', "a = 1"),
        ),
        (
            "Keputusan Sekretaris atas konsep yang diperiksa.",
            "Diputus Sekretaris.",
            (
                "documentation_changed",
                "keputusan_pemeriksaan",
                None,
                "Keputusan Sekretaris atas konsep yang diperiksa.",
                "Diputus Sekretaris.",
            ),
        ),
        (
            "Unggah dokumen pada ESR, lalu catat bukti unggahnya di sini.",
            "Unggah.",
            (
                "instructions_changed",
                "unggah_esr",
                None,
                "Unggah dokumen pada ESR, lalu catat bukti unggahnya di sini.",
                "Unggah.",
            ),
        ),
        (
            '<bpmn:process id="penjenjangan_kinerja" name="Penjenjangan Kinerja"',
            '<bpmn:process id="penjenjangan_kinerja" name="Penjenjangan"',
            ("element_renamed", SOP_KEY, None, "Penjenjangan Kinerja", "Penjenjangan"),
        ),
        (
            '<dc:Bounds x="320" y="105"',
            '<dc:Bounds x="330" y="105"',
            (
                "layout_changed",
                "perintah_penyusunan",
                None,
                "Bounds(height=80 width=120 x=320 y=105)",
                "Bounds(height=80 width=120 x=330 y=105)",
            ),
        ),
    ],
)
def test_one_edit_of_the_sop_is_one_difference(old: str, new: str, expected: Told) -> None:
    assert in_sop(old, new) == [expected]


def test_a_task_in_another_lane_has_moved_and_a_renamed_lane_moves_nobody() -> None:
    moved = SOP.replace("<bpmn:flowNodeRef>rapat_koordinasi</bpmn:flowNodeRef>", "").replace(
        "<bpmn:flowNodeRef>penetapan</bpmn:flowNodeRef>",
        "<bpmn:flowNodeRef>penetapan</bpmn:flowNodeRef><bpmn:flowNodeRef>rapat_koordinasi</bpmn:flowNodeRef>",
    )
    assert changed(SOP.encode(), moved.encode(), SOP_KEY) == [
        ("moved_to_lane", "rapat_koordinasi", None, "Tim", "Kepala Badan")
    ]
    redrawn = in_sop('id="lane_tim" name="Tim"', 'id="Lane_1" name="Tim"')
    assert redrawn == [
        ("lane_added", "Lane_1", None, None, None),
        ("lane_removed", "lane_tim", None, None, None),
    ]


def test_another_type_says_so_and_what_went_with_it() -> None:
    before = around(task("isi", with_properties(waktu="P1D")))
    assert changed(before, around(element("manualTask", "isi"))) == [
        ("type_changed", "isi", None, "userTask", "manualTask"),
        ("property_changed", "isi", "waktu", "P1D", None),
    ]


def test_a_new_element_is_told_with_its_flows_and_a_removed_one_comes_last() -> None:
    before = drawing(START + task("a") + END + path("mulai", "a", "selesai"))
    after = drawing(START + task("b") + END + path("mulai", "b", "selesai"))
    differences = compare("proses", Files(before, {}), Files(after, {}))
    assert [(each.kind, each.element_id, each.old, each.new) for each in differences] == [
        ("element_added", "b", None, None),
        ("flow_added", "mulai_b", None, "mulai → b"),
        ("flow_added", "b_selesai", None, "b → selesai"),
        ("element_removed", "a", None, None),
        ("flow_removed", "mulai_a", "mulai → a", None),
        ("flow_removed", "a_selesai", "a → selesai", None),
    ]
    assert [each.line for each in differences] == [4, 5, 6, None, None, None]


def test_the_order_in_which_a_gateway_tries_its_flows_is_told_as_it_decides_which_is_taken() -> None:
    def deciding(*targets: str) -> bytes:
        flows = "".join(flow("pilih", target, when("a == 1")) for target in targets)
        return drawing(element("exclusiveGateway", "pilih") + task("x") + task("y") + task("z") + flows)

    assert changed(deciding("x", "y"), deciding("y", "x")) == [
        ("decision_order_changed", "pilih", None, "pilih_x, pilih_y", "pilih_y, pilih_x")
    ]
    added = [("flow_added", "pilih_z", None, None, "pilih → z")]
    assert changed(deciding("x", "y"), deciding("z", "x", "y")) == added


def test_what_goes_into_a_subprocess_has_moved() -> None:
    inner = '<bpmn:startEvent id="awal"/>{}<bpmn:endEvent id="akhir"/>'
    outside = drawing(START + task("isi") + element("subProcess", "sub", inner.format("")) + END)
    inside = drawing(START + element("subProcess", "sub", inner.format(task("isi"))) + END)
    assert changed(outside, inside) == [("moved_to_container", "isi", None, "proses", "sub")]


LOOP = "multiInstanceLoopCharacteristics"


def part(tag: str, inside: str, attributes: str = "") -> str:
    return f"<bpmn:{tag} {attributes}>{inside}</bpmn:{tag}>"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            part("timerEventDefinition", "<bpmn:timeDuration>PT1H</bpmn:timeDuration>"),
            part("timerEventDefinition", "<bpmn:timeDuration>PT2H</bpmn:timeDuration>", 'id="Timer_1"'),
            [("event_changed", "isi", "timerEventDefinition/timeDuration", "PT1H", "PT2H")],
        ),
        (
            '<bpmn:messageEventDefinition messageRef="m1"/>',
            '<bpmn:messageEventDefinition messageRef="m2"/>',
            [("event_changed", "isi", "messageEventDefinition/messageRef/name", "surat", "balasan")],
        ),
        (
            '<bpmn:messageEventDefinition messageRef="m1"/>',
            '<bpmn:messageEventDefinition messageRef="m3"/>',
            [],
        ),
        (
            "",
            "<bpmn:terminateEventDefinition/>",
            [("event_changed", "isi", "terminateEventDefinition", None, "")],
        ),
        (
            part(LOOP, "<bpmn:loopCardinality>2</bpmn:loopCardinality>", 'isSequential="false"'),
            part(LOOP, "<bpmn:loopCardinality>3</bpmn:loopCardinality>", 'isSequential="true"'),
            [
                ("loop_changed", "isi", "multiInstanceLoopCharacteristics/isSequential", None, "true"),
                ("loop_changed", "isi", "multiInstanceLoopCharacteristics/loopCardinality", "2", "3"),
            ],
        ),
        (extended('<camunda:in source="a"/>'), "", [("extension_changed", "isi", "in/source", "a", None)]),
    ],
)
def test_what_an_element_waits_for_and_how_it_repeats_is_compared_by_what_it_means(
    old: str, new: str, expected: list[Told]
) -> None:
    top = (
        '<bpmn:message id="m1" name="surat"/><bpmn:message id="m2" name="balasan"/><bpmn:message id="m3" name="surat"/>'
    )
    before, after = (
        drawing(START + element("x", "y") + element("userTask", "isi", each) + END, top=top) for each in (old, new)
    )
    assert changed(before, after) == expected


def test_what_a_called_process_says_is_told_of_its_caller_and_that_of_others_is_not() -> None:
    def file(name: str) -> bytes:
        tasks = {key: task(f"isi_{key}", attributes=f'name="{name}"') for key in ("dipanggil", "lain")}
        processes = "".join(part("process", inside, f'id="{key}" isExecutable="true"') for key, inside in tasks.items())
        return drawing(element("callActivity", "panggil", attributes='calledElement="dipanggil"'), top=processes)

    assert changed(file("lama"), file("baru")) == [("element_renamed", "isi_dipanggil", None, "lama", "baru")]


def test_of_countless_attributes_only_the_first_are_compared() -> None:
    countless = around(task("isi", attributes=" ".join(f'a{number}="1"' for number in range(5_000))))
    assert len(changed(around(task("isi")), countless)) < 200


def test_only_moved_shapes_are_a_change_of_layout_alone() -> None:
    forms = dict(FILES)
    moved = Files(SOP.replace('x="320" y="105"', 'x="300" y="100"').encode(), forms)
    before = Files(SOP.encode(), forms)
    assert is_layout_only(compare(SOP_KEY, before, moved))
    assert not is_layout_only(compare(SOP_KEY, before, before))
    renamed = Files(moved.xml.replace(b'name="Mulai"', b'name="Awal"'), forms)
    assert not is_layout_only(compare(SOP_KEY, before, renamed))


_COLOURED = (
    'xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" '
    'xmlns:color="http://www.omg.org/spec/BPMN/non-normative/color/1.0" '
    'bioc:fill="#bbdefb" color:background-color="#bbdefb" '
)


@pytest.mark.parametrize("drawn", ["rapat_koordinasi", "lane_tim", "alur_disetujui_ya"])
def test_another_colour_is_a_change_of_layout(drawn: str) -> None:
    subject = f'bpmnElement="{drawn}"'
    [(kind, element_id, _, _, new)] = in_sop(subject, _COLOURED + subject)
    assert (kind, element_id) == ("layout_changed", drawn)
    assert "background-color=#bbdefb" in str(new)
    recoloured = SOP.replace(subject, _COLOURED + subject)
    [(kind, *_)] = changed(recoloured.encode(), recoloured.replace("#bbdefb", "#ffe0b2").encode(), SOP_KEY)
    assert kind == "layout_changed"


def grouped(label: str, value_id: str = "nilai") -> bytes:
    reference = f"<bpmn:categoryValueRef>{value_id}</bpmn:categoryValueRef>"
    category = element("category", "kategori", element("categoryValue", value_id, attributes=f'value="{label}"'))
    group = element("group", "kelompok", attributes=f'categoryValueRef="{value_id}"')
    return drawing(START + task("isi", reference) + group, top=category)


def test_a_group_is_told_by_itself_and_not_of_what_it_is_drawn_round() -> None:
    assert changed(drawing(START + task("isi")), grouped("Rapat")) == [("element_added", "kelompok", None, None, None)]
    assert changed(grouped("Rapat"), grouped("Rapat", "nilai_2")) == []
    assert changed(grouped("Rapat"), grouped("Sidang")) == [
        ("setting_changed", "kelompok", "categoryValueRef/value", "Rapat", "Sidang")
    ]


def form_of(**properties: Any) -> bytes:
    required = [name for name, field in properties.items() if field.pop("required", False)]
    return json.dumps({"type": "object", "properties": properties, "required": required}).encode()


def test_forms_are_told_field_by_field_with_the_tasks_that_use_them() -> None:
    xml = around(task("isi", with_properties(formJsonSchemaFilename="isi.json")))
    old = form_of(nama={"type": "string"}, umur={"type": "integer", "maximum": 9}, tetap={"type": "string"})
    new = form_of(
        umur={"type": "integer", "maximum": 8, "required": True}, tetap={"type": "string"}, baru={"type": "null"}
    )
    differences = compare("proses", Files(xml, {"isi.json": old}), Files(xml, {"isi.json": new}))
    assert [told(each) for each in differences] == [
        ("form_changed", "isi.json", None, None, None),
        ("form_field_changed", "isi.json", "/properties/umur", '{"maximum":9}', '{"maximum":8,"required":true}'),
        ("form_field_added", "isi.json", "/properties/baru", None, '{"type":"null"}'),
        ("form_field_removed", "isi.json", "/properties/nama", '{"type":"string"}', None),
    ]
    assert {each.used_by for each in differences} == {("isi",)}


def test_a_form_that_is_only_written_otherwise_is_the_same() -> None:
    xml = around(task("isi", with_properties(formJsonSchemaFilename="isi.json")))
    old = form_of(a={"type": "string"}, b={"type": "string"})
    new = json.dumps(json.loads(old), indent=2, sort_keys=True).encode()
    assert compare("proses", Files(xml, {"isi.json": old}), Files(xml, {"isi.json": new})) == ()
    gone = compare("proses", Files(xml, {"isi.json": old}), Files(around(task("isi")), {}))
    assert ("form_removed", "isi.json", None, None, None) in map(told, gone)


# Random edits of a drawn process, each of an element of its own; what they amount to is known beforehand.


@dataclass
class Node:
    tag: str = "userTask"
    name: str = "Nama"
    lane: str = "l1"
    text: str = "Uraian"
    x: int = 100
    properties: dict[str, str] = field(default_factory=lambda: {"waktu": "P1D"})


@dataclass
class Drawn:
    nodes: dict[str, Node]
    flows: dict[str, tuple[str, str, str]]

    @classmethod
    def chain(cls, length: int) -> Drawn:
        flows = {f"f{number}": (f"n{number}", f"n{number + 1}", "a == 1") for number in range(length - 1)}
        return cls({f"n{number}": Node() for number in range(length)}, flows)

    def xml(self) -> bytes:
        lanes = "".join(
            in_lane(lane, name, *(each for each, node in self.nodes.items() if node.lane == lane))
            for lane, name in (("l1", "Satu"), ("l2", "Dua"))
        )
        nodes = "".join(self._node(each, node) for each, node in self.nodes.items())
        flows = "".join(
            f'<bpmn:sequenceFlow id="{each}" sourceRef="{source}" targetRef="{target}">'
            f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression></bpmn:sequenceFlow>"
            for each, (source, target, condition) in self.flows.items()
        )
        shapes = "".join(
            f'<bpmndi:BPMNShape bpmnElement="{each}"><dc:Bounds x="{node.x}"/></bpmndi:BPMNShape>'
            for each, node in self.nodes.items()
        )
        return drawing(lanes + nodes + flows, top=f"<bpmndi:BPMNPlane>{shapes}</bpmndi:BPMNPlane>")

    def _node(self, identifier: str, node: Node) -> str:
        inside = f"<bpmn:documentation>{node.text}</bpmn:documentation>{with_properties(**node.properties)}"
        return element(node.tag, identifier, inside, f'name="{node.name}"')


Edit = Callable[[Drawn, str], list[Told]]


def rename(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[node].name = "Lain"
    return [("element_renamed", node, None, "Nama", "Lain")]


def retype(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[node].tag = "manualTask"
    return [("type_changed", node, None, "userTask", "manualTask")]


def change_lane(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[node].lane = "l2"
    return [("moved_to_lane", node, None, "Satu", "Dua")]


def document(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[node].text = "Lain"
    return [("documentation_changed", node, None, "Uraian", "Lain")]


def move_shape(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[node].x = 7
    return [("layout_changed", node, None, "Bounds(x=100)", "Bounds(x=7)")]


def swap_properties(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[node].properties = {"output": "Surat"}
    return [("property_changed", node, "waktu", "P1D", None), ("property_changed", node, "output", None, "Surat")]


def reroute(drawn: Drawn, node: str) -> list[Told]:
    identifier = f"f{node[1:]}"
    if identifier not in drawn.flows:
        return []
    source, target, _ = drawn.flows[identifier]
    drawn.flows[identifier] = (source, source, "a == 2")
    return [
        ("flow_rerouted", identifier, "target", target, source),
        ("condition_changed", identifier, None, "a == 1", "a == 2"),
    ]


def add(drawn: Drawn, node: str) -> list[Told]:
    drawn.nodes[f"baru_{node}"] = Node()
    return [("element_added", f"baru_{node}", None, None, None)]


def remove(drawn: Drawn, node: str) -> list[Told]:
    del drawn.nodes[node]
    return [("element_removed", node, None, None, None)]


EDITS: list[Edit] = [rename, retype, change_lane, document, move_shape, swap_properties, reroute, add, remove]
LENGTH = 6
MIRRORED = {"element_added": "element_removed", "element_removed": "element_added"}


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from([f"n{number}" for number in range(LENGTH)]), st.sampled_from(EDITS)))
def test_random_edits_are_exactly_what_the_difference_tells_in_both_directions(edits: dict[str, Edit]) -> None:
    before = Drawn.chain(LENGTH)
    after = copy.deepcopy(before)
    expected = [each for node, edit in edits.items() for each in edit(after, node)]
    assert sorted(changed(before.xml(), after.xml()), key=str) == sorted(expected, key=str)
    mirrored = [(MIRRORED.get(kind, kind), *place, new, old) for kind, *place, old, new in expected]
    assert sorted(changed(after.xml(), before.xml()), key=str) == sorted(mirrored, key=str)
