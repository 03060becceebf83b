"""Every stream, proven one after the other, with whatever rows are kept beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.proof.chain import Chain, HeadAt
from app.proof.findings import Finding
from app.proof.sealed_text import SealedEntry, SealedEvent
from app.storage.definition_proof import DefinitionProof
from app.storage.instance_proof import InstanceProof
from app.storage.named_stream_proof import NAMES, NamedStreamProof
from app.storage.proof_rows import CommentRow, InstanceRow, Rows, TaskRow
from app.storage.stream_rows import Sorted, names


@dataclass(frozen=True, slots=True)
class StreamProof:
    """What came of one stream."""

    name: str
    #: in the stream
    event_count: int
    looked_at: int
    #: number of the last event that is under the last sound checkpoint; 0: none
    covered: int
    first_hash: bytes | None
    last_hash: bytes | None
    #: numbers of the events whose payload or state was removed by law
    redacted: Sequence[int]
    #: ids of the versions of the process that its events name
    versions: Collection[str]
    findings: Sequence[Finding]


def of_instances(
    session: Session, definitions: DefinitionProof, since: int | None, sound: int, only: str | None = None
) -> Iterator[StreamProof]:
    """The streams of instances. Args: `since` a checkpoint whose word is taken for what came before it; `sound` the
    last whose word is worth anything, or 0; `only` the id of one instance."""
    rows = Rows(session, only)
    ids = rows.spelling.ids
    instances: Sorted[InstanceRow] = Sorted(rows.instances(), ids)
    events: Sorted[SealedEvent] = Sorted(rows.events(since), ids)
    heads: Sorted[tuple[str, HeadAt]] = Sorted(rows.heads())
    tasks: Sorted[TaskRow] = Sorted(rows.tasks(), ids)
    comments: Sorted[CommentRow] = Sorted(rows.comments(), ids)
    for name in names(instances, events, heads, tasks, comments):
        known = [head for _, head in heads.of(name)]
        row = next(instances.of(name), None)
        if row is None and name in NAMES:
            continue
        trusted = _trusted(known, since)
        chain = _chain(name, known, trusted)
        proof = InstanceProof(chain, rows.spelling, from_the_start=since is None)
        looked_at = 0
        for event in events.of(name):
            proof.take(event)
            looked_at += event.sequence > trusted
        if row is None:
            chain.end()
            chain.report(None, "instance_missing", "The row of the process instance is gone.")
        else:
            proof.end(row, tasks.of(name), comments.of(name))
            if proof.is_sound:
                definitions.prove_instance(proof, row)
        # What a broken stream left unread is passed over.
        for part in (tasks, comments):
            part.of(name)
        versions = {definition_id for definition_id, _ in proof.versions}
        yield _result(chain, looked_at, known, sound, proof.first_hash, proof.redacted, versions)


def of_named_streams(
    session: Session, definitions: DefinitionProof, since: int | None, sound: int
) -> Iterator[StreamProof]:
    """The streams `access` and `administration`, and what the latter tells of versions."""
    rows = Rows(session)
    ends = {row.name: row for row in rows.stream_ends()}
    heads: Sorted[tuple[str, HeadAt]] = Sorted(rows.heads(*NAMES))
    entries: Sorted[SealedEntry] = Sorted(rows.entries(since))
    for name in sorted({*NAMES, *ends}):
        known = [head for _, head in heads.of(name)]
        trusted = _trusted(known, since)
        chain = _chain(name, known, trusted)
        chain.hash = None if chain.sequence else bytes(32)
        proof = NamedStreamProof(chain, rows.spelling)
        looked_at = 0
        for entry in entries.of(name):
            proof.take(entry)
            looked_at += entry.sequence > trusted
        proof.end(ends.get(name))
        if not chain.findings:
            definitions.prove_told(proof.versions_told)
        yield _result(chain, looked_at, known, sound, proof.first_hash, proof.redacted)


def _trusted(known: list[HeadAt], since: int | None) -> int:
    """Number of the last event that a trusted checkpoint knows; 0: none."""
    return max((head.sequence for head in known if since is not None and head.checkpoint <= since), default=0)


def _chain(name: str, known: list[HeadAt], trusted: int) -> Chain:
    """The beginning of what is looked at: the last event that is trusted, or the first of all."""
    before = max(trusted - 1, 0)
    return Chain(name, iter([head for head in known if head.sequence > before]), before)


def _result(
    chain: Chain,
    looked_at: int,
    known: list[HeadAt],
    sound: int,
    first_hash: bytes | None,
    redacted: Sequence[int],
    versions: Collection[str] = (),
) -> StreamProof:
    covered = max((head.sequence for head in known if head.checkpoint <= sound), default=0)
    last_hash = chain.hash if chain.sequence else None
    return StreamProof(
        chain.stream, chain.sequence, looked_at, covered, first_hash, last_hash, redacted, versions, chain.findings
    )
