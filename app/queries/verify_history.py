"""Prove the whole history, or say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.proof.audit_keys import PublicKey
from app.proof.checkpoints import Checkpoint
from app.proof.findings import Finding
from app.storage import checkpoint_proof, stream_proof
from app.storage.checkpoint_proof import CheckpointProof
from app.storage.definition_proof import DefinitionProof
from app.storage.stream_proof import StreamProof

#: told of, at most, so that a broken database does not fill the memory
_MOST = 1000

#: told after each stream how many events were looked at in all
Progress = Callable[[int], None]


@dataclass(slots=True)
class Verification:
    """What is proven of the whole history, and what is wrong."""

    checkpoints: CheckpointProof
    #: whose word is taken for what came before it; None: all events were looked at
    since: Checkpoint | None
    instance_count: int = 0
    #: of all streams
    event_count: int = 0
    looked_at: int = 0
    #: those that the last sound checkpoint covers
    covered_count: int = 0
    #: events whose payload or state was removed by law: the first of them, by stream and number
    redacted: list[tuple[str, int]] = field(default_factory=list)
    redacted_count: int = 0
    #: the first of them, in order
    findings: list[Finding] = field(default_factory=list)
    finding_count: int = 0

    def add(self, found: Iterable[Finding]) -> None:
        """Note what was found wrong."""
        for finding in found:
            self.finding_count += 1
            if len(self.findings) < _MOST:
                self.findings.append(finding)

    def add_stream(self, proof: StreamProof) -> None:
        """Note what came of one stream."""
        self.event_count += proof.event_count
        self.looked_at += proof.looked_at
        self.covered_count += min(proof.covered, proof.event_count)
        self.redacted_count += len(proof.redacted)
        self.redacted += ((proof.name, number) for number in proof.redacted[: _MOST - len(self.redacted)])
        self.add(proof.findings)


def verify_history(
    session: Session,
    keys: Mapping[str, PublicKey],
    outside: Iterable[Checkpoint] | None,
    since: Checkpoint | None,
    progress: Progress,
) -> Verification:
    """Go through all checkpoints, versions and streams.

    Args: `keys` the public keys that are trusted, by id; `outside` the copy of the checkpoints outside the database;
        `since` a checkpoint whose word is taken for what came before it.
    Raises:
        Conflict: the copy cannot be read.
    """
    result = Verification(checkpoint_proof.prove(session, keys, outside), since)
    definitions = DefinitionProof.of(session)
    definitions.prove_contents()
    sound = result.checkpoints.sound
    numbers = (None if since is None else since.number, 0 if sound is None else sound.number)
    for proof in stream_proof.of_instances(session, definitions, *numbers):
        result.instance_count += 1
        result.add_stream(proof)
        progress(result.looked_at)
    for proof in stream_proof.of_named_streams(session, definitions, *numbers):
        result.add_stream(proof)
        progress(result.looked_at)
    result.add(definitions.findings)
    result.add(result.checkpoints.findings)
    return result
