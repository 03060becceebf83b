"""The versions of processes: is each stored diagram, with its forms, the one that instances began with?"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.engine.definitions import fingerprint
from app.errors import ProcessDefinitionNotFound
from app.proof.findings import DEFINITIONS, Finding
from app.storage import process_definitions
from app.storage.instance_proof import InstanceProof
from app.storage.proof_rows import InstanceRow, Rows, VersionRow

_TOLD = ("key", "version", "sha256", "fingerprint")
_STATUS = {
    "process_definition_proposed": "proposed",
    "process_definition_approved": "approved",
    "process_definition_rejected": "rejected",
    "process_definition_retired": "retired",
    "process_definition_reinstated": "approved",
}


@dataclass(slots=True)
class DefinitionProof:
    """What is proven of the versions."""

    session: Session
    versions: dict[str, VersionRow] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session) -> DefinitionProof:
        """All versions."""
        return cls(session, {row.id: row for row in Rows(session).versions()})

    def prove_contents(self, only: Collection[str] | None = None) -> None:
        """Is each diagram, with its forms, what its row says that it is? Args: `only` the ids of some versions."""
        for row in self.versions.values():
            if only is not None and row.id not in only:
                continue
            try:
                digests = self._digests(row)
            except (ProcessDefinitionNotFound, ValueError, TypeError) as error:
                self._report(row, "definition_unreadable", f"It cannot be read: {error}.")
                continue
            if digests != (row.sha256, row.fingerprint):
                self._report(row, "definition_altered", "Its diagram or a form is not the one of its SHA-256.")

    def prove_told(self, told: Mapping[str, tuple[str, Mapping[str, Any]]]) -> None:
        """Is each version what the stream of administration tells? Args: by id the last type of event about it, and
        its payload."""
        for definition_id, (type_, payload) in told.items():
            row = self.versions.get(definition_id)
            if type_ == "process_definition_deleted":
                continue
            if row is None:
                self.findings.append(
                    Finding(DEFINITIONS, None, "definition_missing", f"The version {definition_id} is gone.")
                )
                continue
            expected = {name: payload[name] for name in _TOLD if name in payload}
            expected |= {"status": _STATUS[type_]} if type_ in _STATUS else {}
            wrong = [name for name, value in expected.items() if getattr(row, name) != value]
            if wrong:
                self._report(row, "definition_differs", f"Administration tells otherwise: {', '.join(wrong)}.")

    def prove_instance(self, proof: InstanceProof, row: InstanceRow) -> None:
        """Did an instance begin with the version that it should have, and run those that its events name?"""
        chain = proof.chain
        for definition_id, number in proof.versions:
            version = self.versions.get(definition_id)
            if version is None or version.version != number:
                chain.report(None, "definition_differs", f"There is no version {number} with the id {definition_id}.")
        if not proof.is_whole or proof.hangs_on is None:
            return
        left = proof.begun_with
        begun = self.versions.get(
            str(proof.spelling.ids[row.process_definition_id] if left is None else left.get("id"))
        )
        print_of_begun = begun.fingerprint if begun is not None else str((left or {}).get("fingerprint"))
        if proof.hangs_on.hex() != print_of_begun:
            chain.report(1, "stream_start_differs", "It does not hang on the version that the instance began with.")
        if proof.begin is not None and begun is not None:
            self._compare_begin(proof, begun)

    def _compare_begin(self, proof: InstanceProof, begun: VersionRow) -> None:
        told = proof.begin or {}
        names = {"process_definition_key": "key", "version": "version", "process_definition_sha256": "sha256"}
        wrong = [
            mine for theirs, mine in names.items() if told.get(theirs, getattr(begun, mine)) != getattr(begun, mine)
        ]
        if wrong:
            proof.chain.report(1, "definition_differs", f"It began with another version: {', '.join(wrong)}.")

    def _digests(self, row: VersionRow) -> tuple[str, str]:
        definition_id = UUID(row.id)
        xml = process_definitions.xml_of(self.session, definition_id)
        forms = process_definitions.forms_of(self.session, definition_id)
        return hashlib.sha256(xml).hexdigest(), fingerprint(xml, forms)

    def _report(self, row: VersionRow, code: str, reason: str) -> None:
        self.findings.append(
            Finding(DEFINITIONS, None, code, f"Version {row.version} of {row.key}, {row.id}: {reason}")
        )
