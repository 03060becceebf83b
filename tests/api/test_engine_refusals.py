"""When the process itself cannot go on: the caller hears which element, and nothing has happened."""

from __future__ import annotations

import pytest

from tests.sop import As

DIAGRAM = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="t">
  <bpmn:error id="gagal" name="Gagal" errorCode="E1"/>
  <bpmn:process id="pilihan" isExecutable="true">
    <bpmn:laneSet id="ls">
      <bpmn:lane id="l" name="Tim"><bpmn:flowNodeRef>nilai</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="mulai"/>
    <bpmn:userTask id="nilai" name="Nilai">
      <bpmn:extensionElements><spiffworkflow:properties>
        <spiffworkflow:property name="formJsonSchemaFilename" value="nilai.json"/>
      </spiffworkflow:properties></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:exclusiveGateway id="periksa" name="Periksa"/>
    <bpmn:endEvent id="selesai"/>
    <bpmn:endEvent id="rusak"><bpmn:errorEventDefinition id="rusak_e" errorRef="gagal"/></bpmn:endEvent>
    <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="nilai"/>
    <bpmn:sequenceFlow id="b" sourceRef="nilai" targetRef="periksa"/>
    <bpmn:sequenceFlow id="c" sourceRef="periksa" targetRef="selesai">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">10 / angka == 5</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="d" sourceRef="periksa" targetRef="rusak">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">angka == 1</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
  </bpmn:process>
</bpmn:definitions>
"""
FORM = b"""{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["angka"],
  "additionalProperties": false, "properties": {"angka": {"type": "integer", "examples": [2]}}}"""


@pytest.mark.parametrize(("number", "code"), [(0, "expression_failed"), (7, "no_matching_flow")])
def test_a_process_that_cannot_go_on_leaves_the_task_open_and_names_the_element(
    as_: As, number: int, code: str
) -> None:
    assert as_("perancang").deploy({"pilihan.bpmn": DIAGRAM, "nilai.json": FORM}).status_code == 201
    instance = as_("anggota1").start("pilihan")
    before = as_("auditor").events(instance["id"])
    response = as_("anggota1").complete(instance["user_tasks"][0], {"angka": number})
    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == f"urn:jenjang:problem:{code}"
    assert problem["element_id"] == "periksa"
    assert as_("anggota1").instance(instance["id"]) == instance
    assert as_("auditor").events(instance["id"]) == before
    done = as_("anggota1").complete(instance["user_tasks"][0], {"angka": 2})
    assert done.json()["process_instance"]["status"] == "completed"


def test_an_uncaught_error_end_event_fails_the_instance(as_: As) -> None:
    as_("perancang").deploy({"pilihan.bpmn": DIAGRAM, "nilai.json": FORM})
    instance = as_("anggota1").start("pilihan")
    done = as_("anggota1").complete(instance["user_tasks"][0], {"angka": 1})
    assert done.json()["process_instance"]["status"] == "failed"
    last = as_("auditor").events(instance["id"])[-1]
    assert (last["type"], last["element_id"], last["payload"]["error_code"]) == (
        "process_instance_failed",
        "rusak",
        "E1",
    )
    again = as_("anggota1").complete(instance["user_tasks"][0], {"angka": 1})
    assert again.status_code == 409
