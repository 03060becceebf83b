"""The review loop: does the 500th rejection cost what the first did?"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from app.storage import process_instances
from app.storage.database import Database
from benchmarks.databases import Prepared
from benchmarks.office import Office
from benchmarks.report import Effort, median
from benchmarks.server import Server

_ROUNDS = (1, 100, 500)


class LoopingInstance:
    """An instance whose drafts are never good enough."""

    def __init__(self, office: Office) -> None:
        self._office = office
        task = office.start()
        self.id = UUID(task["process_instance_id"])
        while task["element_id"] != "penyusunan_konsep":
            (task,) = office.complete(task)
        self._draft = task

    @property
    def round(self) -> int:
        """The round that begins now."""
        return int(self._draft["round"])

    def reject(self) -> float:
        """A draft, and its rejection; gives the seconds of one completion on the average of the two."""
        began = time.perf_counter()
        (examination,) = self._office.complete(self._draft)
        (self._draft,) = self._office.complete(examination, reject=True)
        return (time.perf_counter() - began) / 2

    def reject_until(self, number: int) -> None:
        """Go on to the beginning of that round."""
        while self.round < number:
            self.reject()


def measure(server: Server, prepared: Prepared, effort: Effort) -> dict[str, Any]:
    """Time and state at each of the rounds: of instances that are there at the same time, in turns."""
    seconds: dict[int, list[float]] = {number: [] for number in _ROUNDS}
    state_bytes: dict[int, int] = {}
    office = Office(server.port, prepared.tokens)
    for _ in range(effort.laps):
        instances = {number: LoopingInstance(office) for number in _ROUNDS}
        for number, instance in instances.items():
            instance.reject_until(number)
            seconds[number].append(instance.reject())
            state_bytes[number] = _state_bytes(prepared.database, instance.id)
        for _ in range(effort.samples - 1):
            for number, instance in instances.items():
                seconds[number].append(instance.reject())
    office.close()
    told = {
        str(n): {"milliseconds": median([s * 1000 for s in seconds[n]]), "state_bytes": state_bytes[n]} for n in _ROUNDS
    }
    return {
        "rounds": told,
        "time_ratio": round(told["500"]["milliseconds"] / told["1"]["milliseconds"], 3),
        "state_ratio": round(told["500"]["state_bytes"] / told["1"]["state_bytes"], 3),
    }


def _state_bytes(database: Database, instance_id: UUID) -> int:
    with database.reading() as session:
        return len(process_instances.get(session, instance_id).state)
