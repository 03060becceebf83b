"""The people of the SOP, filling in its forms: the load of every measurement.

An instance has 11 completions: the six steps, draft and examination once more after a rejection, and three receipts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from benchmarks.connection import Connection, post

COMPLETIONS_PER_INSTANCE = 11

#: bearer tokens by username
Tokens = Mapping[str, str]
#: a user task as the service tells it
Task = Mapping[str, Any]
Values = dict[str, Any]

_FORMS = Path(__file__).parents[1] / "bpmn" / "penjenjangan-kinerja" / "forms"
_PERFORMERS = {
    "Kepala Badan": "kepala",
    "Sekretaris": "sekretaris",
    "Tim": "anggota1",
    "Ketua Tim Kerja Sekretariat": "ketua",
}
_REJECTED = {"keputusan": "tidak", "catatan": "Indikator kondisi antara kedua belum terukur."}
_APPROVED = {"keputusan": "ya", "paraf_pemeriksaan": {"jabatan": "Sekretaris", "jenis": "basah"}}


def _required_values(form: Path) -> Values:
    schema = orjson.loads(form.read_bytes())
    return {name: schema["properties"][name]["examples"][0] for name in schema["required"]}


#: what a person enters, by element
_VALUES = {form.stem.replace("-", "_"): _required_values(form) for form in _FORMS.glob("*.json")}


class Office:
    """Everybody in the office, at one connection. Counts the bytes of the values that it submits."""

    def __init__(self, port: int, tokens: Tokens) -> None:
        self._connection = Connection(port)
        self._tokens = tokens
        self.submitted_bytes = 0

    def start(self) -> Task:
        """Start an instance; gives its first user task."""
        body = orjson.dumps({"process_definition_key": "penjenjangan_kinerja", "business_key": secrets.token_hex(8)})
        answer = self.send(post("/api/v1/process-instances", self._tokens["kepala"], body))
        return dict(orjson.loads(answer)["user_tasks"][0])

    def completion(self, task: Task, *, reject: bool) -> bytes:
        """The request that completes a user task, as its performer sends it; an examination can reject."""
        values = _filled_in(task, reject=reject)
        self.submitted_bytes += len(orjson.dumps(values))
        token = self._tokens[_PERFORMERS[task["role"]]]
        return post(f"/api/v1/user-tasks/{task['id']}/completion", token, orjson.dumps({"variables": values}))

    def complete(self, task: Task, *, reject: bool = False) -> list[Task]:
        """Complete a user task; gives those that it opened."""
        return opened(self.send(self.completion(task, reject=reject)))

    def complete_all(self, task: Task) -> Iterator[Task]:
        """Complete an instance from its first user task to its end, with one rejection; gives each task done."""
        tasks = [task]
        while tasks:
            done = tasks.pop(0)
            tasks += self.complete(done, reject=is_rejected(done))
            yield done

    def floor(self, path: str) -> bytes:
        """The request for the floor, with a body like a completion's."""
        return post(path, self._tokens["kepala"], orjson.dumps({"variables": _VALUES["penetapan"]}))

    def send(self, request: bytes) -> bytes:
        """Send a request; gives the body of the answer."""
        return self._connection.send(request)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def opened(answer: bytes) -> list[Task]:
    """The user tasks that a completion opened."""
    return list(orjson.loads(answer)["next_user_tasks"])


def is_rejected(task: Task) -> bool:
    """Whether the Sekretaris sends the draft back: the first one, once."""
    return bool(task["round"] == 1)


def _filled_in(task: Task, *, reject: bool) -> Values:
    """A task's form, with a new fingerprint of the document each time: no two submissions are alike."""
    values = {
        name: secrets.token_hex(32) if "hash_" in name else value for name, value in _VALUES[task["element_id"]].items()
    }
    if task["element_id"] == "pemeriksaan_konsep":
        values |= _REJECTED if reject else _APPROVED
    return values
