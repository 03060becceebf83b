"""What follows from the events of an instance: its variables after each command, its path, its comments.

`verify.py` works the same out again, by its own means: both must give the very bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import rfc8785

from app.proof import canonical_json

#: bytes; a longer value that did not change is told by the number of the event in which it last did
LONGEST = 200
_COMMANDS = frozenset({"process_instance_started", "user_task_completed", "process_instance_migrated"})
_ABOUT = (
    *("sequence", "occurred_at", "type", "element_id", "element_name", "round"),
    *("user_task_id", "actor", "on_behalf_of"),
)


def written(value: Any) -> bytes:
    """A value as the package carries it: in canonical form, one line."""
    try:
        return canonical_json.dumps(value)
    except rfc8785.IntegerDomainError:
        # A large number with a fraction of zero, which PostgreSQL keeps as an integer.
        return canonical_json.of_text(orjson.dumps(value))[1]


class _Value(NamedTuple):
    value: Any
    #: the event that gave it
    since: int
    is_long: bool


class Derived:
    """Writes `values.json`, `path.json` and `comments.json` while the events go by."""

    files = ("values.json", "path.json", "comments.json")

    def __init__(self, folder: Path) -> None:
        self._after, self._path, self._comments = (_Entries(folder / name) for name in self.files)
        self._values: dict[str, _Value] = {}
        #: whether the payload of every command is still there
        self._complete = True

    def add(self, told: Mapping[str, Any], payload: Mapping[str, Any] | None) -> None:
        """What one event adds. Args: `payload` None where it was removed by law."""
        about = {name: told[name] for name in _ABOUT}
        if payload is None:
            if told["type"] in _COMMANDS:
                self._complete = False
                self._add_command(about, {})
            return
        if payload.get("comment") is not None:
            self._comments.add({**about, "text": payload["comment"]})
        if "changes" in payload:
            self._add_command(about, payload)

    def _add_command(self, about: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
        now = about["sequence"]
        for name, change in payload.get("changes", {}).items():
            self._values[name] = _Value(change["new"], now, len(written(change["new"])) > LONGEST)
        old = {name: held.since for name, held in self._values.items() if held.is_long and held.since < now}
        told = {name: held.value for name, held in self._values.items() if name not in old}
        self._after.add({**about, "complete": self._complete, "variables": told, "unchanged_since": old})
        self._path.add({**about, "flows": payload.get("flows")})

    def close(self) -> None:
        """No more events: tell the variables as they are at the end."""
        final = {name: held.value for name, held in self._values.items()}
        self._after.add({"complete": self._complete, "final": final})
        for entries in (self._after, self._path, self._comments):
            entries.close()


class _Entries:
    """A list as JSON, one entry a line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._before = b"["

    def add(self, entry: Mapping[str, Any]) -> None:
        self._file.write(self._before + written(entry))
        self._before = b",\n"

    def close(self) -> None:
        self._file.write(b"]\n" if self._before != b"[" else b"[]\n")
        self._file.close()
