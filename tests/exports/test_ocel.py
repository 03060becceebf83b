"""OCEL 2.0: as the specification has it, and true to what happened."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from app.engine.document_fields import DocumentField, document_fields
from tests.exports.conftest import FORMULA, ODD, UNIT, Office
from tests.sop import SOP_FOLDER

#: type of an attribute → what reads its text
READERS: dict[str, Any] = {
    "string": str,
    "time": datetime.fromisoformat,
    "integer": int,
    "boolean": {"true": True, "false": False}.__getitem__,
}
#: the examples of the forms, which everybody fills in
DRAFT = "9191020ce65f462c48613dcbef9065b575a8f40a2648aebc45422f77f0a1dacd"
SIGNED = "95b6ee093f06e41f081001167ff8ced313561ce488ee4c74d1294f217eaf6e17"

Json = dict[str, Any]


@pytest.fixture(scope="session")
def log(office: Office) -> Json:
    return dict(json.loads(office.export("ocel")))


def check_standard(log: Json) -> None:
    """What the specification's schema and its text ask of a document."""
    assert set(log) == {"objectTypes", "eventTypes", "objects", "events"}
    check_items(log["objects"], log["objectTypes"], {"id", "type", "attributes", "relationships"}, timed=True)
    check_items(log["events"], log["eventTypes"], {"id", "type", "time", "attributes", "relationships"}, timed=False)
    known = {each["id"] for each in log["objects"]}
    for each in [*log["objects"], *log["events"]]:
        related = [(relation["objectId"], relation["qualifier"]) for relation in each["relationships"]]
        assert {id_ for id_, _ in related} <= known
        assert len(related) == len(set(related))


def check_items(items: list[Json], types: list[Json], members: set[str], *, timed: bool) -> None:
    declared = {type_["name"]: {each["name"]: each["type"] for each in type_["attributes"]} for type_ in types}
    assert len(declared) == len(types)
    assert len({item["id"] for item in items}) == len(items)
    for item in items:
        assert set(item) == members
        assert timed or datetime.fromisoformat(item["time"]).tzinfo is not None
        for attribute in item["attributes"]:
            assert set(attribute) == ({"name", "value", "time"} if timed else {"name", "value"})
            READERS[declared[item["type"]][attribute["name"]]](attribute["value"])
            assert not timed or datetime.fromisoformat(attribute["time"]).tzinfo is not None


def one(items: Iterable[Json], id_: str) -> Json:
    (found,) = (item for item in items if item["id"] == id_)
    return found


def values_of(item: Json, name: str) -> list[str]:
    return [attribute["value"] for attribute in item["attributes"] if attribute["name"] == name]


def test_the_log_is_what_the_specification_asks_for(log: Json) -> None:
    check_standard(log)


def test_every_event_is_told_and_work_is_named_by_what_was_done(log: Json, office: Office) -> None:
    happened = office.everything()
    assert [event["id"] for event in log["events"]] == [
        f"{event['process_instance_id']}:{event['sequence']}" for event in happened
    ]
    for told, event in zip(log["events"], happened, strict=True):
        name = event["element_name"] if event["type"] == "user_task_completed" else event["type"]
        assert (told["type"], values_of(told, "event_type")) == (name, [event["type"]])
        assert datetime.fromisoformat(told["time"]) == datetime.fromisoformat(event["occurred_at"])
    assert {told["name"] for told in log["eventTypes"]} == {told["type"] for told in log["events"]}


def test_there_are_the_instances_tasks_people_documents_and_versions(log: Json, office: Office) -> None:
    happened = office.everything()
    count = Counter(each["type"] for each in log["objects"])
    assert count == {
        "process_instance": 4,
        "process_definition": 1,
        "user_task": len({event["user_task_id"] for event in happened} - {None}),
        "person": len({event[name] for event in happened for name in ("actor", "on_behalf_of")} - {None}),
        "document": count["document"],
    }
    assert count["document"] > 2
    assert values_of(one(log["objects"], f"process_instance:{office.running}"), "business_key") == [ODD]
    assert values_of(one(log["objects"], f"process_instance:{office.cancelled}"), "business_key") == [FORMULA]
    assert values_of(one(log["objects"], "person:ketua"), "unit") == [UNIT]


def test_objects_tell_how_they_changed_and_when(log: Json, office: Office) -> None:
    statuses = {
        office.rejected: ["active", "completed"],
        office.running: ["active"],
        office.cancelled: ["active", "cancelled"],
    }
    for instance_id, status in statuses.items():
        assert values_of(one(log["objects"], f"process_instance:{instance_id}"), "status") == status
    (task_id,) = {event["user_task_id"] for event in office.as_("auditor").events(office.running)} - {None}
    task = one(log["objects"], f"user_task:{task_id}")
    assert values_of(task, "assignee") == ["kepala", "", "kepala"]
    assert (values_of(task, "state"), values_of(task, "role")) == (["open"], ["Kepala Badan"])
    times = [attribute["time"] for attribute in task["attributes"] if attribute["name"] == "assignee"]
    assert times == sorted(set(times))
    assert task["relationships"] == [
        {"objectId": f"process_instance:{office.running}", "qualifier": "process_instance"}
    ]


def test_a_document_is_one_whoever_tells_of_it(log: Json, office: Office) -> None:
    """Both instances were filled in with the same examples."""
    document = one(log["objects"], f"document:{SIGNED}")
    assert set(values_of(document, "uri")) == {
        "https://berkas.example/penjenjangan-kinerja/2025/dokumen.pdf",
        "https://bappeda.example/dokumen/penjenjangan-kinerja-2025",
    }
    told = [
        (event["id"].partition(":")[0], relation["qualifier"])
        for event in log["events"]
        for relation in event["relationships"]
        if relation["objectId"] == document["id"]
    ]
    fields = ("hash_dokumen", "esr_hash_dokumen", "distribusi_hash_dokumen", "situs_hash_dokumen")
    assert Counter(told) == {(instance, name): 1 for instance in (office.rejected, office.plain) for name in fields}


def test_who_approves_a_document_is_related_to_it_by_what_was_shown(log: Json, office: Office) -> None:
    (signed,) = (
        event
        for event in log["events"]
        if event["id"].startswith(office.rejected) and values_of(event, "element_id") == ["penetapan"]
        if values_of(event, "event_type") == ["user_task_completed"]
    )
    related = {(relation["qualifier"], relation["objectId"]) for relation in signed["relationships"]}
    assert {
        ("hash_konsep", f"document:{DRAFT}"),
        ("hash_dokumen", f"document:{SIGNED}"),
        ("actor", "person:sekretaris"),
        ("on_behalf_of", "person:kepala"),
    } <= related


def test_fields_of_documents_are_found_with_their_addresses() -> None:
    forms = {path.stem: json.loads(path.read_bytes()) for path in SOP_FOLDER.glob("forms/*.json")}
    assert {name: sorted(document_fields(form)) for name, form in forms.items() if document_fields(form)} == {
        "perintah-penyusunan": [DocumentField("hash_surat", "tautan_surat")],
        "pembentukan-tim": [DocumentField("hash_surat_tugas", "tautan_surat_tugas")],
        "rapat-koordinasi": [DocumentField("hash_notulen", "tautan_notulen")],
        "penyusunan-konsep": [DocumentField("hash_konsep", "tautan_konsep")],
        "pemeriksaan-konsep": [DocumentField("hash_diperiksa"), DocumentField("hash_konsep", "tautan_konsep")],
        "penetapan": [DocumentField("hash_dokumen", "tautan_dokumen"), DocumentField("hash_konsep", "tautan_konsep")],
        "distribusi-bidang": [DocumentField("distribusi_hash_dokumen")],
        "unggah-esr": [DocumentField("esr_hash_dokumen")],
        "unggah-situs-bappeda": [DocumentField("situs_hash_dokumen", "situs_tautan")],
    }


@pytest.mark.parametrize("wanted", [{"actor": "kepala"}, {"element_id": "penetapan"}, {"actor": "nobody"}])
def test_whatever_is_left_out_every_reference_leads_somewhere(office: Office, wanted: dict[str, str]) -> None:
    log = json.loads(office.export("ocel", **wanted))
    check_standard(log)
    assert len(log["events"]) == len(office.events(**wanted))
    assert bool(log["objects"]) == (wanted != {"actor": "nobody"})
