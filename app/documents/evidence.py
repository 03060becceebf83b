"""The evidence of one instance as a zip: what proves it, what follows from that, and `verify.py` to check both.

Pure but for the folder that it writes to. An instance may have thousands of events: they come one by one, and nothing
of them is kept in memory but the variables as they are. The same input gives the same bytes: names in order, no times
of files.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from app.documents.evidence_values import Derived, written

_PACKAGE = "bukti.zip"
#: names of forms that every system of files can carry as they are
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
#: of each file in the zip: no time but the first that a zip can tell, and the rights of an ordinary file
_TIME, _RIGHTS, _UNIX = (1980, 1, 1, 0, 0, 0), 0o100644 << 16, 3
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EvidenceEvent:
    """One event with all by which it is proven."""

    #: what is sealed besides the digest of the payload and the hash before
    told: Mapping[str, Any]
    #: None where it was removed by law
    payload: Mapping[str, Any] | None
    payload_salt: bytes
    payload_sha256: bytes
    previous_hash: bytes
    hash: bytes
    #: as it is stored
    state: bytes | None

    @property
    def sequence(self) -> int:
        """Its number in the stream."""
        return int(self.told["sequence"])

    @property
    def line(self) -> dict[str, Any]:
        """As a line of `events.jsonl` tells it."""
        return {
            **self.told,
            "payload": self.payload,
            "payload_salt": None if self.payload is None else self.payload_salt.hex(),
            "payload_sha256": self.payload_sha256.hex(),
            "previous_hash": self.previous_hash.hex(),
            "hash": self.hash.hex(),
            "state_removed": self.state is None and self.told["state_sha256"] is not None,
        }


@dataclass(frozen=True, slots=True)
class EvidenceVersion:
    """A version that the instance ran, byte for byte."""

    id: str
    version: int
    sha256: str
    fingerprint: str
    xml: bytes
    forms: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class EvidenceCheckpoint:
    """The latest checkpoint that covers the instance, and how the instance's head stands under its root."""

    statement: Mapping[str, Any]
    signature: bytes
    head: Mapping[str, Any]
    #: from the head up to the root: on which side a hash stands, and the hash
    path: Sequence[tuple[str, bytes]]


class _Member(NamedTuple):
    """Where the content of a file of the package lies."""

    file: str
    begin: int
    size: int
    sha256: str


class EvidenceFolder:
    """A folder in which a package is gathered, within a `with` block, and then packed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._members: dict[str, _Member] = {}
        self._events = (folder / "events.jsonl").open("wb")
        # All in one: a folder of a thousand small files takes longer to write than all the rest.
        self._states = (folder / "states").open("wb")
        self._derived = Derived(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._events.close()
        self._states.close()
        self._derived.close()

    def add_event(self, event: EvidenceEvent) -> None:
        """Write the next event of the stream, its state, and what follows from it."""
        self._events.write(written(event.line) + b"\n")
        if event.state is not None:
            place = _Member("states", self._states.tell(), len(event.state), hashlib.sha256(event.state).hexdigest())
            self._members[f"states/{event.sequence:06d}.state"] = place
            self._states.write(event.state)
        self._derived.add(event.told, event.payload)

    def add_versions(self, versions: Iterable[EvidenceVersion]) -> None:
        """Write the diagrams and the forms, and which is which."""
        self._write("definitions.json", _in_lines([self._add_version(version) for version in versions]))

    def _add_version(self, version: EvidenceVersion) -> dict[str, Any]:
        folder = f"definitions/{version.version}"
        self._write(f"{folder}/diagram.bpmn", version.xml)
        forms = []
        for number, (name, content) in enumerate(sorted(version.forms.items()), start=1):
            file = name if _PLAIN_NAME.fullmatch(name) else f"~{number}.json"
            self._write(f"{folder}/forms/{file}", content)
            forms.append({"name": name, "file": f"{folder}/forms/{file}"})
        told = {name: getattr(version, name) for name in ("id", "version", "sha256", "fingerprint")}
        return {**told, "diagram": f"{folder}/diagram.bpmn", "forms": forms}

    def add_checkpoint(self, checkpoint: EvidenceCheckpoint) -> None:
        """Write down what was signed of the instance."""
        told = {
            "statement": checkpoint.statement,
            "signature": checkpoint.signature.hex(),
            "head": checkpoint.head,
            "path": [{"side": side, "hash": digest.hex()} for side, digest in checkpoint.path],
        }
        self._write("checkpoint.json", written(told) + b"\n")

    def add_keys(self, keys: Iterable[Mapping[str, str]]) -> None:
        """Write the public keys (JWK) by which checkpoints are verified."""
        self._write("public-keys.json", written({"keys": [dict(key) for key in keys]}) + b"\n")

    def packed(self, dossier: bytes) -> Path:
        """Add what is to be read, and zip it all; gives the zip, which lies in the folder."""
        for name in ("events.jsonl", *self._derived.files):
            self._enter(name)
        self._write("dossier.pdf", dossier)
        self._write("README.txt", files("app.documents").joinpath("templates", "evidence_readme.txt").read_bytes())
        self._write("verify.py", files("app.documents").joinpath("verify.py").read_bytes())
        listed = sorted(self._members.items())
        self._write("hashes.txt", "".join(f"{member.sha256}  {name}\n" for name, member in listed).encode())
        package = self._folder / _PACKAGE
        with zipfile.ZipFile(package, "w") as archive, ExitStack() as opened:
            sources: dict[str, BinaryIO] = {}
            for name, member in sorted(self._members.items()):
                if member.file not in sources:
                    sources[member.file] = opened.enter_context((self._folder / member.file).open("rb"))
                _pack(archive, name, sources[member.file], member)
        return package

    def _write(self, name: str, content: bytes) -> None:
        (self._folder / _flat(name)).write_bytes(content)
        self._enter(name)

    def _enter(self, name: str) -> None:
        path = self._folder / _flat(name)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._members[name] = _Member(path.name, 0, path.stat().st_size, digest)


def _flat(name: str) -> str:
    """What a file of the package is called in the folder, which has no folders."""
    return name.replace("/", "+")


def _pack(archive: zipfile.ZipFile, name: str, source: BinaryIO, member: _Member) -> None:
    told = zipfile.ZipInfo(name, _TIME)
    told.create_system, told.external_attr = _UNIX, _RIGHTS
    # States are compressed already.
    told.compress_type = zipfile.ZIP_STORED if name.endswith(".state") else zipfile.ZIP_DEFLATED
    source.seek(member.begin)
    with archive.open(told, "w") as target:
        for begin in range(0, member.size, _BLOCK):
            target.write(source.read(min(member.size - begin, _BLOCK)))


def _in_lines(entries: Iterable[Mapping[str, Any]]) -> bytes:
    return b"[" + b",\n".join(written(entry) for entry in entries) + b"]\n"
