"""One process instance: its row, its user tasks and comments, against what its sealed events tell."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from app.proof import canonical_json, sealed_text
from app.proof.chain import Chain
from app.proof.sealed_text import SealedEvent
from app.storage.event_figures import Figures, figures_of
from app.storage.proof_rows import CommentRow, InstanceRow, TaskRow

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
_CLOSED = {"user_task_completed": "completed", "user_task_cancelled": "cancelled"}
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


class InstanceProof:
    """What the events of one instance come to, one after the other.

    Args: `from_the_start` whether all its events are looked at, or only the last of them.
    """

    def __init__(self, chain: Chain, *, from_the_start: bool = True) -> None:
        self.chain = chain
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
        #: every version that its events name
        self.versions: list[Version] = []
        self._version: Version | None = None
        self._first: SealedEvent | None = None
        self._last: SealedEvent | None = None
        self._lacks_payloads = False
        self._status: str | None = None
        self._ended_at: str | None = None
        self._state: str | None = None
        self._variables: dict[str, Any] = {}
        self._highest_round = 1
        self._late = False
        self._tasks: dict[str, dict[str, Any]] = {}
        self._comments: Counter[tuple[Any, ...]] = Counter()

    def take(self, event: SealedEvent) -> None:
        """Go on to the next event."""
        computed, payload, state = None, None, None
        try:
            payload, digest = sealed_text.payload_of_event(event)
            state = sealed_text.state_sha256(event)
            computed = sealed_text.event_hash(event, digest, state)
        except UNREADABLE as error:
            self.chain.report(event.sequence, "event_unreadable", f"It cannot be read: {error}.")
        chain = self.chain
        chain.follow(event.sequence, event.previous_hash, event.hash, computed)
        if self._first is None:
            self._first, self.first_hash, self.hangs_on = event, event.hash, event.previous_hash
        self._last = event
        if payload is None or event.state_sha256 is not None:
            self._note_redaction(event, payload)
        if chain.findings:
            return
        self._state = state or self._state
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
                self._compare_tasks(tasks)
                self._compare_comments(comments)
        except UNREADABLE as error:
            chain.report(None, "instance_unreadable", f"The row of the process instance cannot be read: {error}.")

    def _note_redaction(self, event: SealedEvent, payload: Any) -> None:
        self.redacted.append(event.sequence)
        self._lacks_payloads = self._lacks_payloads or payload is None

    def _check_copies(self, event: SealedEvent, payload: Any) -> None:
        """The columns that no seal covers follow from what is sealed."""
        told = (event.decision, event.waiting_seconds, event.duration_seconds, event.late)
        if (told != _NO_FIGURES or event.type in _WITH_FIGURES) and payload is not None:
            self._check_figures(event, told, payload)
        if event.format == 1 and (event.channel is not None or event.request_id is not None):
            self.chain.report(event.sequence, "copy_differs", "It names a request, which is not sealed with it.")
        version = (event.process_definition_id, event.version)
        if version == self._version:
            return
        if self._version is not None and event.type != "process_instance_migrated":
            told_version = f"It names version {event.version}, but the instance did not move there."
            self.chain.report(event.sequence, "copy_differs", told_version)
        self._version = version
        self.versions.append(version)

    def _check_figures(self, event: SealedEvent, told: tuple[Any, ...], payload: Mapping[str, Any]) -> None:
        figures = figures_of(event.type, payload, datetime.fromisoformat(event.occurred_at))
        expected = (figures.decision, figures.waiting_seconds, figures.duration_seconds, figures.late)
        wrong = [name for name, a, b in zip(Figures.__slots__, told, expected, strict=True) if a != b]
        # Events of before have none, and none were made up for them.
        if not wrong or (event.format == 1 and told == _NO_FIGURES):
            return
        self.chain.report(event.sequence, "copy_differs", f"Not what its payload says: {', '.join(wrong)}.")

    def _replay(self, event: SealedEvent, payload: Mapping[str, Any]) -> None:
        for name, change in payload.get("changes", {}).items():
            self._variables[name] = change["new"]
        type_ = event.type
        if event.user_task_id is not None:
            self._replay_task(event, payload)
        elif type_ == "process_instance_migrated":
            self.begun_with = self.begun_with or payload.get("from", {})
        elif (status := _STATUS.get(type_)) is not None:
            self._status = status
            self._ended_at = event.occurred_at if status in _ENDED else None
            if type_ == "process_instance_started":
                self.begin = payload

    def _replay_task(self, event: SealedEvent, payload: Mapping[str, Any]) -> None:
        type_, task_id = event.type, event.user_task_id or ""
        if type_ == "user_task_opened":
            self._highest_round = max(self._highest_round, event.round or 1)
            self._tasks[task_id] = {
                "element_id": event.element_id,
                "name": event.element_name,
                "round": event.round,
                "state": "open",
                "created_at": event.occurred_at,
                "completed_at": None,
                "completed_by": None,
            }
        elif (state := _CLOSED.get(type_)) is not None:
            task = self._tasks.setdefault(task_id, {})
            task |= {"state": state, "completed_at": event.occurred_at}
            if type_ == "user_task_completed":
                task |= {"completed_by": event.actor, "on_behalf_of": event.on_behalf_of, "basis": event.basis}
                self._late = self._late or bool(payload.get("timing", {}).get("late"))
                self._note_comment(event, payload)
        elif type_ == "user_task_moved":
            self._tasks.setdefault(task_id, {}).update(element_id=event.element_id, name=event.element_name)
        elif type_ == "user_task_commented":
            self._note_comment(event, payload)

    def _note_comment(self, event: SealedEvent, payload: Mapping[str, Any]) -> None:
        if (comment := payload.get("comment")) is not None:
            self._comments[event.user_task_id, event.actor, comment, event.occurred_at] += 1

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
        expected["highest_round"] = self._highest_round
        if self.begin is not None and not self._lacks_payloads:
            expected |= {"business_key": self.begin.get("business_key"), "late": self._late}
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

    def _compare(self, code: str, row: InstanceRow | TaskRow, expected: Mapping[str, Any]) -> bool:
        differing = [name for name, value in expected.items() if getattr(row, name) != value]
        if differing:
            what = "its row" if isinstance(row, InstanceRow) else f"the row of user task {row.id}"
            self.chain.report(None, code, f"The events tell otherwise than {what}: {', '.join(differing)}.")
        return not differing

    def _compare_variables(self, row: InstanceRow) -> None:
        if self._lacks_payloads:
            return
        stored, canonical = canonical_json.of_text(row.variables)
        if canonical == canonical_json.dumps(self._variables):
            return
        names = sorted(name for name in {**stored, **self._variables} if not _is_same(name, stored, self._variables))
        if names:
            told = f"The events tell otherwise than its row: the variable(s) {', '.join(names)}."
            self.chain.report(None, "instance_differs", told)

    def _compare_tasks(self, tasks: Iterable[TaskRow]) -> None:
        seen = set()
        for task in tasks:
            seen.add(task.id)
            told = self._tasks.get(task.id)
            if told is None:
                self.chain.report(None, "user_task_untold", f"No event tells of the user task {task.id}.")
            else:
                self._compare("user_task_differs", task, told)
        self._report_missing_tasks(self._tasks.keys() - seen)

    def _report_missing_tasks(self, gone: Collection[str]) -> None:
        for task_id in sorted(gone):
            self.chain.report(None, "user_task_missing", f"The row of the user task {task_id} is gone.")

    def _compare_comments(self, comments: Iterable[CommentRow]) -> None:
        kept = Counter((each.user_task_id, each.author, each.text, each.created_at) for each in comments)
        if kept != self._comments and not self._lacks_payloads:
            told = "The comments kept are not those that the events tell of."
            self.chain.report(None, "comments_differ", told)


def _is_same(name: str, stored: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """Whether a variable has the value told. One that was taken away is told as null."""
    first, second = stored.get(name), told.get(name)
    return canonical_json.dumps(first) == canonical_json.dumps(second)
