"""The checkpoints of the database: are they chained, signed, what the heads kept with them come to, and still all?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from sqlalchemy.orm import Session

from app.proof.audit_keys import PublicKey
from app.proof.checkpoints import NOTHING_BEFORE, Checkpoint, Head, is_signed_by, line
from app.proof.findings import CHECKPOINTS, Finding
from app.proof.growing_tree import GrowingTree
from app.storage import checkpoints
from app.storage.instance_proof import UNREADABLE
from app.storage.proof_rows import Rows


@dataclass(slots=True)
class CheckpointProof:
    """What is proven of the checkpoints."""

    #: the last that is sound, with all before it
    sound: Checkpoint | None = None
    findings: list[Finding] = field(default_factory=list)
    #: numbers of those that the copy outside does not have, as after a power cut, or because it is older
    not_outside: list[int] = field(default_factory=list)

    def report(self, number: int | None, code: str, reason: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(CHECKPOINTS, number, code, reason))


def prove(session: Session, keys: Mapping[str, PublicKey], outside: Iterable[Checkpoint] | None) -> CheckpointProof:
    """Go through all checkpoints. Args: `outside` the copy of them outside the database, where there is one.

    Raises:
        Conflict: the copy cannot be read.
    """
    proof = CheckpointProof()
    copies = None if outside is None else iter(outside)
    try:
        _go_through(session, proof, keys, copies)
    except UNREADABLE as error:
        proof.report(None, "checkpoints_unreadable", f"They cannot be read: {error}.")
    for copy in copies or ():
        proof.report(copy.number, "checkpoint_missing", "The copy outside the database has it: this was set back.")
    return proof


def _go_through(
    session: Session,
    proof: CheckpointProof,
    keys: Mapping[str, PublicKey],
    copies: Iterator[Checkpoint] | None,
) -> None:
    tree = GrowingTree()
    before: Checkpoint | None = None
    for number, checkpoint, heads in _with_heads(session):
        tree.put(_readable(proof, number, heads))
        if checkpoint is None:
            proof.report(number, "checkpoint_missing", "Heads of it are there, but not the checkpoint itself.")
            continue
        _compare_copy(proof, checkpoint, copies)
        _judge(proof, checkpoint, before, tree, keys)
        before = checkpoint
        if not proof.findings:
            proof.sound = checkpoint


def _with_heads(session: Session) -> Iterator[tuple[int, Checkpoint | None, Iterator[Head]]]:
    """Each number, with its checkpoint, and the heads that were written down with it."""
    made = {checkpoint.number: checkpoint for checkpoint in checkpoints.every(session)}
    numbers = iter(sorted(made))
    upcoming = next(numbers, None)
    for number, rows in groupby(Rows(session).heads_by_checkpoint(), key=itemgetter(0)):
        while upcoming is not None and upcoming < number:
            yield upcoming, made[upcoming], iter(())
            upcoming = next(numbers, None)
        yield number, made.get(number), (Head(*row[1:]) for row in rows)
        if upcoming == number:
            upcoming = next(numbers, None)
    while upcoming is not None:
        yield upcoming, made[upcoming], iter(())
        upcoming = next(numbers, None)


def _readable(proof: CheckpointProof, number: int, heads: Iterable[Head]) -> Iterator[Head]:
    for head in heads:
        if type(head.stream) is str and type(head.sequence) is int and type(head.hash) is bytes:
            yield head
        else:
            proof.report(number, "checkpoint_altered", f"What it has of the stream {head.stream} cannot be read.")


def _compare_copy(proof: CheckpointProof, checkpoint: Checkpoint, copies: Iterator[Checkpoint] | None) -> None:
    if copies is None:
        return
    copy = next(copies, None)
    if copy is None:
        proof.not_outside.append(checkpoint.number)
    elif line(copy) != line(checkpoint):
        told = f"The copy outside the database has another one in its place, checkpoint {copy.number}."
        proof.report(checkpoint.number, "checkpoint_replaced", told)


def _judge(
    proof: CheckpointProof,
    checkpoint: Checkpoint,
    before: Checkpoint | None,
    tree: GrowingTree,
    keys: Mapping[str, PublicKey],
) -> None:
    number, key = checkpoint.number, keys.get(checkpoint.key_id)
    if number != (1 if before is None else before.number + 1):
        proof.report(number, "checkpoint_missing", "The one before it is not there.")
    elif checkpoint.previous_hash != (NOTHING_BEFORE if before is None else before.hash):
        proof.report(number, "checkpoint_altered", "It does not hang on the one before it.")
    if key is None:
        proof.report(number, "key_unknown", f"It is signed by a key that is not known here: {checkpoint.key_id}.")
    elif not is_signed_by(checkpoint, key):
        proof.report(number, "signature_wrong", "Its signature is not over what it states.")
    if checkpoint.root != tree.root:
        proof.report(number, "root_differs", "The heads kept with the checkpoints are not those that it was made of.")
    if (checkpoint.stream_count, checkpoint.event_count) != (tree.stream_count, tree.event_count):
        proof.report(number, "count_differs", "It counts other streams or events than the heads kept with it.")
