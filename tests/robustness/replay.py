"""An instance told from its events alone, to be compared with the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select

from app.storage import tables
from app.storage.database import Database
from tests.robustness.invariants import events_of

_UNASSIGNED = {"assignee": None, "claimed_at": None, "on_behalf_of": None, "basis": None}
#: columns of a user task that follow from the events; of the others, `role` and `revision` do not
TASK_COLUMNS = (
    *("element_id", "name", "round", "state", "candidates", "draft", *_UNASSIGNED),
    *("created_at", "completed_at", "completed_by"),
)
INSTANCE_COLUMNS = (
    *("status", "variables", "business_key", "started_by", "started_at", "ended_at", "process_definition_id"),
    *("highest_round", "late", "last_sequence", "last_event_at", "last_hash"),
)
_COMMENT_COLUMNS = ("user_task_id", "author", "text", "created_at")
Story = Sequence[RowMapping]


@dataclass
class Replayed:
    """What the events so far lead to."""

    instance: dict[str, Any] = field(default_factory=dict)
    tasks: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    #: (user task, author, text, time)
    comments: list[tuple[UUID, str, str, datetime]] = field(default_factory=list)
    acted: set[str] = field(default_factory=set)

    def tell(self, event: RowMapping) -> None:
        """Go on by one event, whose old values must be those that are there."""
        self.acted |= {name for name in (event["actor"], event["on_behalf_of"]) if name is not None}
        noun, _, verb = event["type"].rpartition("task_")
        if noun:
            getattr(self, f"_task_{verb}")(event, event["payload"])
        elif event["type"].startswith("process_instance_"):
            self._instance(event, event["payload"])
        for name, change in event["payload"].get("changes", {}).items():
            assert self.instance["variables"].get(name) == change["old"]
            self.instance["variables"][name] = change["new"]
        self.instance |= {
            "last_sequence": event["sequence"],
            "last_event_at": event["occurred_at"],
            "last_hash": event["hash"],
            "process_definition_id": event["process_definition_id"],
            "late": self.instance["late"] or bool(event["late"]),
        }

    def _instance(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        happened = event["type"].removeprefix("process_instance_")
        match happened:
            case "started":
                began = {"started_by": event["actor"], "started_at": event["occurred_at"], "ended_at": None}
                self.instance = {"status": "active", "variables": {}, "highest_round": 1, "late": False} | began
                self.instance["business_key"] = payload["business_key"]
            case "suspended" | "resumed" | "cancelled":
                assert payload["from"] == self.instance["status"]
                self.instance["status"] = payload["to"]
            case "completed" | "failed":
                self.instance["status"] = happened
        if happened in {"completed", "failed", "cancelled"}:
            self.instance["ended_at"] = event["occurred_at"]

    def _task_opened(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        assert event["user_task_id"] not in self.tasks
        told = {name: event[name] for name in ("element_id", "round")} | {"name": event["element_name"]}
        none = dict.fromkeys(("draft", "completed_at", "completed_by"))
        new = {"state": "open", "candidates": payload["candidates"], "created_at": event["occurred_at"]}
        self.tasks[event["user_task_id"]] = told | none | new | _UNASSIGNED
        self.instance["highest_round"] = max(self.instance["highest_round"], event["round"])

    def _task_returned(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        assert self.tasks[UUID(payload["from_user_task_id"])]["state"] == "completed"

    def _task_claimed(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        self._given(event, payload, {"on_behalf_of": event["on_behalf_of"], "basis": event["basis"]})

    def _task_assigned(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        self._given(event, payload, {"on_behalf_of": None, "basis": None})

    def _given(self, event: RowMapping, payload: Mapping[str, Any], in_name_of: Mapping[str, Any]) -> None:
        task = self._open(event)
        assert payload["former_assignee"] == task["assignee"]
        task |= {"assignee": payload["assignee"], "claimed_at": event["occurred_at"], **in_name_of}

    def _task_released(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        task = self._open(event)
        assert payload["former_assignee"] == task["assignee"]
        task |= _UNASSIGNED

    def _task_candidates_changed(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        task = self._open(event)
        assert payload["old"] == task["candidates"]
        task["candidates"] = payload["new"]

    def _task_draft_saved(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        task = self._open(event)
        assert payload["old"] == task["draft"]
        task["draft"] = payload["new"]

    def _task_commented(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        self._open(event)
        self.comments.append((event["user_task_id"], event["actor"], payload["comment"], event["occurred_at"]))

    def _task_completed(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        task = self._open(event)
        if payload["comment"] is not None:
            self._task_commented(event, payload)
        task |= {"state": "completed", "draft": None, "completed_at": event["occurred_at"]}
        task |= {"completed_by": event["actor"], "assignee": event["actor"], "basis": event["basis"]}
        task |= {"on_behalf_of": event["on_behalf_of"], "claimed_at": task["claimed_at"] or event["occurred_at"]}

    def _task_cancelled(self, event: RowMapping, payload: Mapping[str, Any]) -> None:
        self._open(event).update(state="cancelled", completed_at=event["occurred_at"])

    def _open(self, event: RowMapping) -> dict[str, Any]:
        task = self.tasks[event["user_task_id"]]
        assert task["state"] == "open", event["type"]
        return task


def check_told(database: Database, instance_id: UUID | str) -> Story:
    """Assert that the events alone lead to what the tables hold of an instance; gives the events."""
    story, told = events_of(database, instance_id), Replayed()
    for event in story:
        told.tell(event)
    with database.reading() as session:

        def rows(table: Any, key: str = "process_instance_id") -> list[RowMapping]:
            found = session.execute(select(table).where(table.c[key] == UUID(str(instance_id))))
            return list(found.mappings())

        (instance,) = rows(tables.process_instance, "id")
        assert {name: instance[name] for name in INSTANCE_COLUMNS} == told.instance
        kept = {row["id"]: {name: row[name] for name in TASK_COLUMNS} for row in rows(tables.user_task)}
        assert kept == told.tasks
        comments = [
            (row["user_task_id"], row["author"], row["text"], row["created_at"]) for row in rows(tables.comment)
        ]
        assert sorted(comments) == sorted(told.comments)
        acted = {row["name"] for row in rows(tables.participant) if row["basis"] == "acted"}
        assert acted == told.acted
    return story
