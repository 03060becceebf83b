"""The user tasks and comments of one process instance, against what its sealed events tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from app.proof.chain import Chain
from app.proof.sealed_text import SealedEvent
from app.proof.spelling import Spelling
from app.storage.proof_rows import CommentRow, TaskRow

_CLOSED = {"user_task_completed": "completed", "user_task_cancelled": "cancelled"}
#: columns of a user task that events tell of while it is open; of a completed one there are two more
_TOLD = 7


class TaskProof:
    """What the events of one instance tell of its user tasks, one after the other."""

    def __init__(self, chain: Chain, spelling: Spelling) -> None:
        #: of any element
        self.highest_round = 1
        #: whether any was completed late
        self.late = False
        self._chain = chain
        self._ids = spelling.ids
        #: by id, as it is kept, the columns of each, in the order of `TaskRow`
        self._told: dict[str, list[Any]] = {}
        self._comments: Counter[tuple[Any, ...]] = Counter()

    def replay(self, event: SealedEvent, payload: Mapping[str, Any]) -> None:
        """Go on to the next event of a user task."""
        type_, task_id = event.type, event.user_task_id or ""
        if type_ == "user_task_opened":
            self.highest_round = max(self.highest_round, event.round or 1)
            opened = (event.element_id, event.element_name, event.round, "open", event.occurred_at)
            self._told[task_id] = [*opened, None, None]
        elif (state := _CLOSED.get(type_)) is not None:
            done = type_ == "user_task_completed"
            told = self._told.setdefault(task_id, [None] * _TOLD)
            told[3:] = state, told[4], event.occurred_at, event.actor if done else None
            if done:
                told += (event.on_behalf_of, event.basis)
                self.late = self.late or bool(payload.get("timing", {}).get("late"))
                self._note_comment(event, payload)
        elif type_ == "user_task_moved":
            self._told.setdefault(task_id, [None] * _TOLD)[:2] = event.element_id, event.element_name
        elif type_ == "user_task_commented":
            self._note_comment(event, payload)

    def compare(self, rows: Iterable[TaskRow]) -> None:
        """Compare the rows of all user tasks with what was told of them."""
        gone = dict(self._told)
        for row in rows:
            told = gone.pop(row.id, None)
            if told is None:
                self._chain.report(None, "user_task_untold", f"No event tells of the user task {self._ids[row.id]}.")
            elif (kept := row[2 : 2 + len(told)]) != tuple(told):
                wrong = [name for name, a, b in zip(TaskRow._fields[2:], kept, told, strict=False) if a != b]
                reason = f"The events tell otherwise than the row of user task {self._ids[row.id]}: {', '.join(wrong)}."
                self._chain.report(None, "user_task_differs", reason)
        for task_id in sorted(gone):
            self._chain.report(None, "user_task_missing", f"The row of the user task {self._ids[task_id]} is gone.")

    def compare_comments(self, rows: Iterable[CommentRow]) -> None:
        """Compare the comments kept with those told of."""
        if Counter(row[1:] for row in rows) != self._comments:
            told = "The comments kept are not those that the events tell of."
            self._chain.report(None, "comments_differ", told)

    def _note_comment(self, event: SealedEvent, payload: Mapping[str, Any]) -> None:
        if (comment := payload.get("comment")) is not None:
            self._comments[event.user_task_id, event.actor, comment, event.occurred_at] += 1
