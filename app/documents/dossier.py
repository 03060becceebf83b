"""What the dossier of an instance tells, gathered while its events go by: bounded, however many these are.

Of long lists the beginning and the end are told, and how many lie between; of long texts the beginning. Everything is
in the package's `events.jsonl`, and what was left out is said where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.documents.dossier_words import NONE, lateness, moment_text, round_text, span_of, stood_in
from app.documents.evidence import EvidenceEvent
from app.documents.evidence_values import written
from app.documents.marks import shortened

#: entries told at the beginning and at the end of each list
STEPS, DETAILS, RETURNS, APPROVALS, OTHERS = 150, 15, 60, 60, 60
#: characters of a value in the details, of all values of one step there, of a note or comment, and in a table
VALUE, VALUES, NOTE, CELL, NOTE_IN_TABLE = 1_500, 6_000, 1_500, 300, 120

_OTHERS = {
    "process_instance_started": "Proses dimulai",
    "process_instance_suspended": "Proses dihentikan sementara",
    "process_instance_resumed": "Proses dilanjutkan",
    "process_instance_cancelled": "Proses dibatalkan",
    "process_instance_completed": "Proses selesai",
    "process_instance_failed": "Proses gagal",
    "process_instance_migrated": "Proses pindah ke versi lain",
    "user_task_assigned": "Tugas diserahkan",
    "user_task_released": "Tugas dilepas",
    "user_task_commented": "Komentar",
    "user_task_cancelled": "Tugas dibatalkan",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says that is searched for, as the history has it."""

    occurred_at: datetime
    decision: str | None
    note: str | None
    duration_seconds: int | None
    late: bool | None
    #: the version that the instance ran then
    version: int


@dataclass(slots=True)
class Ends:
    """A list of which only the beginning and the end are kept."""

    most: int
    first: list[Any] = field(default_factory=list)
    last: deque[Any] = field(default_factory=deque)
    left_out: int = 0

    def add(self, entry: Any) -> None:
        """Behind the last."""
        if len(self.first) < self.most:
            self.first.append(entry)
            return
        self.last.append(entry)
        if len(self.last) > self.most:
            self.last.popleft()
            self.left_out += 1

    def words(self) -> dict[str, Any]:
        """As the template takes it."""
        return {"first": self.first, "last": list(self.last), "left_out": self.left_out}


#: of a version and an element: the names of its form's fields with their titles, in the form's order
FieldsOf = Callable[[int, str | None], Mapping[str, str]]


class DossierNotes:
    """What is noted of the events for the dossier."""

    def __init__(self, fields_of: FieldsOf) -> None:
        self._fields_of = fields_of
        self._number = 0
        self.steps, self.details, self.returns = Ends(STEPS), Ends(DETAILS), Ends(RETURNS)
        self.approvals, self.others = Ends(APPROVALS), Ends(OTHERS)
        self.count = 0
        self.head = ""
        self.removed: list[int] = []

    def add(self, event: EvidenceEvent, told: Told) -> None:
        """Note the next event of the stream."""
        self.count, self.head = event.sequence, event.hash.hex()
        payload = event.payload
        if payload is None:
            self.removed.append(event.sequence)
            payload = {}
        match event.told["type"]:
            case "user_task_completed":
                self._add_step(event, payload, told)
            case "user_task_returned":
                self.returns.add(_return(event, payload, told))
            case type_ if type_ in _OTHERS:
                self.others.add(_other(event, payload, told))

    def _add_step(self, event: EvidenceEvent, payload: Mapping[str, Any], told: Told) -> None:
        self._number += 1
        timing = payload.get("timing", {})
        step = {
            "number": self._number,
            "sequence": event.sequence,
            "time": moment_text(told.occurred_at),
            "name": event.told["element_name"] or event.told["element_id"],
            "round": round_text(event.told["round"]),
            "actor": event.told["actor"],
            "stood_in": stood_in(event.told["on_behalf_of"], event.told["basis"]),
            "decision": shortened(told.decision or NONE, CELL),
            "taken": span_of(told.duration_seconds),
            "late": lateness(told.late, timing.get("standard_time")),
            "is_late": bool(told.late),
            "note": shortened(told.note or "", NOTE_IN_TABLE),
        }
        self.steps.add(step)
        values = list(self._values(event, payload, told))
        self.details.add({**step, "values": values, "comment": _cut(payload.get("comment"), NOTE)})
        if (approval := payload.get("approval")) is not None:
            self.approvals.add(_approval(step, approval))

    def _values(self, event: EvidenceEvent, payload: Mapping[str, Any], told: Told) -> Iterator[list[str]]:
        entered, left = payload.get("variables", {}), VALUES
        fields = self._fields_of(told.version, event.told["element_id"])
        for name in [*(name for name in fields if name in entered), *sorted(entered.keys() - fields.keys())]:
            shown = _cut(_read_out(entered[name]), min(VALUE, left)) if left > 0 else "… (lihat events.jsonl)"
            left -= len(shown)
            yield [fields.get(name, name), shown]


def _read_out(value: Any) -> str:
    """A value of a form as people read it: objects and lists one after the other, deeper ones as JSON."""
    match value:
        case str():
            return value
        case bool():
            return "ya" if value else "tidak"
        case None:
            return NONE
        case list() if all(isinstance(item, str) for item in value):
            return ", ".join(value)
        case dict() if all(isinstance(item, str) for item in value.values()):
            return "; ".join(f"{name}: {item}" for name, item in sorted(value.items()))
    return written(value).decode()


def _return(event: EvidenceEvent, payload: Mapping[str, Any], told: Told) -> dict[str, Any]:
    return {
        "time": moment_text(told.occurred_at),
        "name": event.told["element_name"] or event.told["element_id"],
        "round": round_text(event.told["round"]),
        "from": payload.get("from_element_name") or payload.get("from_element_id") or NONE,
        "actor": event.told["actor"],
        "decision": shortened(payload.get("decision") or NONE, CELL),
        "note": _cut(payload.get("note"), CELL),
    }


def _approval(step: Mapping[str, Any], approval: Mapping[str, Any]) -> dict[str, Any]:
    behalf = approval.get("on_behalf_of") or {}
    return {
        "time": step["time"],
        "step": f"{step['number']}. {step['name']}",
        "kind": {"paraf": "Paraf", "tanda_tangan": "Tanda tangan"}.get(approval["kind"], approval["kind"]),
        "name": approval.get("name") or approval["username"],
        "position": _position(approval),
        "behalf": f"{behalf.get('name') or behalf['username']}, {_position(behalf)}" if behalf else "",
        "basis": approval.get("basis") or "",
        "decision": shortened(approval.get("decision") or NONE, CELL),
        "hash": approval["content_sha256"],
    }


def _position(person: Mapping[str, Any]) -> str:
    return ", ".join(person[name] for name in ("position", "unit") if person.get(name)) or NONE


def _other(event: EvidenceEvent, payload: Mapping[str, Any], told: Told) -> dict[str, Any]:
    says = payload.get("reason") or payload.get("comment") or ""
    if "to" in payload and isinstance(payload["to"], Mapping):
        says = f"Versi {payload['from']['version']} → versi {payload['to']['version']}"
    if payload.get("assignee"):
        says = f"kepada {payload['assignee']}. {says}"
    return {
        "time": moment_text(told.occurred_at),
        "what": _OTHERS[event.told["type"]],
        "name": event.told["element_name"] or "",
        "actor": event.told["actor"],
        "stood_in": stood_in(event.told["on_behalf_of"], event.told["basis"]),
        "says": _cut(says, NOTE),
    }


def _cut(text: str | None, longest: int) -> str:
    """The text, or its beginning with a word on where the rest is."""
    if text is None or len(text) <= longest:
        return text or ""
    return f"{text[:longest].rstrip()} … ({len(text):,} karakter; selengkapnya dalam events.jsonl)".replace(",", ".")
