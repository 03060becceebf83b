"""Running instances go on in another version of their diagram, and lose nothing on the way."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from app.storage.database import Database
from tests.conftest import Clock
from tests.diagrams_in_text import four_eyes, parallel_teams, single_task
from tests.robustness.invariants import check_every_instance
from tests.sop import SOP_FOLDER, As, advance_through, read_folder, task_of, values_for

DRAFTED = ("perintah_penyusunan", "pembentukan_tim", "rapat_koordinasi")


def deploy(as_: As, *files: bytes, **changes: bytes) -> str:
    """Deploy a diagram; gives the id of its newest version."""
    response = as_("perancang").deploy({f"{number}.bpmn": content for number, content in enumerate(files)})
    assert response.status_code in (200, 201), response.text
    return str(response.json()["process_definitions"][0]["id"])


def deploy_sop(as_: As, *changes: tuple[str, str]) -> str:
    """Deploy the SOP with some texts of its diagram replaced."""
    files = read_folder(SOP_FOLDER)
    name = next(name for name in files if name.endswith(".bpmn"))
    text = files[name].decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    response = as_("perancang").deploy(files | {name: text.encode()})
    assert response.status_code == 201, response.text
    return str(response.json()["process_definitions"][0]["id"])


def migrate(as_: As, instance: dict[str, Any], target: str, **body: Any) -> Response:
    path = f"/process-instances/{instance['id']}/migration"
    return as_("admin").post(path, {"target_process_definition_id": target, **body})


def test_a_renamed_task_keeps_its_id_assignee_draft_and_round(as_: As, database: Database) -> None:
    instance = advance_through(as_, as_("kepala").start(), DRAFTED)
    ketua = as_("ketua")
    task = task_of(instance, "penyusunan_konsep")
    assert ketua.post(f"/user-tasks/{task['id']}/assignment", {}).status_code == 200
    draft = values_for(ketua, task)
    assert ketua.request("PUT", f"/user-tasks/{task['id']}/draft", json={"variables": draft}).status_code == 200
    before = as_("admin").get(f"/process-instances/{instance['id']}")
    target = deploy_sop(as_, ("penyusunan_konsep", "susun_konsep"))

    answer = migrate(as_, instance, target)

    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] != before.headers["ETag"]
    moved = answer.json()
    assert (moved["process_definition_id"], moved["version"]) == (target, 2)
    (after,) = moved["user_tasks"]
    assert (after["id"], after["element_id"], after["round"], after["assignee"]) == (task["id"], "susun_konsep", 1, "ketua")
    assert ketua.get(f"/user-tasks/{task['id']}/form").json()["values"].items() >= draft.items()
    told = as_("auditor").events(instance["id"])[-2:]
    assert [event["type"] for event in told] == ["process_instance_migrated", "user_task_moved"]
    assert told[0]["payload"]["mapping"]["penyusunan_konsep"] == "susun_konsep"
    assert (told[0]["payload"]["from"]["version"], told[0]["payload"]["to"]["version"]) == (1, 2)
    check_every_instance(database)
