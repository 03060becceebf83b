"""The file outside the database that holds every checkpoint: a database that was rolled back cannot roll it back."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.errors import Conflict
from app.proof.checkpoints import Checkpoint, line, read_line

NAME = "checkpoints.jsonl"


class CheckpointFile:
    """The file, opened by the one who makes checkpoints."""

    def __init__(self, opened: BinaryIO, path: Path) -> None:
        self._opened = opened
        self._path = path

    def complete(self, made: Iterable[Checkpoint]) -> None:
        """Append what the database has and the file has not, as after a power cut between the two.

        Args: `made` all checkpoints of the database, the first first.
        Raises:
            Conflict: the file knows checkpoints that the database does not, or others.
        """
        self._opened.seek(0)
        whole, missing = 0, []
        for checkpoint in made:
            found, expected = self._opened.readline(), line(checkpoint) + b"\n"
            if found == expected:
                whole += len(found)
            elif not found.endswith(b"\n") and expected.startswith(found):
                missing.append(checkpoint)
            else:
                raise Conflict(f"{self._path} has another checkpoint {checkpoint.number} than the database.")
        if more := self._opened.readline():
            raise Conflict(f"{self._path} has {_named(more)}, which the database does not have: was it set back?")
        # A line that was not written to its end is written again.
        self._opened.truncate(whole)
        self.append(missing)

    def append(self, made: Iterable[Checkpoint]) -> None:
        """Write checkpoints behind all others, so that they survive a power cut."""
        self._opened.seek(0, os.SEEK_END)
        self._opened.write(b"".join(line(checkpoint) + b"\n" for checkpoint in made))
        self._opened.flush()
        os.fsync(self._opened.fileno())


def _named(text: bytes) -> str:
    try:
        return f"checkpoint {read_line(text).number}"
    except ValueError:
        return "a line that is no checkpoint"


@contextmanager
def held(folder: Path) -> Iterator[CheckpointFile]:
    """The file of a folder, made when missing; nobody else on this machine has it meanwhile.

    Raises:
        OSError
    """
    path = folder / NAME
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o644), "r+b") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield CheckpointFile(opened, path)


def read(path: Path) -> Iterator[Checkpoint]:
    """The checkpoints of a file. A last line that was not written to its end is left out.

    Raises:
        Conflict: a line is no checkpoint. OSError
    """
    with path.open("rb") as opened:
        for number, text in enumerate(opened, start=1):
            try:
                yield read_line(text)
            except ValueError as error:
                if text.endswith(b"\n"):
                    raise Conflict(f"{path}, line {number}: {error}.") from error
