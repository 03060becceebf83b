"""Acting as the people of the SOP: a REST client of one person, and the way through the six steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from httpx2 import Response

SOP_FOLDER = Path(__file__).parents[1] / "bpmn" / "penjenjangan-kinerja"
SOP_KEY = "penjenjangan_kinerja"

#: element → who does it
PERFORMERS = {
    "perintah_penyusunan": "kepala",
    "pembentukan_tim": "sekretaris",
    "rapat_koordinasi": "anggota1",
    "penyusunan_konsep": "ketua",
    "pemeriksaan_konsep": "sekretaris",
    "penetapan": "kepala",
    "distribusi_bidang": "ketua",
    "unggah_esr": "ketua",
    "unggah_situs_bappeda": "ketua",
}

As = Callable[[str], "Client"]


class Client:
    """The REST interface as one person sees it; paths are below /api/v1."""

    def __init__(self, http: Any, token: str, username: str = "") -> None:
        self._http = http
        self._token = token
        self.username = username

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> Response:
        sent = {"Authorization": f"Bearer {self._token}"} | dict(headers or {})
        response: Response = self._http.request(method, f"/api/v1{path}", headers=sent, **options)
        return response

    def get(self, path: str, **params: Any) -> Response:
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any = None, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", path, json=body, headers=named)

    def deploy(self, files: Mapping[str, bytes], **params: Any) -> Response:
        parts = [("file", (name, content)) for name, content in files.items()]
        return self.request("POST", "/deployments", files=parts, params=params)

    def deploy_folder(self, folder: Path, **params: Any) -> Response:
        return self.deploy(read_folder(folder), **params)

    def start(self, key: str = SOP_KEY, **body: Any) -> dict[str, Any]:
        response = self.post("/process-instances", {"process_definition_key": key, **body})
        assert response.status_code == 201, response.text
        return dict(response.json())

    def complete(self, task: Mapping[str, Any], variables: Mapping[str, Any], **headers: str) -> Response:
        return self.post(f"/user-tasks/{task['id']}/completion", {"variables": variables}, **headers)

    def instance(self, instance_id: str) -> dict[str, Any]:
        return dict(self.get(f"/process-instances/{instance_id}").json())

    def events(self, instance_id: str) -> list[dict[str, Any]]:
        response = self.get(f"/history/process-instances/{instance_id}/events", limit=200)
        return list(response.json()["items"])


def read_folder(folder: Path) -> dict[str, bytes]:
    """A folder's diagram and forms, by file name."""
    return {path.name: path.read_bytes() for path in [*folder.glob("*.bpmn"), *folder.glob("forms/*.json")]}


def example_values(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The first example of every property that a form asks for."""
    properties = schema["properties"].items()
    return {name: property_["examples"][0] for name, property_ in properties if not property_.get("readOnly")}


def values_for(person: Client, task: Mapping[str, Any], **chosen: Any) -> dict[str, Any]:
    """A valid form for a task, from its examples."""
    form = person.get(f"/user-tasks/{task['id']}/form").json()
    values = example_values(form["schema"]) | chosen
    if values.get("keputusan") == "tidak":
        values["catatan"] = "Indikator belum terukur."
    return values


def task_of(instance: Mapping[str, Any], element_id: str) -> dict[str, Any]:
    """The open user task of an element."""
    return next(task for task in instance["user_tasks"] if task["element_id"] == element_id)


def advance(as_: As, instance: Mapping[str, Any], element_id: str, **chosen: Any) -> dict[str, Any]:
    """Complete the open task of an element as its performer; gives the instance after it."""
    person = as_(PERFORMERS[element_id])
    task = task_of(instance, element_id)
    response = person.complete(task, values_for(person, task, **chosen))
    assert response.status_code == 200, response.text
    return dict(response.json()["process_instance"])


def advance_through(as_: As, instance: Mapping[str, Any], elements: Iterable[str]) -> dict[str, Any]:
    """Complete the open tasks of these elements, one after the other."""
    current = dict(instance)
    for element_id in elements:
        current = advance(as_, current, element_id)
    return current
