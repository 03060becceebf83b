"""One process instance: its row, against what its sealed events tell."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

import orjson

from app.proof import canonical_json, sealed_text
from app.proof.chain import Chain
from app.proof.sealed_text import SealedEvent
from app.proof.spelling import Spelling
from app.storage.event_figures import Figures, figures_of
from app.storage.proof_rows import CommentRow, InstanceRow, TaskRow
from app.storage.task_proof import TaskProof

#: what a column holds that cannot be read as what it is
UNREADABLE = (TypeError, ValueError, AttributeError, KeyError, IndexError, OverflowError)
_STATUS = {
    "process_instance_started": "active",
    "process_instance_suspended": "suspended",
    "process_instance_resumed": "active",
    "process_instance_completed": "completed",
    "process_instance_cancelled": "cancelled",
    "process_instance_failed": "failed",
}
_ENDED = frozenset({"completed", "cancelled", "failed"})
_SORTED = orjson.OPT_SORT_KEYS
_NO_FIGURES = (None, None, None, None)
#: the only types of events that have any
_WITH_FIGURES = frozenset(
    {
        "gateway_decided",
        "user_task_completed",
        "process_instance_completed",
        "process_instance_failed",
        "process_instance_cancelled",
    }
)
#: a version of a process: its id and number
Version = tuple[str, int]


def _columns(*names: str) -> itemgetter[Any]:
    return itemgetter(*(SealedEvent._fields.index(name) for name in names))


#: columns of an event, taken and compared at once
_figures = _columns(*Figures._fields)
_version = _columns("process_definition_id", "version")


class InstanceProof:
    """What the events of one instance come to, one after the other.

    Args: `spelling` of the rows; `from_the_start` whether all its events are looked at, or only the last of them.
    """

    def __init__(self, chain: Chain, spelling: Spelling, *, from_the_start: bool = True) -> None:
        self.chain = chain
        self.spelling = spelling
        self.is_whole = from_the_start
        #: sequences of the events whose payload or state was removed by law
        self.redacted: list[int] = []
        #: whether its events are as they were written, so that they are a measure for other things
        self.is_sound = False
        #: of the first event: its hash, and what it hangs on
        self.first_hash: bytes | None = None
        self.hangs_on: bytes | None = None
        #: that the instance began with, where it has left it; as its migration tells
        self.begun_with: Mapping[str, Any] | None = None
        self.begin: Mapping[str, Any] | None = None
        #: every version that its events name; its id as it is sealed
        self.versions: list[Version] = []
        #: as it is kept
        self._version: Version | None = None
        self._first: SealedEvent | None = None
        self._last: SealedEvent | None = None
        self._lacks_payloads = False
        self._status: str | None = None
        self._ended_at: str | None = None
        self._state: str | None = None
        self._variables: dict[str, Any] = {}
        self._tasks = TaskProof(chain, spelling)

    def take(self, event: SealedEvent) -> None:
        """Go on to the next event."""
        chain = self.chain
        payload, state, computed = None, None, None
        try:
            payload, state, computed = sealed_text.event(event, chain.stream, self.spelling)
        except UNREADABLE as error:
            chain.report(event.sequence, "event_unreadable", f"It cannot be read: {error}.")
        chain.follow(event.sequence, event.previous_hash, event.hash, computed)
        if self._first is None:
            self._first, self.first_hash, self.hangs_on = event, event.hash, event.previous_hash
        self._last = event
        if payload is None or event.state_sha256 is not None:
            self._note_redaction(event, payload)
        if chain.findings:
            return
        if state is not None:
            self._state = state
        self._check_copies(event, payload)
        self._replay(event, payload or {})

    def end(self, row: InstanceRow, tasks: Iterable[TaskRow], comments: Iterable[CommentRow]) -> None:
        """Compare the rows with what the events came to."""
        chain, last = self.chain, self._last
        chain.end()
        if last is None:
            if row.last_sequence or self.is_whole:
                chain.report(None, "events_missing", "The process instance has no events.")
            return
        ends = {"last_sequence": last.sequence, "last_hash": last.hash, "last_event_at": last.occurred_at}
        self._compare("stream_end_differs", row, ends)
        if chain.findings:
            return
        self.is_sound = True
        try:
            self._compare("instance_differs", row, self._expected(row))
            if self.is_whole:
                self._compare_variables(row)
                self._tasks.compare(tasks)
                if not self._lacks_payloads:
                    self._tasks.compare_comments(comments)
        except UNREADABLE as error:
            chain.report(None, "instance_unreadable", f"The row of the process instance cannot be read: {error}.")

    def _note_redaction(self, event: SealedEvent, payload: Any) -> None:
        self.redacted.append(event.sequence)
        self._lacks_payloads = self._lacks_payloads or payload is None

    def _check_copies(self, event: SealedEvent, payload: Any) -> None:
        """The columns that no seal covers follow from what is sealed."""
        told = _figures(event)
        if (told != _NO_FIGURES or event.type in _WITH_FIGURES) and payload is not None:
            self._check_figures(event, told, payload)
        if event.format == 1 and (event.channel is not None or event.request_id is not None):
            self.chain.report(event.sequence, "copy_differs", "It names a request, which is not sealed with it.")
        version = _version(event)
        if version == self._version:
            return
        if self._version is not None and event.type != "process_instance_migrated":
            told_version = f"It names version {event.version}, but the instance did not move there."
            self.chain.report(event.sequence, "copy_differs", told_version)
        self._version = version
        self.versions.append((self.spelling.ids[event.process_definition_id] or "", event.version))

    def _check_figures(self, event: SealedEvent, told: tuple[Any, ...], payload: Mapping[str, Any]) -> None:
        moment = datetime.fromisoformat(self.spelling.moments[event.occurred_at] or "")
        expected = figures_of(event.type, payload, moment)
        # Events of before have none, and none were made up for them.
        if told == expected or (event.format == 1 and told == _NO_FIGURES):
            return
        wrong = [name for name, a, b in zip(Figures._fields, told, expected, strict=True) if a != b]
        self.chain.report(event.sequence, "copy_differs", f"Not what its payload says: {', '.join(wrong)}.")

    def _replay(self, event: SealedEvent, payload: Mapping[str, Any]) -> None:
        if changes := payload.get("changes"):
            for name, change in changes.items():
                self._variables[name] = change["new"]
        if event.user_task_id is not None:
            self._tasks.replay(event, payload)
            return
        type_ = event.type
        if type_ == "process_instance_migrated":
            self.begun_with = self.begun_with or payload.get("from", {})
        elif (status := _STATUS.get(type_)) is not None:
            self._status = status
            self._ended_at = event.occurred_at if status in _ENDED else None
            if type_ == "process_instance_started":
                self.begin = payload

    def _expected(self, row: InstanceRow) -> dict[str, Any]:
        """What the row should say, of what is known."""
        assert self._first is not None  # noqa: S101 - there is a last one
        expected: dict[str, Any] = {}
        if self._version is not None:
            expected["process_definition_id"] = self._version[0]
        if self._status is not None:
            expected |= {"status": self._status, "ended_at": self._ended_at}
        if self._state is not None and hashlib.sha256(row.state).hexdigest() != self._state:
            expected["state"] = self._state
        if not self.is_whole:
            return expected
        expected |= {"started_by": self._first.actor, "started_at": self._first.occurred_at}
        expected["highest_round"] = self._tasks.highest_round
        if self.begin is not None and not self._lacks_payloads:
            expected |= {"business_key": self.begin.get("business_key"), "late": self._tasks.late}
        if (seconds := self._duration()) is None or not self._is_nearly(row, seconds):
            expected["duration_seconds"] = seconds
        return expected

    def _duration(self) -> int | None:
        if self._ended_at is None or self._first is None:
            return None
        began, ended = (datetime.fromisoformat(moment) for moment in (self._first.occurred_at, self._ended_at))
        return int((ended - began).total_seconds())

    def _is_nearly(self, row: InstanceRow, seconds: int) -> bool:
        """Durations of before were filled in by the database, which rounds where the service cuts."""
        is_old = self._last is not None and self._last.format == 1
        return is_old and row.duration_seconds is not None and abs(row.duration_seconds - seconds) <= 1

    def _compare(self, code: str, row: InstanceRow, expected: Mapping[str, Any]) -> None:
        differing = [name for name, value in expected.items() if getattr(row, name) != value]
        if differing:
            self.chain.report(None, code, f"The events tell otherwise than its row: {', '.join(differing)}.")

    def _compare_variables(self, row: InstanceRow) -> None:
        if self._lacks_payloads:
            return
        stored = orjson.loads(row.variables)
        if orjson.dumps(stored, option=_SORTED) == orjson.dumps(self._variables, option=_SORTED):
            return
        # Perhaps they only are written in two ways, as a large number may be.
        stored, canonical = canonical_json.of_text(row.variables)
        if canonical == canonical_json.dumps(self._variables):
            return
        names = sorted(name for name in {**stored, **self._variables} if not _is_same(name, stored, self._variables))
        if names:
            told = f"The events tell otherwise than its row: the variable(s) {', '.join(names)}."
            self.chain.report(None, "instance_differs", told)


def _is_same(name: str, stored: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether a variable has the value told. One that was taken away is told as null."""
    first, second = stored.get(name), told.get(name)
    return canonical_json.dumps(first) == canonical_json.dumps(second)
