"""`jenjang demo`: the whole SOP over HTTP, as the people of the office would do it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2 as httpx
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli import demo_server
from app.cli.seeding import DEMO_PEOPLE, Tokens

_PROCESS = "penjenjangan_kinerja"
_NAMES = {person.username: person.name for person in DEMO_PEOPLE}
_HOLDERS = {person.role: person.username for person in reversed(DEMO_PEOPLE)}
#: Waktu Indonesia Barat, the time of the office
_WIB = timezone(timedelta(hours=7), "WIB")
#: SHA-256 of the draft that is sent back; the form's example is that of the second one
_FIRST_DRAFT = hashlib.sha256(b"konsep pertama").hexdigest()
_INDENT = " " * 29

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Office:
    """The people of the office, each with their token, at one server."""

    http: httpx.Client
    tokens: Tokens

    def get(self, username: str, path: str) -> Any:
        """What somebody reads there."""
        return self._call(username, "GET", path, None)

    def post(self, username: str, path: str, body: Json | None = None) -> Any:
        """What comes of it when somebody does that."""
        return self._call(username, "POST", path, body)

    def _call(self, username: str, method: str, path: str, body: Json | None) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[username]}"}
        return self.http.request(method, path, json=body, headers=headers).raise_for_status().json()


def play() -> None:
    """Play one instance from the order to the last receipt, with one rejection, and show its history.

    Raises:
        Unavailable: the server did not start.
    """
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    with console.status("Preparing a database and a server") as status, demo_server.running() as (address, tokens):
        status.stop()
        with httpx.Client(base_url=f"{address}/api/v1", trust_env=False) as http:
            office = Office(http, tokens)
            instance = _start(office, console)
            _complete_all(office, instance["user_tasks"], console)
            _show_history(office, instance["id"], console)


def _start(office: Office, console: Console) -> Json:
    order = {"process_definition_key": _PROCESS, "business_key": "Penjenjangan Kinerja 2025"}
    instance: Json = office.post("kepala", "/process-instances", order)
    console.rule(f"{instance['business_key']}: {_PROCESS} version {instance['version']}")
    _tell(console, instance["started_at"], "kepala", "starts the process")
    _tell_waiting(console, instance["user_tasks"])
    return instance


def _complete_all(office: Office, open_tasks: list[Json], console: Console) -> None:
    while open_tasks:
        task = open_tasks[0]
        username = task["candidates"][0] if task["candidates"] else _HOLDERS[task["role"]]
        path = f"/user-tasks/{task['id']}"
        office.post(username, f"{path}/assignment")
        values = _fill_in(task, office.get(username, f"{path}/form"))
        completion = office.post(username, f"{path}/completion", {"variables": values})
        _tell_completion(console, username, completion, values)
        open_tasks = completion["process_instance"]["user_tasks"]


def _fill_in(task: Json, form: Json) -> dict[str, Any]:
    """The first example of every field, but the Sekretaris sends the first draft back."""
    fields = form["schema"]["properties"].items()
    values = {name: field["examples"][0] for name, field in fields if not field.get("readOnly")}
    match task["element_id"], task["round"]:
        case "penyusunan_konsep", 1:
            values["hash_konsep"] = _FIRST_DRAFT
            del values["tanggapan_catatan"]
        case "pemeriksaan_konsep", 1:
            values |= {"keputusan": "tidak", "hash_diperiksa": _FIRST_DRAFT}
            del values["paraf_pemeriksaan"]
        case "pemeriksaan_konsep", _:
            del values["catatan"]
    return values


def _tell_completion(console: Console, username: str, completion: Json, values: Json) -> None:
    task = completion["user_task"]
    decision = f": {values['keputusan']}" if "keputusan" in values else ""
    _tell(console, task["completed_at"], username, f"{_with_round(task['name'], task['round'])}{decision}")
    if "catatan" in values:
        console.print(Text(f"{_INDENT}“{values['catatan']}”", style="yellow"))
    _tell_waiting(console, completion["next_user_tasks"])


def _tell(console: Console, instant: str, username: str, deed: str) -> None:
    console.print(Text.assemble((_clock(instant), "dim"), f"  {_NAMES[username]:<18} ", (deed, "bold")))


def _tell_waiting(console: Console, tasks: list[Json]) -> None:
    for task in tasks:
        console.print(Text(f"{_INDENT}→ {_with_round(task['name'], task['round'])} ({task['role']})", style="cyan"))


def _show_history(office: Office, instance_id: str, console: Console) -> None:
    table = Table("no", "WIB", "who", "event", "step", "", title="History", title_justify="left", box=box.SIMPLE)
    history = office.get("auditor", f"/history/process-instances/{instance_id}/events?limit=200")
    for event in history["items"]:
        table.add_row(
            str(event["sequence"]),
            _clock(event["occurred_at"]),
            event["actor"],
            event["type"].replace("user_task_", "task ").replace("process_instance_", "process ").replace("_", " "),
            _with_round(event["element_name"] or "", event["round"] or 1),
            _gist(event),
        )
    console.print(table)


def _gist(event: Json) -> str:
    """What a row has room for: how many values changed, or else what was decided."""
    changes = len(event["payload"].get("changes", ()))
    return f"{changes} values" if changes else event["decision"] or event["payload"].get("decision") or ""


def _with_round(name: str, number: int) -> str:
    return f"{name} ({number})" if number > 1 else name


def _clock(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(_WIB):%H:%M:%S}"
