"""The SOP's diagram says what the SOP says, can be run, and is drawn where a reader looks for it."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import combinations, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser

FOLDER = Path(__file__).parents[2] / "bpmn" / "penjenjangan-kinerja"
DIAGRAM = etree.parse(FOLDER / "penjenjangan-kinerja.bpmn").getroot()
PICTURE = etree.parse(FOLDER / "penjenjangan-kinerja.svg").getroot()
NAMESPACES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "spiffworkflow": "http://spiffworkflow.org/bpmn/schema/1.0/core",
    "svg": "http://www.w3.org/2000/svg",
}
#: user task → (lane, row of the SOP sheet, waktu), in the SOP's order
SOP = {
    "perintah_penyusunan": ("Kepala Badan", "1", "PT3M"),
    "pembentukan_tim": ("Sekretaris", "2", "P3D"),
    "rapat_koordinasi": ("Tim", "3", "P1W"),
    "penyusunan_konsep": ("Ketua Tim Kerja Sekretariat", "4", "P1M"),
    "pemeriksaan_konsep": ("Sekretaris", "5", "P1W"),
    "penetapan": ("Kepala Badan", "6", "PT10M"),
    "distribusi_bidang": ("Ketua Tim Kerja Sekretariat", "6", None),
    "unggah_esr": ("Ketua Tim Kerja Sekretariat", "6", None),
    "unggah_situs_bappeda": ("Ketua Tim Kerja Sekretariat", "6", None),
}
FOLLOW_UPS = ("distribusi_bidang", "unggah_esr", "unggah_situs_bappeda")
IDENTITY = [
    "nomor_sop",
    "nama_sop",
    "unit",
    "tanggal_revisi",
    "tanggal_pengesahan",
    "disahkan_oleh",
    "jabatan_pengesah",
    "dasar_hukum",
    "kualifikasi_pelaksana",
    "keterkaitan",
    "peralatan",
    "peringatan",
    "pencatatan",
]


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def find(path: str, node: etree._Element = DIAGRAM) -> list[etree._Element]:
    return node.findall(path, NAMESPACES)


def attribute(node: etree._Element, name: str) -> str:
    return str(node.attrib[name])


def by_id(path: str) -> dict[str, etree._Element]:
    return {attribute(node, "id"): node for node in find(path)}


FLOWS = by_id(".//bpmn:sequenceFlow")
LANES = by_id(".//bpmn:lane")
NODES = {
    attribute(node, "id"): node
    for node in find("bpmn:process/*")
    if node.tag.endswith(("Task", "Gateway", "Event"))
}  # fmt: skip


def properties(node: etree._Element) -> dict[str, str]:
    found = find("bpmn:extensionElements/spiffworkflow:properties/spiffworkflow:property", node)
    return {attribute(each, "name"): attribute(each, "value") for each in found}


def lane_members(lane: etree._Element) -> list[str]:
    return [reference.text or "" for reference in find("bpmn:flowNodeRef", lane)]


def box(bounds: etree._Element) -> Box:
    left, top, width, height = (float(attribute(bounds, side)) for side in ("x", "y", "width", "height"))
    return Box(left, top, left + width, top + height)


def boxes() -> dict[str, Box]:
    return {attribute(shape, "bpmnElement"): box(find("dc:Bounds", shape)[0]) for shape in find(".//bpmndi:BPMNShape")}


def labels() -> list[Box]:
    return [box(bounds) for bounds in find(".//bpmndi:BPMNLabel/dc:Bounds")]


def waypoints() -> dict[str, list[tuple[float, float]]]:
    return {
        attribute(edge, "bpmnElement"): [
            (float(attribute(p, "x")), float(attribute(p, "y"))) for p in find("di:waypoint", edge)
        ]
        for edge in find(".//bpmndi:BPMNEdge")
    }


def standard_time(waktu: str) -> timedelta:
    """Read the few forms of ISO 8601 durations that the SOP needs; a month is 30 days."""
    match = re.fullmatch(r"P(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(\d+)M)?", waktu)
    assert match, waktu
    months, weeks, days, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=30 * months + 7 * weeks + days, minutes=minutes)


def test_the_process_is_executable_and_bears_the_identity_of_the_sop() -> None:
    (process,) = find("bpmn:process")
    identity = properties(process)
    assert attribute(process, "id") == "penjenjangan_kinerja"
    assert attribute(process, "isExecutable") == "true"
    assert list(identity) == IDENTITY
    assert identity["nomor_sop"] == "762.a/000.8.3.3/7/2024"
    assert len(identity["dasar_hukum"].split("\n")) == 10


def test_the_user_tasks_are_those_of_the_sop_in_its_lanes_and_rows_with_its_times() -> None:
    lane_of = {member: attribute(lane, "name") for lane in LANES.values() for member in lane_members(lane)}
    tasks = {
        task_id: (lane_of[task_id], properties(task)["baris_sop"], properties(task).get("waktu"))
        for task_id, task in by_id(".//bpmn:userTask").items()
    }
    assert tasks == SOP


def test_the_standard_times_sum_to_47_days_13_minutes() -> None:
    times = [properties(task)["waktu"] for task in NODES.values() if "waktu" in properties(task)]
    assert sum(map(standard_time, times), timedelta()) == timedelta(days=47, minutes=13)


@pytest.mark.parametrize("task_id", SOP)
def test_every_task_has_its_quality_its_wording_its_instructions_and_its_form(task_id: str) -> None:
    task = NODES[task_id]
    quality = properties(task)
    assert quality["kelengkapan"]
    assert quality["output"]
    assert "keterangan" in quality
    assert (FOLDER / "forms" / quality["formJsonSchemaFilename"]).is_file()
    for path in ("bpmn:documentation", "bpmn:extensionElements/spiffworkflow:instructionsForEndUser"):
        (node,) = find(path, task)
        assert node.text


def test_the_team_named_in_step_2_owns_the_lane_of_step_3() -> None:
    (script,) = find("bpmn:extensionElements/spiffworkflow:postScript", NODES["pembentukan_tim"])
    assert script.text == 'lane_owners = {"Tim": anggota_tim}'


def test_the_drafter_may_not_examine_the_draft() -> None:
    kept_apart = {task: properties(NODES[task]).get("pisah_tugas") for task in SOP}
    assert {task: others for task, others in kept_apart.items() if others} == {
        "pemeriksaan_konsep": "penyusunan_konsep"
    }


def test_initials_and_the_signature_are_those_that_the_sop_demands() -> None:
    approvals = {SOP[task][1]: properties(NODES[task]).get("persetujuan") for task in list(SOP)[:6]}
    assert approvals == {"1": None, "2": "paraf", "3": None, "4": "paraf", "5": "paraf", "6": "tanda_tangan"}
    assert not any("persetujuan" in properties(NODES[task]) for task in FOLLOW_UPS)


def test_the_decision_sends_the_draft_on_or_back() -> None:
    leaving = [flow for flow in FLOWS.values() if attribute(flow, "sourceRef") == "keputusan_pemeriksaan"]
    assert attribute(NODES["keputusan_pemeriksaan"], "name") == "Disetujui?"
    assert {
        (attribute(flow, "name"), attribute(flow, "targetRef"), find("bpmn:conditionExpression", flow)[0].text)
        for flow in leaving
    } == {
        ("Ya", "penetapan", 'keputusan == "ya"'),
        ("Tidak", "penyusunan_konsep", 'keputusan == "tidak"'),
    }


def test_the_three_pieces_of_work_after_the_adoption_run_in_parallel_to_the_end() -> None:
    pairs = {(attribute(flow, "sourceRef"), attribute(flow, "targetRef")) for flow in FLOWS.values()}
    split, join = "pembagian_tindak_lanjut", "penggabungan_tindak_lanjut"
    assert {NODES[split].tag, NODES[join].tag} == {f"{{{NAMESPACES['bpmn']}}}parallelGateway"}
    expected = {("penetapan", split), (join, "selesai")}
    expected |= {(split, task) for task in FOLLOW_UPS} | {(task, join) for task in FOLLOW_UPS}
    assert expected <= pairs


def test_every_reference_resolves_and_every_node_stands_in_one_lane() -> None:
    members = [member for lane in LANES.values() for member in lane_members(lane)]
    assert sorted(members) == sorted(NODES)
    for flow in FLOWS.values():
        assert {attribute(flow, "sourceRef"), attribute(flow, "targetRef")} <= NODES.keys()


def test_every_element_is_drawn() -> None:
    assert boxes().keys() == {"dinas", *LANES, *NODES}
    assert waypoints().keys() == FLOWS.keys()


def test_shapes_stand_inside_their_lane_and_do_not_overlap() -> None:
    drawn = boxes()
    for lane_id, lane in LANES.items():
        members = lane_members(lane)
        assert drawn["dinas"].holds(drawn[lane_id])
        assert all(drawn[lane_id].holds(drawn[member]) for member in members)
        assert not any(drawn[one].overlaps(drawn[other]) for one, other in combinations(members, 2))


def test_flows_are_orthogonal_and_cross_no_shape_nor_label() -> None:
    obstacles = [drawn for element_id, drawn in boxes().items() if element_id in NODES] + labels()
    for points in waypoints().values():
        for (x1, y1), (x2, y2) in pairwise(points):
            assert x1 == x2 or y1 == y2
            segment = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
            assert not any(segment.overlaps(obstacle) for obstacle in obstacles)


def test_no_two_flows_cross() -> None:
    for one, other in combinations(waypoints().values(), 2):
        for (x1, y1), (x2, y2) in pairwise(one):
            first = Box(min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2) + 1, max(y1, y2) + 1)
            for (x3, y3), (x4, y4) in pairwise(other):
                assert not first.overlaps(Box(min(x3, x4), min(y3, y4), max(x3, x4), max(y3, y4)))


def test_the_picture_shows_the_diagram_as_it_is_now() -> None:
    groups = {
        attribute(group, "data-element-id"): group
        for group in PICTURE.findall(".//svg:g[@data-element-id]", NAMESPACES)
    }
    assert {"dinas", *LANES, *NODES, *FLOWS} <= groups.keys()
    for element_id, place in boxes().items():
        assert attribute(groups[element_id], "transform") == f"matrix(1 0 0 1 {place.left:g} {place.top:g})"
    for element_id, element in (NODES | FLOWS).items():
        drawn = groups.get(f"{element_id}_label", groups[element_id])
        assert "".join(map(str, drawn.itertext())).split() == str(element.get("name", "")).split()
    for flow_id, points in waypoints().items():
        # The line itself has rounded corners; the area that a click hits is drawn from corner to corner.
        (line,) = groups[flow_id].findall("svg:path[@class='djs-hit djs-hit-stroke']", NAMESPACES)
        assert attribute(line, "d") == "M" + "L".join(f"{x:g},{y:g}" for x, y in points)


def test_spiffworkflow_reads_the_lanes_forms_and_scripts_as_written() -> None:
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(DIAGRAM)
    specification = parser.get_spec("penjenjangan_kinerja")
    for task_id, (lane, _, _) in SOP.items():
        task = specification.task_specs[task_id]
        assert task.lane == lane
        assert task.extensions["properties"] == properties(NODES[task_id])
    assert specification.task_specs["pembentukan_tim"].postscript == 'lane_owners = {"Tim": anggota_tim}'
