"""For each problem that the checks can name, the smallest diagram that has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.engine.checks.drawing import (
    END,
    START,
    around,
    drawing,
    drawn,
    element,
    extended,
    flow,
    in_lane,
    path,
    user_task,
    when,
    with_form,
    with_properties,
)


class Faulty(NamedTuple):
    """A diagram, and the id of the element that must be blamed."""

    xml: bytes
    blamed: str | None
    forms: Mapping[str, bytes] = {}
    #: active holders by role; None: nobody is known
    holders: Mapping[str, frozenset[str]] | None = None
    #: the diagram of the version before, by key of its process
    previous: Mapping[str, bytes] = {}


FORM = b'{"type": "object", "properties": {"catatan": {"type": "string"}}}'
VALID = around(user_task("isi"))


def event(tag: str, identifier: str, definition: str, inside: str = "", attributes: str = "") -> str:
    return element(
        tag, identifier, f"<bpmn:{definition}EventDefinition {attributes}>{inside}</bpmn:{definition}EventDefinition>"
    )


def caught(definition: str, inside: str = "", attributes: str = "") -> bytes:
    return around(event("intermediateCatchEvent", "isi", definition, inside, attributes))


def boundary(identifier: str, definition: str, attributes: str = "", on: str = "isi") -> str:
    inside = f"<bpmn:{definition}EventDefinition {attributes}/>"
    return element("boundaryEvent", identifier, inside, f'attachedToRef="{on}"')


def timer(inside: str) -> bytes:
    return caught("timer", inside)


def subprocess(inside: str, attributes: str = "") -> str:
    return element("subProcess", "isi", inside, attributes)


INNER = '<bpmn:startEvent id="awal"/><bpmn:endEvent id="akhir"/>' + path("awal", "akhir")
BRANCHES = flow("mulai", "pilih") + user_task("a") + user_task("b") + path("a", "selesai") + path("b", "selesai")
CHOICE = element("exclusiveGateway", "pilih") + BRANCHES
PARALLEL = element("parallelGateway", "bagi") + path("mulai", "bagi", "a", "kumpul") + path("bagi", "b", "kumpul")

FILES: dict[str, Faulty] = {
    "file_empty": Faulty(b" \n", None),
    "file_too_large": Faulty(VALID + b" " * (2 * 1024 * 1024), None),
    "file_not_xml": Faulty(b"PK\x03\x04....", None),
    "xml_malformed": Faulty(VALID[:-30], None),
    "xml_excessive": Faulty(b"<a>" * 300 + b"</a>" * 300, None),
    "doctype_not_allowed": Faulty(b"<!DOCTYPE a>\n" + VALID, None),
    "not_bpmn": Faulty(b"<html/>", None),
    "xinclude_not_allowed": Faulty(around(user_task("isi", '<xi:include href="rahasia"/>')), "isi"),
    "too_many_elements": Faulty(around("".join(user_task(f"t{number}") for number in range(251))), "proses"),
    "nested_too_deeply": Faulty(
        drawing("".join(f'<bpmn:subProcess id="s{number}">' for number in range(21)) + "</bpmn:subProcess>" * 21), "s20"
    ),
    "name_too_long": Faulty(around(user_task("isi", attributes=f'name="{"n" * 1_001}"')), "isi"),
    "text_too_long": Faulty(around(user_task("isi", with_properties(keterangan="k" * 20_001))), "isi"),
    "no_executable_process": Faulty(drawing("", attributes='id="proses" isExecutable="false"'), "proses"),
    "bounds_malformed": Faulty(
        drawing(
            START,
            top=drawn('<bpmndi:BPMNShape id="bentuk"><dc:Bounds x="kiri" y="1"/></bpmndi:BPMNShape>'),
        ),
        "bentuk",
    ),
}

IDS_AND_REFERENCES: dict[str, Faulty] = {
    "id_missing": Faulty(drawing(START + '<bpmn:userTask name="tanpa id"/>'), "proses"),
    "id_repeated": Faulty(drawing(START + user_task("isi") + user_task("isi")), "isi"),
    "id_malformed": Faulty(around(user_task("isi satu"), "isi satu"), "isi satu"),
    "id_too_long": Faulty(around(user_task("i" * 256), "i" * 256), "i" * 256),
    "id_reserved": Faulty(around(user_task("End"), "End"), "End"),
    "reference_missing": Faulty(around(element("receiveTask", "isi")), "isi"),
    "reference_unresolved": Faulty(drawing(START + flow("mulai", "hilang")), "mulai_hilang"),
    "reference_to_wrong_kind": Faulty(drawing(START + user_task("isi") + path("isi", "mulai")), "isi_mulai"),
    "flow_crosses_border": Faulty(around(subprocess(INNER) + flow("mulai", "akhir")), "mulai_akhir"),
    "lane_name_malformed": Faulty(
        around(
            user_task("isi") + '<bpmn:laneSet id="jalur"><bpmn:lane id="satu" name="Tim&#10;Kerja"/></bpmn:laneSet>'
        ),
        "satu",
    ),
    "lane_name_reserved": Faulty(
        around(
            user_task("isi") + '<bpmn:laneSet id="jalur"><bpmn:lane id="satu" name="Administrator"/></bpmn:laneSet>'
        ),
        "satu",
    ),
    "in_several_lanes": Faulty(
        around(
            user_task("isi")
            + '<bpmn:laneSet id="jalur">'
            + "".join(element("lane", lane, "<bpmn:flowNodeRef>isi</bpmn:flowNodeRef>") for lane in ("satu", "dua"))
            + "</bpmn:laneSet>"
        ),
        "isi",
    ),
    "call_not_in_file": Faulty(around(element("callActivity", "isi", attributes='calledElement="lain"')), "isi"),
    "call_recursive": Faulty(around(element("callActivity", "isi", attributes='calledElement="proses"')), "isi"),
}

CONSTRUCTS: dict[str, Faulty] = {
    "not_supported_yet": Faulty(around(element("serviceTask", "isi")), "isi"),
    "not_supported": Faulty(around(element("complexGateway", "isi")), "isi"),
    "element_unknown": Faulty(around(user_task("isi") + '<bpmn:usrTask id="salah"/>'), "salah"),
    "element_misplaced": Faulty(drawing(START, top=user_task("isi")), "isi"),
    "element_repeated": Faulty(
        around(element("scriptTask", "isi", "<bpmn:script>a = 1</bpmn:script><bpmn:script>b = 1</bpmn:script>")), "isi"
    ),
    "setting_not_supported": Faulty(around(user_task("isi", attributes='isForCompensation="true"')), "isi"),
    "event_subprocess_not_supported": Faulty(
        around(user_task("isi") + element("subProcess", "bila", INNER, 'triggeredByEvent="true"')), "bila"
    ),
    "data_flow_not_supported": Faulty(
        around(
            user_task(
                "isi", "<bpmn:dataInputAssociation><bpmn:sourceRef>d</bpmn:sourceRef></bpmn:dataInputAssociation>"
            )
        ),
        "isi",
    ),
    "data_store_not_supported": Faulty(drawing(START, top='<bpmn:dataStore id="gudang" name="Gudang"/>'), "gudang"),
    "foreign_behaviour": Faulty(around(user_task("isi", attributes='camunda:class="x.Y"')), "isi"),
}

EVENTS: dict[str, Faulty] = {
    "event_definition_missing": Faulty(around(element("intermediateCatchEvent", "isi")), "isi"),
    "event_definition_not_supported": Faulty(caught("link"), "isi"),
    "several_event_definitions": Faulty(
        around(element("intermediateThrowEvent", "isi", "<bpmn:messageEventDefinition/><bpmn:signalEventDefinition/>")),
        "isi",
    ),
    "boundary_must_interrupt": Faulty(
        around(
            subprocess(INNER)
            + boundary("batas", "error").replace("attachedToRef", 'cancelActivity="false" attachedToRef')
        ),
        "batas",
    ),
    "boundary_never_fires": Faulty(around(user_task("isi") + boundary("batas", "error")), "batas"),
    "cancel_outside_transaction": Faulty(
        drawing(START + event("endEvent", "selesai", "cancel") + path("mulai", "selesai")), "selesai"
    ),
    "code_missing": Faulty(
        drawing(
            START + event("endEvent", "selesai", "error", attributes='errorRef="galat"') + path("mulai", "selesai"),
            top='<bpmn:error id="galat"/>',
        ),
        "galat",
    ),
    "name_missing": Faulty(
        drawing(
            START
            + element("receiveTask", "isi", attributes='messageRef="surat"')
            + END
            + path("mulai", "isi", "selesai"),
            top='<bpmn:message id="surat"/>',
        ),
        "surat",
    ),
    "caught_twice": Faulty(around(subprocess(INNER) + boundary("satu", "error") + boundary("dua", "error")), "dua"),
    "timer_incomplete": Faulty(timer(""), "isi"),
    "timer_malformed": Faulty(timer("<bpmn:timeDuration>2026-07-04</bpmn:timeDuration>"), "isi"),
    "timer_cycle_misplaced": Faulty(timer("<bpmn:timeCycle>R3/PT1H</bpmn:timeCycle>"), "isi"),
    "event_gateway_target": Faulty(around(element("eventBasedGateway", "isi")), "selesai"),
    "event_gateway_targets_alike": Faulty(
        drawing(
            START
            + element("eventBasedGateway", "pilih")
            + "".join(
                element(
                    "intermediateCatchEvent",
                    identifier,
                    f"<bpmn:timerEventDefinition><bpmn:timeDuration>{span}"
                    "</bpmn:timeDuration></bpmn:timerEventDefinition>",
                    'name="tenggat"',
                )
                + path("pilih", identifier, "selesai")
                for identifier, span in (("satu", "PT1H"), ("dua", "PT2H"))
            )
            + END
            + path("mulai", "pilih")
        ),
        "dua",
    ),
}

FLOWS: dict[str, Faulty] = {
    "no_start_event": Faulty(drawing(END), "proses"),
    "several_start_events": Faulty(
        around(user_task("isi") + '<bpmn:startEvent id="lain"/>' + path("lain", "isi")), "lain"
    ),
    "subprocess_start_not_plain": Faulty(
        around(
            subprocess(event("startEvent", "awal", "signal") + '<bpmn:endEvent id="akhir"/>' + path("awal", "akhir"))
        ),
        "awal",
    ),
    "not_reachable": Faulty(around(user_task("isi") + user_task("lepas")), "lepas"),
    "no_end_event": Faulty(around(subprocess('<bpmn:startEvent id="awal"/>')), "isi"),
    "no_outgoing_flow": Faulty(drawing(START + element("exclusiveGateway", "pilih") + path("mulai", "pilih")), "pilih"),
    "no_way_to_end": Faulty(drawing(START + user_task("isi") + path("mulai", "isi", "isi")), "mulai"),
    "several_outgoing_flows": Faulty(around(user_task("isi") + user_task("b") + path("isi", "b")), "isi"),
    "flow_repeated": Faulty(
        around(element("parallelGateway", "isi") + flow("isi", "selesai").replace("isi_selesai", "dua")), "dua"
    ),
    "gateway_flow_without_condition": Faulty(
        drawing(START + CHOICE + flow("pilih", "a", when('x == "ya"')) + flow("pilih", "b") + END), "pilih_b"
    ),
    "condition_ignored": Faulty(
        drawing(START + user_task("isi") + END + path("mulai", "isi") + flow("isi", "selesai", when("True"))),
        "isi_selesai",
    ),
    "cycle_without_waiting_task": Faulty(
        drawing(
            START
            + element("exclusiveGateway", "putar", attributes='default="putar_putar"')
            + END
            + path("mulai", "putar", "putar")
            + flow("putar", "selesai", when("False"))
        ),
        "putar",
    ),
    "cycle_without_gateway": Faulty(
        drawing(
            START
            + user_task("isi")
            + element("parallelGateway", "bagi")
            + END
            + path("mulai", "isi", "bagi", "isi")
            + path("bagi", "selesai")
        ),
        "isi",
    ),
    "join_never_completes": Faulty(
        drawing(
            START
            + element("exclusiveGateway", "pilih", attributes='default="pilih_a"')
            + user_task("a")
            + user_task("b")
            + element("parallelGateway", "kumpul")
            + END
            + path("mulai", "pilih", "a", "kumpul", "selesai")
            + flow("pilih", "b", when("False"))
            + path("b", "kumpul")
        ),
        "kumpul",
    ),
    "loop_unbounded": Faulty(
        around(user_task("isi", '<bpmn:standardLoopCharacteristics loopMaximum="sering"/>')), "isi"
    ),
    "multi_instance_incomplete": Faulty(around(user_task("isi", "<bpmn:multiInstanceLoopCharacteristics/>")), "isi"),
    "cardinality_out_of_range": Faulty(
        around(
            user_task(
                "isi",
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1000000</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>",
            )
        ),
        "isi",
    ),
}

EXPRESSIONS: dict[str, Faulty] = {
    "expression_missing": Faulty(around(element("scriptTask", "isi")), "isi"),
    "expression_malformed": Faulty(around(element("scriptTask", "isi", "<bpmn:script>import os</bpmn:script>")), "isi"),
    "expression_is_juel": Faulty(
        drawing(START + CHOICE + flow("pilih", "a", when("${x}")) + flow("pilih", "b", when("True")) + END), "pilih_a"
    ),
    "expression_has_markup": Faulty(
        drawing(
            START + CHOICE + flow("pilih", "a", when("True <b/> and False")) + flow("pilih", "b", when("True")) + END
        ),
        "pilih_a",
    ),
    "language_not_supported": Faulty(
        around(element("scriptTask", "isi", "<bpmn:script>a = 1</bpmn:script>", 'scriptFormat="groovy"')), "isi"
    ),
    "variable_malformed": Faulty(
        around(
            user_task(
                "isi",
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>daftar tim</bpmn:loopDataInputRef>"
                "</bpmn:multiInstanceLoopCharacteristics>",
            )
        ),
        "isi",
    ),
}

USER_TASKS: dict[str, Faulty] = {
    "lane_owners_unknown_lane": Faulty(
        around(
            in_lane("tim", "Tim Penyusun", "isi")
            + user_task(
                "isi", extended('<spiffworkflow:postScript>lane_owners = {"Tim": []}</spiffworkflow:postScript>')
            )
        ),
        "isi",
    ),
    "property_malformed": Faulty(
        around(user_task("isi", with_properties(waktu="P1D").replace('value="P1D"', ""))), "isi"
    ),
    "property_repeated": Faulty(
        around(
            user_task(
                "isi",
                with_properties(waktu="P1D").replace("/></", '/><spiffworkflow:property name="waktu" value="P2D"/></'),
            )
        ),
        "isi",
    ),
    "form_missing": Faulty(around(user_task("isi", with_form("isi.json"))), "isi"),
    "form_invalid": Faulty(around(user_task("isi", with_form("isi.json"))), "isi", {"isi.json": b"[]"}),
    "form_misplaced": Faulty(around(element("task", "isi", with_form("isi.json"))), "isi", {"isi.json": FORM}),
    "parallel_tasks_share_variable": Faulty(
        drawing(
            START
            + user_task("a", with_form("isi.json"))
            + user_task("b", with_form("isi.json"))
            + element("parallelGateway", "kumpul")
            + PARALLEL
            + END
            + path("kumpul", "selesai")
        ),
        "b",
        {"isi.json": FORM},
    ),
    "form_shows_nothing": Faulty(
        around(user_task("isi")).replace(
            b'<bpmn:startEvent id="mulai"/>',
            element("startEvent", "mulai", with_form("isi.json")).encode(),
        ),
        "mulai",
        {"isi.json": FORM.replace(b'"string"', b'"string", "readOnly": true')},
    ),
    "duration_malformed": Faulty(around(user_task("isi", with_properties(waktu="tiga hari"))), "isi"),
    "row_malformed": Faulty(around(user_task("isi", with_properties(baris_sop="0"))), "isi"),
}

FOUR_EYES: dict[str, Faulty] = {
    "user_task_property_misplaced": Faulty(
        around(element("manualTask", "isi") + element("task", "lain", with_properties(pisah_tugas="isi"))), "lain"
    ),
    "approval_unknown": Faulty(around(user_task("isi", with_properties(persetujuan="ttd"))), "isi"),
    "four_eyes_empty": Faulty(around(user_task("isi", with_properties(pisah_tugas=" , "))), "isi"),
    "four_eyes_own_element": Faulty(around(user_task("isi", with_properties(pisah_tugas="isi"))), "isi"),
    "four_eyes_unknown_element": Faulty(around(user_task("isi", with_properties(pisah_tugas="mulai"))), "isi"),
    "four_eyes_several_at_once": Faulty(
        drawing(
            START
            + user_task(
                "usul",
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>",
            )
            + user_task("isi", with_properties(pisah_tugas="usul"))
            + END
            + path("mulai", "usul", "isi", "selesai")
        ),
        "isi",
    ),
}

ENGINE: dict[str, Faulty] = {
    "start_fails": Faulty(
        around(element("scriptTask", "isi", "<bpmn:script>a = 1\nb = a + 'satu'</bpmn:script>")), "isi"
    ),
}

WARNED: dict[str, Faulty] = {
    "join_can_wait_for_ever": Faulty(
        drawing(
            START
            + user_task("a")
            + element("exclusiveGateway", "pilih", attributes='default="pilih_kumpul"')
            + element("parallelGateway", "bagi")
            + element("parallelGateway", "kumpul")
            + END
            + '<bpmn:endEvent id="batal"/>'
            + path("mulai", "bagi", "a", "kumpul", "selesai")
            + path("bagi", "pilih", "kumpul")
            + flow("pilih", "batal", when("False"))
        ),
        "kumpul",
    ),
    "drawing_missing": Faulty(VALID, None),
    "not_drawn": Faulty(
        drawing(START, top=drawn('<bpmndi:BPMNShape bpmnElement="lain"><dc:Bounds/></bpmndi:BPMNShape>')), "mulai"
    ),
    "not_delivered_yet": Faulty(timer("<bpmn:timeDuration>PT1H</bpmn:timeDuration>"), "isi"),
    "not_sent_yet": Faulty(
        drawing(
            START + element("sendTask", "isi", attributes='messageRef="surat"') + END + path("mulai", "isi", "selesai"),
            top='<bpmn:message id="surat" name="surat"/>',
        ),
        "isi",
    ),
    "user_task_without_lane": Faulty(VALID, "isi"),
    "task_does_not_wait": Faulty(around(element("task", "isi")), "isi"),
    "assignment_ignored": Faulty(around(user_task("isi", "<bpmn:potentialOwner/>")), "isi"),
    "foreign_extension_ignored": Faulty(around(user_task("isi", attributes='camunda:assignee="budi"')), "isi"),
    "variable_never_set": Faulty(
        around(user_task("isi", extended("<spiffworkflow:postScript>a = catatn</spiffworkflow:postScript>"))), "isi"
    ),
    "lane_without_holder": Faulty(around(in_lane("tim", "Tim", "isi") + user_task("isi")), "tim", holders={}),
    "four_eyes_leaves_nobody": Faulty(
        drawing(
            in_lane("tim", "Tim", "usul", "isi")
            + START
            + user_task("usul")
            + user_task("isi", with_properties(pisah_tugas="usul"))
            + END
            + path("mulai", "usul", "isi", "selesai")
        ),
        "isi",
        holders={"Tim": frozenset({"siti"})},
    ),
    "extension_lost": Faulty(
        around(user_task("isi")), "isi", previous={"proses": around(user_task("isi", with_properties(waktu="P3D")))}
    ),
}

SOP_SHEETS: dict[str, Faulty] = {
    "sop_row_with_two_actors": Faulty(
        drawing(
            in_lane("tim", "Tim", "isi")
            + START
            + user_task("usul", with_properties(baris_sop="1", waktu="P1D"))
            + user_task("isi", with_properties(baris_sop="1", waktu="P1D"))
            + END
            + path("mulai", "usul", "isi", "selesai")
        ),
        "isi",
    ),
    "sop_duration_missing": Faulty(around(user_task("isi", with_properties(output="Surat"))), "isi"),
    "sop_decision_unclear": Faulty(
        drawing(
            START
            + element("exclusiveGateway", "pilih", attributes='default="pilih_b"')
            + user_task("a", with_properties(waktu="P1D"))
            + user_task("b", with_properties(waktu="P1D"))
            + END
            + path("mulai", "pilih", "b", "selesai")
            + flow("pilih", "a", when("1 == 1"), 'name="Ya"')
            + path("a", "selesai")
        ),
        "pilih",
    ),
    "sop_symbol_missing": Faulty(
        around(
            user_task(
                "isi",
                with_properties(waktu="P1D") + "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3"
                "</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>",
            )
        ),
        "isi",
    ),
    "sop_too_many_lanes": Faulty(
        drawing(
            "".join(in_lane(f"lane{number}", f"Bidang {number}", f"t{number}") for number in range(13))
            + START
            + "".join(user_task(f"t{number}", with_properties(waktu="P1D")) for number in range(13))
            + END
            + path("mulai", *(f"t{number}" for number in range(13)), "selesai")
        ),
        "proses",
    ),
}
WARNED |= SOP_SHEETS

REFUSED = FILES | IDS_AND_REFERENCES | CONSTRUCTS | EVENTS | FLOWS | EXPRESSIONS | USER_TASKS | FOUR_EYES | ENGINE
