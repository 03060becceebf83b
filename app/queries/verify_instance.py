"""Prove the history of one process instance, or say what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.proof.audit_keys import PublicKey
from app.proof.checkpoints import Checkpoint, is_signed_by
from app.proof.findings import CHECKPOINTS, Finding
from app.storage import checkpoints, stream_proof
from app.storage.definition_proof import DefinitionProof
from app.storage.stream_proof import StreamProof


@dataclass(frozen=True, slots=True)
class InstanceVerification:
    """What is proven of one instance."""

    stream: StreamProof
    #: the latest that covers events of it, if it is sound; it covers them up to `stream.covered`
    checkpoint: Checkpoint | None
    findings: Sequence[Finding]


def verify_instance(session: Session, instance_id: UUID, keys: Mapping[str, PublicKey]) -> InstanceVerification:
    """Prove one instance, which is there. Args: `keys` the public keys that are trusted, by id.

    Of the checkpoints only the latest is looked at: reads the heads of all streams, as its root is over them all.
    """
    name = str(instance_id)
    covering = checkpoints.latest_covering(session, name)
    checkpoint = None if covering is None else covering.checkpoint
    wrong = [] if checkpoint is None else list(_judge(session, checkpoint, keys))
    sound = None if wrong else checkpoint
    definitions = DefinitionProof.of(session)
    (stream,) = stream_proof.of_instances(session, definitions, None, 0 if sound is None else sound.number, only=name)
    definitions.prove_contents(stream.versions)
    return InstanceVerification(stream, sound, [*stream.findings, *definitions.findings, *wrong])


def _judge(session: Session, checkpoint: Checkpoint, keys: Mapping[str, PublicKey]) -> Iterator[Finding]:
    number, key = checkpoint.number, keys.get(checkpoint.key_id)
    if key is None:
        told = f"Checkpoint {number} is signed by a key that is not known here: {checkpoint.key_id}."
        yield Finding(CHECKPOINTS, None, "key_unknown", told)
    elif not is_signed_by(checkpoint, key):
        told = f"The signature of checkpoint {number} is not over what it states."
        yield Finding(CHECKPOINTS, None, "signature_wrong", told)
    if checkpoints.root_at(session, number) != checkpoint.root:
        told = f"The heads kept with the checkpoints are not those that checkpoint {number} was made of."
        yield Finding(CHECKPOINTS, None, "root_differs", told)
