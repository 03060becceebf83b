"""The evidence of an instance: all that proves it, and what people read of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from app.documents.dossier import DossierNotes, Told
from app.documents.dossier_words import NONE, STATUS, WIB, moment_text, span_of
from app.documents.evidence import EvidenceCheckpoint, EvidenceEvent, EvidenceFolder, EvidenceVersion
from app.documents.marks import shortened
from app.documents.typesetting import Words
from app.engine.definitions import Definition, DefinitionUnreadable
from app.permissions import Actor, Operation
from app.proof import checkpoints as statements
from app.proof.audit_keys import PublicKey
from app.proof.seal import payload_digest, told_of_event
from app.storage import access, checkpoints, evidence_rows, process_definitions, version_files
from app.storage.event_figures import NOTE_FIELD, figures_of
from app.storage.process_definitions import ProcessDefinition
from app.storage.process_instances import ProcessInstance

#: characters of the name of an SOP above a dossier and at the foot of its pages, and of a unit's
_TITLE, _FOOTER, _UNIT = 300, 70, 300


def gather_evidence(
    session: Session, instance_id: UUID, actor: Actor, keys: Mapping[str, PublicKey], folder: EvidenceFolder
) -> Words:
    """Write all that proves an instance into the folder, as it is at one moment; gives the words of its dossier.

    Raises:
        ProcessInstanceNotFound: also where the actor may not know of it.
    """
    instance = access.read_instance(session, instance_id, actor, Operation.READ_HISTORY)
    versions = evidence_rows.versions_of(session, instance.id)
    definitions = {version.version: _parsed(session, version) for version in versions}
    notes = DossierNotes(lambda version, element_id: _fields_of(definitions.get(version), element_id))
    for row in evidence_rows.of_instance(session, instance.id):
        event = _event(row)
        folder.add_event(event)
        notes.add(event, _told(row, event))
    folder.add_versions(_files(session, version) for version in versions)
    folder.add_keys(keys[kid].jwk for kid in sorted(keys))
    covered = checkpoints.latest_covering(session, str(instance.id))
    if covered is not None:
        folder.add_checkpoint(_signed(session, covered))
    return _words(instance, versions, definitions.get(instance.version), notes, covered)


def _event(row: Mapping[str, Any]) -> EvidenceEvent:
    is_removed = row["payload_sha256"] is not None
    digest = row["payload_sha256"] if is_removed else payload_digest(row["payload_salt"], row["payload"])
    return EvidenceEvent(
        told=told_of_event(row),
        payload=None if is_removed else row["payload"],
        payload_salt=row["payload_salt"],
        payload_sha256=digest,
        previous_hash=row["previous_hash"],
        hash=row["hash"],
        state=row["state_after"],
    )


def _told(row: Mapping[str, Any], event: EvidenceEvent) -> Told:
    payload = event.payload or {}
    figures = figures_of(row["type"], payload, row["occurred_at"])
    note = payload.get("variables", {}).get(NOTE_FIELD)
    return Told(
        occurred_at=row["occurred_at"],
        decision=figures.decision,
        note=note if isinstance(note, str) else None,
        duration_seconds=figures.duration_seconds,
        late=figures.late,
        version=row["version"],
    )


def _files(session: Session, version: ProcessDefinition) -> EvidenceVersion:
    files = version_files.files_of(session, version.id)
    return EvidenceVersion(
        id=str(version.id),
        version=version.version,
        sha256=version.sha256,
        fingerprint=version.fingerprint,
        xml=files.xml,
        forms=files.forms,
    )


def _parsed(session: Session, version: ProcessDefinition) -> Definition | None:
    """What the version says of itself; None where this release cannot read it any more."""
    try:
        return process_definitions.parsed(session, version)
    except DefinitionUnreadable:
        return None


def _fields_of(definition: Definition | None, element_id: str | None) -> dict[str, str]:
    """The fields of an element's form in its order, with the titles that it gives them, else their names."""
    element = None if definition is None else definition.user_tasks.get(element_id or "")
    fields = {} if element is None else element.form.schema.get("properties", {})
    titles = {name: field.get("title") if isinstance(field, Mapping) else None for name, field in fields.items()}
    return {name: title if isinstance(title, str) and title.strip() else name for name, title in titles.items()}


def _signed(session: Session, covered: checkpoints.Covered) -> EvidenceCheckpoint:
    made, head = covered.checkpoint, covered.head
    return EvidenceCheckpoint(
        statement=orjson.loads(statements.statement(made)),
        signature=made.signature,
        head=orjson.loads(head.leaf),
        path=checkpoints.inclusion_of(session, made.number, head.stream),
    )


def _words(
    instance: ProcessInstance,
    versions: list[ProcessDefinition],
    definition: Definition | None,
    notes: DossierNotes,
    covered: checkpoints.Covered | None,
) -> Words:
    identity = {} if definition is None else definition.identity
    title = identity.get("nama_sop") or (instance.key if definition is None else definition.name)
    day: date = instance.last_event_at.astimezone(WIB).date()
    return {
        "title": title[:_TITLE],
        "footer": shortened(title, _FOOTER),
        "unit": identity.get("unit", "")[:_UNIT],
        "id": str(instance.id),
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "facts": _facts(instance, versions, identity, title),
        "proof": _proof(notes, covered),
    } | {name: getattr(notes, name).words() for name in ("steps", "returns", "approvals", "others", "details")}


def _facts(
    instance: ProcessInstance, versions: list[ProcessDefinition], identity: Mapping[str, str], title: str
) -> list[tuple[str, str]]:
    return [
        ("Nama SOP", title),
        ("Nomor SOP", identity.get("nomor_sop", NONE)),
        ("Kunci usaha (business key)", instance.business_key or NONE),
        ("Nomor proses", str(instance.id)),
        ("Status", STATUS.get(instance.status, instance.status)),
        ("Dimulai", f"{moment_text(instance.started_at)} oleh {instance.started_by}"),
        ("Berakhir", moment_text(instance.ended_at)),
        ("Lama", span_of(instance.duration_seconds)),
        ("Putaran tertinggi", str(instance.highest_round)),
        ("Pernah terlambat", "ya" if instance.late else "tidak"),
        *((f"Versi {each.version}: SHA-256 diagram", each.sha256) for each in versions),
    ]


def _proof(notes: DossierNotes, covered: checkpoints.Covered | None) -> list[tuple[str, str]]:
    told = [("Banyaknya kejadian", str(notes.count)), ("Kepala rantai (hash kejadian terakhir)", notes.head)]
    if notes.removed:
        removed = ", ".join(map(str, notes.removed[:50])) + (" …" if len(notes.removed) > 50 else "")
        told.append(("Muatan dihapus menurut hukum", f"kejadian {removed}; sidik jarinya tetap"))
    if covered is None:
        return [*told, ("Checkpoint", "belum ada yang mencakup proses ini: rantai belum ditandatangani")]
    made = covered.checkpoint
    return [
        *told,
        (
            "Checkpoint",
            f"nomor {made.number}, {moment_text(made.created_at)}, mencakup kejadian 1–{covered.head.sequence}",
        ),
        ("Akar (root) yang ditandatangani", made.root.hex()),
        ("Kunci (key id)", made.key_id),
    ]
