"""`jenjang demo`: the whole SOP over HTTP, as the people of the office would do it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
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
    _tell(console, instance["started_at"], "kepala", "starts the process", instance["user_tasks"])
    return instance


def _complete_all(office: Office, open_tasks: list[Json], console: Console) -> None:
    while open_tasks:
        task = open_tasks[0]
        username = task["candidates"][0] if task["candidates"] else _HOLDERS[task["role"]]
        path = f"/user-tasks/{task['id']}"
        office.post(username, f"{path}/assignment")
        values = _fill_in(task, office.get(username, f"{path}/form"))
        done = office.post(username, f"{path}/completion", {"variables": values})
        _tell(console, done["user_task"]["completed_at"], username, _deed(task, values), done["next_user_tasks"])
        open_tasks = done["process_instance"]["user_tasks"]


def _fill_in(task: Json, form: Json) -> dict[str, Any]:
    """The first example of every field; the Sekretaris sends the first draft back."""
    values = {name: field["examples"][0] for name, field in form["schema"]["properties"].items()}
    if task["element_id"] == "pemeriksaan_konsep":
        is_sent_back = task["round"] == 1
        values["keputusan"] = "tidak" if is_sent_back else "ya"
        del values["paraf_pemeriksaan" if is_sent_back else "catatan"]
    return values


def _deed(task: Json, values: Json) -> str:
    repeated = f" (round {task['round']})" if task["round"] > 1 else ""
    decision = f": {values['keputusan']}" if "keputusan" in values else ""
    remark = f" ({values['catatan']})" if "catatan" in values else ""
    return f"{task['name']}{repeated}{decision}{remark}"


def _tell(console: Console, instant: str, username: str, deed: str, opened: list[Json]) -> None:
    who = Text.assemble((_clock(instant), "dim"), "  ", (f"{_NAMES[username]:<18}", "bold"), f" {deed}")
    console.print(who)
    for task in opened:
        console.print(Text(f"{'':<10}{'':<18} → {task['name']} ({task['role']})", style="cyan"))


def _show_history(office: Office, instance_id: str, console: Console) -> None:
    table = Table("no", "WIB", "who", "event", "step", "changed", title="History", title_justify="left")
    history = office.get("auditor", f"/history/process-instances/{instance_id}/events?limit=200")
    for event in history["items"]:
        step = event["element_name"] or ""
        repeated = f" ({event['round']})" if (event["round"] or 1) > 1 else ""
        table.add_row(
            str(event["sequence"]),
            _clock(event["occurred_at"]),
            event["actor"],
            event["type"].replace("_", " "),
            Text(step + repeated),
            Text(", ".join(event["payload"].get("changes", {}))),
        )
    console.print(table)


def _clock(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(_WIB):%H:%M:%S}"
