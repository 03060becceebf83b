"""A designer learns what was changed, whom it touches, and what was lost, before and after deploying."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from app.queries import find_touched_instances
from app.storage.database import Database
from tests.diagrams_in_text import single_task
from tests.sop import SOP_FOLDER, SOP_KEY, As, Client, advance, advance_through, read_folder

#: what has nothing to do with the database
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])

NAME = "penjenjangan-kinerja.bpmn"
SOP = read_folder(SOP_FOLDER)[NAME].decode()
#: what bpmn.io leaves of a task that was given another type and back
STRIPPED = re.sub(
    r'(<bpmn:userTask id="rapat_koordinasi".*?)<bpmn:extensionElements>.*?</bpmn:extensionElements>',
    r"\1",
    SOP,
    count=1,
    flags=re.DOTALL,
)


def preview(person: Client, xml: str, **params: Any) -> dict[str, Any]:
    response = person.deploy({NAME: xml.encode()}, dry_run=True, **params)
    assert response.status_code == 200, response.text
    [found] = response.json()["preview"]
    return dict(found)


def told(differences: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(each["kind"], each["element_id"], each["property"], each["old"], each["new"]) for each in differences]


def newest(person: Client) -> dict[str, Any]:
    return dict(person.get("/process-definitions", key=SOP_KEY, latest=True).json()["items"][0])


def test_one_answer_tells_the_problems_the_changes_the_instances_and_the_sheet(as_: As) -> None:
    advance(as_, as_("kepala").start(), "perintah_penyusunan")
    waiting = as_("kepala").start()
    changed = SOP.replace('"waktu" value="P3D"', '"waktu" value="P5D"')
    answer = as_("perancang").deploy({NAME: changed.encode()}, dry_run=True).json()
    [found] = answer["preview"]
    assert (answer["id"], answer["restored"]) == (None, [])
    assert found["key"] == SOP_KEY
    assert found["replaces"] == {"id": newest(as_("perancang"))["id"], "version": 1}
    assert not found["diff"]["layout_only"]
    assert told(found["diff"]["differences"]) == [("property_changed", "pembentukan_tim", "waktu", "P3D", "P5D")]
    touched = found["process_instances"]
    assert [touched[name] for name in ("total", "examined", "truncated")] == [2, 2, False]
    assert {(each["element_id"], each["count"], each["migratable"]) for each in touched["waiting"]} == {
        ("perintah_penyusunan", 1, 1),
        ("pembentukan_tim", 1, 1),
    }
    assert touched["items"][0] == {
        "id": waiting["id"],
        "version": 1,
        "element_ids": ["perintah_penyusunan"],
        "migratable": True,
        "obstacles": [],
    }
    assert found["sop_sheet"]["total"] == {"old": "47 hari 13 menit", "new": "49 hari 13 menit"}
    assert found["sop_sheet"]["rows"] == [
        {"number": 2, "change": "changed", "column": "waktu", "old": "3 hari", "new": "5 hari"}
    ]


@on_sqlite
def test_a_preview_writes_nothing(as_: As, database: Database) -> None:
    as_("kepala").start()
    with database.reading() as session:
        before = session.connection().exec_driver_sql("SELECT count(*) FROM stream_event").scalar()
    preview(as_("perancang"), SOP.replace("Mulai", "Awal"))
    with database.reading() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM stream_event").scalar() == before
    assert newest(as_("perancang"))["version"] == 1


@on_sqlite
def test_a_first_version_is_new_from_end_to_end(as_: As) -> None:
    response = as_("perancang").deploy({"satu.bpmn": single_task()}, dry_run=True)
    [found] = response.json()["preview"]
    assert found["replaces"] is None
    assert {each["kind"] for each in found["diff"]["differences"]} == {"element_added", "flow_added", "lane_added"}
    assert found["process_instances"]["total"] == 0
    assert found["sop_sheet"]["total"]["old"] is None


@on_sqlite
def test_only_running_instances_are_counted_of_every_version(as_: As) -> None:
    designer = as_("perancang")
    as_("kepala").start()
    ended = as_("kepala").start()
    assert as_("admin").post(f"/process-instances/{ended['id']}/cancellation", {"reason": "Uji."}).status_code == 200
    assert designer.deploy({NAME: SOP.replace("Mulai", "Awal").encode()}).status_code == 201
    suspended = as_("kepala").start()
    as_("admin").post(f"/process-instances/{suspended['id']}/suspension")
    touched = preview(designer, SOP)["process_instances"]
    assert [(each["version"], each["element_id"], each["count"]) for each in touched["waiting"]] == [
        (2, "perintah_penyusunan", 1),
        (1, "perintah_penyusunan", 1),
    ]


@on_sqlite
def test_an_instance_whose_element_would_be_gone_says_so(as_: As) -> None:
    team = advance_through(as_, as_("kepala").start(), ["perintah_penyusunan", "pembentukan_tim"])
    stays = as_("kepala").start()
    without_meeting = re.sub(r'<bpmn:userTask id="rapat_koordinasi".*?</bpmn:userTask>', "", SOP, flags=re.DOTALL)
    without_meeting = (
        re.sub(
            r'<bpmndi:BPMN\w+ id="(rapat_koordinasi|alur_hasil_rapat)_di".*?</bpmndi:BPMN\w+>',
            "",
            without_meeting,
            flags=re.DOTALL,
        )
        .replace("<bpmn:flowNodeRef>rapat_koordinasi</bpmn:flowNodeRef>", "")
        .replace(
            '<bpmn:sequenceFlow id="alur_hasil_rapat" sourceRef="rapat_koordinasi" targetRef="penyusunan_konsep" />', ""
        )
        .replace("<bpmn:incoming>alur_hasil_rapat</bpmn:incoming>", "")
        .replace('targetRef="rapat_koordinasi"', 'targetRef="penyusunan_konsep"')
    )
    found = preview(as_("perancang"), without_meeting)
    first, second = found["process_instances"]["items"]
    assert (first["id"], first["migratable"], first["element_ids"]) == (team["id"], False, ["rapat_koordinasi"])
    assert [(each["element_id"], each["code"]) for each in first["obstacles"]] == [("rapat_koordinasi", "element_gone")]
    assert (second["id"], second["migratable"]) == (stays["id"], True)
    assert ("element_removed", "rapat_koordinasi") in [each[:2] for each in told(found["diff"]["differences"])]
    assert {"number": 3, "change": "removed"}.items() <= found["sop_sheet"]["rows"][-1].items()


@on_sqlite
def test_of_many_instances_a_bounded_number_is_listed_and_tried(as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        advance(as_, as_("kepala").start(), "perintah_penyusunan")
    as_("kepala").start()
    monkeypatch.setattr(find_touched_instances, "MAX_LISTED", 2)
    monkeypatch.setattr(find_touched_instances, "MAX_SHAPES", 1)
    touched = preview(as_("perancang"), SOP)["process_instances"]
    assert (touched["total"], touched["examined"], len(touched["items"]), touched["truncated"]) == (4, 4, 2, True)
    assert [each["migratable"] for each in touched["items"]] == [True, None]


@on_sqlite
def test_lost_extensions_are_a_warning_and_can_be_put_back(as_: As) -> None:
    designer = as_("perancang")
    examined = designer.deploy({NAME: STRIPPED.encode()}, dry_run=True).json()
    [warning] = [each for each in examined["warnings"] if each["code"] == "extension_lost"]
    assert warning["element_id"] == "rapat_koordinasi"
    assert 'id="rapat_koordinasi"' in STRIPPED.splitlines()[warning["line"] - 1]
    assert 'formJsonSchemaFilename "rapat-koordinasi.json"' in warning["reason"]
    restored = designer.deploy({NAME: STRIPPED.encode()}, restore_extensions=True)
    assert restored.status_code == 201, restored.text
    body = restored.json()
    assert {each["element_id"] for each in body["restored"]} == {"rapat_koordinasi"}
    assert {"file": NAME, "element_id": "rapat_koordinasi", "name": "waktu", "value": "P1W"} in body["restored"]
    assert "extension_lost" not in {each["code"] for each in body["warnings"]}
    [version] = body["process_definitions"]
    stored = designer.get(f"/process-definitions/{version['id']}/xml").content
    assert version["sha256"] == hashlib.sha256(stored).hexdigest()
    assert designer.get(f"/process-definitions/{version['id']}/diff").json()["differences"] == []


@on_sqlite
def test_restoring_the_same_file_again_makes_no_other_version(as_: As) -> None:
    first, second = (as_("perancang").deploy({NAME: STRIPPED.encode()}, restore_extensions=True) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)


@on_sqlite
def test_where_nothing_was_lost_nothing_is_restored(as_: As) -> None:
    response = as_("perancang").deploy_folder(SOP_FOLDER, restore_extensions=True)
    assert (response.status_code, response.json()["restored"]) == (200, [])


def test_two_versions_are_compared_in_either_direction(as_: As) -> None:
    designer = as_("perancang")
    first = newest(designer)
    second = designer.deploy({NAME: SOP.replace('name="Ya"', 'name="Setuju"').encode()}).json()["process_definitions"][
        0
    ]
    forth = designer.get(f"/process-definitions/{first['id']}/diff", to=second["id"]).json()
    assert (forth["from"], forth["to"]) == ({"id": first["id"], "version": 1}, {"id": second["id"], "version": 2})
    assert told(forth["differences"]) == [("flow_renamed", "alur_disetujui_ya", None, "Ya", "Setuju")]
    back = designer.get(f"/process-definitions/{second['id']}/diff", to=first["id"]).json()
    assert told(back["differences"]) == [("flow_renamed", "alur_disetujui_ya", None, "Setuju", "Ya")]
    assert designer.get(f"/process-definitions/{second['id']}/diff").json() == forth


@on_sqlite
def test_of_the_first_version_everything_is_new(as_: As) -> None:
    compared = as_("orang_luar").get(f"/process-definitions/{newest(as_('perancang'))['id']}/diff").json()
    assert compared["from"] is None
    assert {each["kind"].rpartition("_")[2] for each in compared["differences"]} == {"added"}


@on_sqlite
def test_versions_of_different_processes_are_not_compared(as_: As) -> None:
    designer = as_("perancang")
    [other] = designer.deploy({"satu.bpmn": single_task()}).json()["process_definitions"]
    response = designer.get(f"/process-definitions/{newest(designer)['id']}/diff", to=other["id"])
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "other_process")
    unknown = designer.get(f"/process-definitions/{newest(designer)['id']}/diff", to=newest(designer)["deployment_id"])
    assert unknown.status_code == 404
