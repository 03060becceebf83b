"""Small diagrams for tests of the interface, written as text."""

from __future__ import annotations

_DEFINITIONS = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="t">
  <bpmn:process id="{key}" isExecutable="true">{content}
  </bpmn:process>
</bpmn:definitions>
"""


def single_task(key: str = "satu", *, lane: str = "Tim", form: str | None = None, script: str = "") -> bytes:
    """One user task `isi`, with a form and a postScript where given."""
    properties = f"""<spiffworkflow:properties>
        <spiffworkflow:property name="formJsonSchemaFilename" value="{form}"/>
      </spiffworkflow:properties>"""
    post_script = f"<spiffworkflow:postScript>{script}</spiffworkflow:postScript>"
    content = f"""
    <bpmn:laneSet id="jalur">
      <bpmn:lane id="jalur_satu" name="{lane}"><bpmn:flowNodeRef>isi</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="mulai"/>
    <bpmn:userTask id="isi" name="Isi"><bpmn:extensionElements>
      {properties if form else ""}{post_script if script else ""}
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="selesai"/>
    <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="isi"/>
    <bpmn:sequenceFlow id="b" sourceRef="isi" targetRef="selesai"/>"""
    return _DEFINITIONS.format(key=key, content=content).encode()


def four_eyes(key: str = "dua", *, drafter: str = "Tim", examiner: str = "Sekretaris") -> bytes:
    """Whoever drafts (`susun`) may not examine (`periksa`)."""
    content = f"""
    <bpmn:laneSet id="jalur">
      <bpmn:lane id="jalur_satu" name="{drafter}"><bpmn:flowNodeRef>susun</bpmn:flowNodeRef></bpmn:lane>
      <bpmn:lane id="jalur_dua" name="{examiner}"><bpmn:flowNodeRef>periksa</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="mulai"/>
    <bpmn:userTask id="susun" name="Susun"/>
    <bpmn:userTask id="periksa" name="Periksa"><bpmn:extensionElements>
      <spiffworkflow:properties>
        <spiffworkflow:property name="pisah_tugas" value="susun"/>
      </spiffworkflow:properties>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:endEvent id="selesai"/>
    <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="susun"/>
    <bpmn:sequenceFlow id="b" sourceRef="susun" targetRef="periksa"/>
    <bpmn:sequenceFlow id="c" sourceRef="periksa" targetRef="selesai"/>"""
    return _DEFINITIONS.format(key=key, content=content).encode()


def parallel_teams(key: str = "regu") -> bytes:
    """The Sekretaris may name anggota2 as the Tim (`tunjuk`) while the Tim's task (`kerja`) is open."""
    content = """
    <bpmn:laneSet id="jalur">
      <bpmn:lane id="jalur_satu" name="Sekretaris"><bpmn:flowNodeRef>tunjuk</bpmn:flowNodeRef></bpmn:lane>
      <bpmn:lane id="jalur_dua" name="Tim"><bpmn:flowNodeRef>kerja</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="mulai"/>
    <bpmn:parallelGateway id="bagi"/>
    <bpmn:userTask id="tunjuk" name="Tunjuk"><bpmn:extensionElements>
      <spiffworkflow:postScript>lane_owners = {"Tim": ["anggota2"]}</spiffworkflow:postScript>
    </bpmn:extensionElements></bpmn:userTask>
    <bpmn:userTask id="kerja" name="Kerja"/>
    <bpmn:parallelGateway id="gabung"/>
    <bpmn:endEvent id="selesai"/>
    <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="bagi"/>
    <bpmn:sequenceFlow id="b" sourceRef="bagi" targetRef="tunjuk"/>
    <bpmn:sequenceFlow id="c" sourceRef="bagi" targetRef="kerja"/>
    <bpmn:sequenceFlow id="d" sourceRef="tunjuk" targetRef="gabung"/>
    <bpmn:sequenceFlow id="e" sourceRef="kerja" targetRef="gabung"/>
    <bpmn:sequenceFlow id="f" sourceRef="gabung" targetRef="selesai"/>"""
    return _DEFINITIONS.format(key=key, content=content).encode()


def two_ways_back(key: str = "bolak_balik") -> bytes:
    """`awal`, `susun`, `periksa` with the form `keputusan.json`, whose `keputusan` sends back to either of the first
    two, or on: by way of `telaah` or past it to `sahkan`."""
    elements = "".join(
        f"<bpmn:flowNodeRef>{name}</bpmn:flowNodeRef>" for name in ("awal", "susun", "periksa", "telaah", "sahkan")
    )
    targets = {"awal": "awal", "susun": "susun", "telaah": "telaah", "sahkan": "sebelum_sahkan"}
    decided = "".join(
        f'<bpmn:sequenceFlow id="ke_{name}" sourceRef="pilih" targetRef="{target}">'
        f'<bpmn:conditionExpression>keputusan == "{name}"</bpmn:conditionExpression></bpmn:sequenceFlow>'
        for name, target in targets.items()
    )
    content = f"""
    <bpmn:laneSet id="jalur"><bpmn:lane id="jalur_satu" name="Tim">{elements}</bpmn:lane></bpmn:laneSet>
    <bpmn:startEvent id="mulai"/>
    <bpmn:userTask id="awal" name="Awal"/>
    <bpmn:userTask id="susun" name="Susun"/>
    <bpmn:userTask id="periksa" name="Periksa"><bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="formJsonSchemaFilename" value="keputusan.json"/>
    </spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>
    <bpmn:exclusiveGateway id="pilih"/><bpmn:userTask id="telaah" name="Telaah"/>
    <bpmn:exclusiveGateway id="sebelum_sahkan"/><bpmn:userTask id="sahkan" name="Sahkan"/>
    <bpmn:exclusiveGateway id="lagi" default="tamat"/><bpmn:endEvent id="selesai"/>
    <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="awal"/>
    <bpmn:sequenceFlow id="b" sourceRef="awal" targetRef="susun"/>
    <bpmn:sequenceFlow id="c" sourceRef="susun" targetRef="periksa"/>
    <bpmn:sequenceFlow id="d" sourceRef="periksa" targetRef="pilih"/>
    {decided}
    <bpmn:sequenceFlow id="e" sourceRef="telaah" targetRef="sebelum_sahkan"/>
    <bpmn:sequenceFlow id="f" sourceRef="sebelum_sahkan" targetRef="sahkan"/>
    <bpmn:sequenceFlow id="g" sourceRef="sahkan" targetRef="lagi"/>
    <bpmn:sequenceFlow id="ulangi" sourceRef="lagi" targetRef="awal">
      <bpmn:conditionExpression>keputusan == "telaah"</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="tamat" sourceRef="lagi" targetRef="selesai"/>"""
    return _DEFINITIONS.format(key=key, content=content).encode()
