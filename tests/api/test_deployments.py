"""Deploying diagrams and reading them back."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.engine.isolation import checker
from app.main import create_app
from app.settings import Settings
from app.storage import people, tables
from app.storage.database import Database
from tests.conftest import World
from tests.diagrams_in_text import four_eyes, single_task
from tests.sop import SOP_FOLDER, As, Client, read_folder

MINIMAL = b"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <bpmn:process id="kecil" name="Kecil" isExecutable="true">
    <bpmn:laneSet id="ls">
      <bpmn:lane id="l" name="Tim"><bpmn:flowNodeRef>isi</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="mulai"><bpmn:outgoing>a</bpmn:outgoing></bpmn:startEvent>
    <bpmn:userTask id="isi" name="Isi"><bpmn:incoming>a</bpmn:incoming><bpmn:outgoing>b</bpmn:outgoing></bpmn:userTask>
    <bpmn:endEvent id="selesai"><bpmn:incoming>b</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="a" sourceRef="mulai" targetRef="isi"/>
    <bpmn:sequenceFlow id="b" sourceRef="isi" targetRef="selesai"/>
  </bpmn:process>
</bpmn:definitions>
"""


def test_an_unchanged_diagram_keeps_its_version(as_: As) -> None:
    response = as_("perancang").deploy_folder(SOP_FOLDER)
    assert response.status_code == 200
    definition = response.json()["process_definitions"][0]
    assert (definition["key"], definition["version"]) == ("penjenjangan_kinerja", 1)
    assert definition["sha256"] == hashlib.sha256((SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes()).hexdigest()


def test_a_changed_diagram_becomes_the_next_version_and_takes_its_forms_over(as_: As) -> None:
    changed = (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes() + b"\n"
    designer = as_("perancang")
    preview = designer.deploy({"penjenjangan-kinerja.bpmn": changed}, dry_run=True)
    assert preview.status_code == 200
    assert preview.json()["process_definitions"][0] | {"sha256": ""} == {
        "id": None,
        "key": "penjenjangan_kinerja",
        "version": 2,
        "name": preview.json()["process_definitions"][0]["name"],
        "sha256": "",
        "status": "approved",
    }
    assert len(designer.get("/process-definitions").json()["items"]) == 1
    response = designer.deploy({"penjenjangan-kinerja.bpmn": changed})
    assert response.status_code == 201
    definition = response.json()["process_definitions"][0]
    assert definition["version"] == 2
    form = designer.get(f"/process-definitions/{definition['id']}/forms/penetapan.json")
    assert form.content == (SOP_FOLDER / "forms" / "penetapan.json").read_bytes()


def test_going_back_to_an_older_diagram_is_a_new_version(as_: As) -> None:
    designer, original = as_("perancang"), read_folder(SOP_FOLDER)
    name = "penjenjangan-kinerja.bpmn"
    assert designer.deploy({name: original[name] + b"\n"}).status_code == 201
    back = designer.deploy(original)
    assert (back.status_code, back.json()["process_definitions"][0]["version"]) == (201, 3)


def test_a_running_instance_stays_on_its_version(as_: As) -> None:
    instance = as_("kepala").start()
    as_("perancang").deploy({"p.bpmn": (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes() + b"\n"})
    assert as_("kepala").instance(instance["id"])["version"] == 1
    assert as_("kepala").start()["version"] == 2


def test_files_come_back_byte_for_byte(as_: As) -> None:
    definition = as_("auditor").get("/process-definitions", key="penjenjangan_kinerja").json()["items"][0]
    xml = as_("auditor").get(f"/process-definitions/{definition['id']}/xml")
    assert xml.content == (SOP_FOLDER / "penjenjangan-kinerja.bpmn").read_bytes()
    assert xml.headers["content-type"].startswith("application/xml")
    missing = as_("auditor").get(f"/process-definitions/{definition['id']}/forms/tidak-ada.json")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:jenjang:problem:form_not_found")
    assert as_("auditor").get("/process-definitions/01890000-0000-7000-8000-000000000000/xml").status_code == 404


def test_a_small_diagram_deploys_starts_and_ends(as_: As) -> None:
    assert as_("admin").deploy({"../../etc/kecil.bpmn": MINIMAL}).status_code == 201
    definition = as_("admin").get("/process-definitions", key="kecil").json()["items"][0]
    assert definition["file_name"] == "kecil.bpmn"
    instance = as_("anggota1").start("kecil")
    done = as_("anggota2").complete(instance["user_tasks"][0], {})
    assert done.json()["process_instance"]["status"] == "completed"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (MINIMAL.replace(b'isExecutable="true"', b'isExecutable="false"'), "no_executable_process"),
        (MINIMAL.replace(b'targetRef="isi"', b'targetRef="isy"'), None),
        (MINIMAL[:300], None),
        (b"\x00\x01\x02", None),
    ],
)
def test_a_refused_diagram_names_each_problem_with_its_line(
    as_: As, content: bytes, code: str | None, dry_run: bool
) -> None:
    response = as_("perancang").deploy({"kecil.bpmn": content}, dry_run=dry_run)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:jenjang:problem:diagram_refused"
    problems = response.json()["errors"]
    assert problems
    for problem in problems:
        assert set(problem) == {"file", "element_id", "line", "code", "reason", "hint"}
        assert 1 <= problem["line"] <= max(1, content.count(b"\n") + 1)
    if code == "no_executable_process":
        assert code in {problem["code"] for problem in problems}
    assert as_("perancang").get("/process-definitions", key="kecil").json()["items"] == []


def test_the_same_upload_with_the_same_key_is_one_deployment(as_: As) -> None:
    designer, parts = as_("perancang"), {"kecil.bpmn": MINIMAL}
    headers = {"Idempotency-Key": "satu"}
    answers = [
        designer.request("POST", "/deployments", headers=headers, files=[("file", (name, content))])
        for name, content in [*parts.items(), *parts.items()]
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content


def test_a_lane_may_be_as_long_as_a_role_and_no_longer(as_: As) -> None:
    assert as_("perancang").deploy({"satu.bpmn": single_task(lane="T" * 200)}).status_code == 201
    refused = as_("perancang").deploy({"satu.bpmn": single_task(lane="T" * 201)})
    assert [problem["code"] for problem in refused.json()["errors"]] == ["lane_name_malformed"]


@pytest.mark.parametrize("lane", ["administrator", "Auditor", "designer", "starter"])
def test_a_lane_cannot_bear_the_name_of_a_system_role(as_: As, lane: str) -> None:
    refused = as_("perancang").deploy({"satu.bpmn": single_task(lane=lane)})
    assert [problem["code"] for problem in refused.json()["errors"]] == ["lane_name_reserved"]


@pytest.mark.parametrize("script", ["x = '\\x00'", "x = '\\ud800'", "x = 1e17"])
def test_a_script_cannot_make_what_the_databases_cannot_carry(as_: As, script: str) -> None:
    refused = as_("perancang").deploy({"satu.bpmn": single_task(script=script)})
    assert refused.status_code == 422, refused.text


def test_a_multipart_upload_is_known_by_its_type_in_any_case(as_: As) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="satu.bpmn"\r\n\r\n' + single_task()
    response = as_("perancang").request(
        "POST",
        "/deployments",
        headers={"Content-Type": "Multipart/Form-Data; boundary=x"},
        content=body + b"\r\n--x--\r\n",
    )
    assert response.status_code == 201, response.text


def _doubts(client: Client, diagram: bytes, **params: bool) -> list[tuple[str, str, str]]:
    response = client.deploy({"satu.bpmn": diagram}, **params)
    assert response.status_code in (200, 201), response.text
    found = [(each["code"], each["element_id"], each["reason"]) for each in response.json()["warnings"]]
    return [doubt for doubt in found if doubt[0] != "drawing_missing"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_lane_that_nobody_holds_is_a_warning_until_somebody_does(as_: As, database: Database, dry_run: bool) -> None:
    diagram = single_task(lane="Juru Arsip")
    reason = 'No active user holds the role "Juru Arsip": nobody can do the tasks of lane "Juru Arsip".'
    expected = [("lane_without_holder", "jalur_satu", reason)]
    assert _doubts(as_("perancang"), diagram, dry_run=dry_run) == expected
    _add(database, "juru", "Juru Arsip")
    assert _doubts(as_("perancang"), diagram, dry_run=dry_run) == []
    with database.transaction() as session:
        session.execute(
            update(tables.user_account).where(tables.user_account.c.username == "juru").values(active=False)
        )
    assert _doubts(as_("perancang"), diagram, dry_run=dry_run) == expected


def test_the_sop_has_somebody_for_every_lane_and_for_four_eyes(as_: As) -> None:
    assert as_("perancang").deploy_folder(SOP_FOLDER).json()["warnings"] == []


def test_four_eyes_that_leave_nobody_are_a_warning(as_: As, database: Database) -> None:
    diagram = four_eyes(drafter="Tim", examiner="Juru Arsip")
    _add(database, "juru", "Juru Arsip", "Tim")
    [(code, element_id, reason)] = _doubts(as_("perancang"), diagram)
    assert (code, element_id) == ("four_eyes_leaves_nobody", "periksa")
    assert '"Juru Arsip"' in reason
    assert "juru" not in reason, "who holds a role is not told to designers"
    _add(database, "juru2", "Juru Arsip")
    assert _doubts(as_("perancang"), diagram) == []


@pytest.mark.parametrize("demo", [True, False])
def test_people_of_the_demo_count_only_where_it_is_on(world: World, database: Database, demo: bool) -> None:
    _add(database, "peraga", "Juru Arsip", is_demo=True)
    settings = Settings(**(world.settings.model_dump() | {"demo": demo}))
    with TestClient(create_app(settings)) as http:
        found = _doubts(Client(http, world.tokens["perancang"]), single_task(lane="Juru Arsip"))
    assert [code for code, _, _ in found] == ([] if demo else ["lane_without_holder"])


def _add(database: Database, username: str, *roles: str, is_demo: bool = False) -> None:
    with database.transaction() as session:
        people.add(session, username, username.title(), roles, now=datetime.now(UTC), is_demo=is_demo)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_an_upload_that_finds_the_checks_busy_is_told_to_come_again(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "_waiting", 0.01)
    with checker.turn():
        refused = as_("perancang").deploy({"kecil.bpmn": MINIMAL})
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:jenjang:problem:busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert as_("perancang").deploy({"kecil.bpmn": MINIMAL}).status_code == 201
