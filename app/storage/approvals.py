"""Approvals (paraf, tanda tangan): who, in which position, decided what, on exactly which content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.permissions import Performer
from app.proof import canonical_json
from app.storage import people
from app.storage.event_figures import DECISION_FIELD, NOTE_FIELD
from app.storage.process_instances import ProcessInstance


def content_sha256(instance: ProcessInstance, values: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of what is approved: the form's values and the version of the diagram that shows them.

    Over `{"process_definition": {"id", "sha256", "version"}, "values": {…}}` in canonical form (RFC 8785).
    """
    definition = {
        "id": str(instance.process_definition_id),
        "version": instance.version,
        "sha256": instance.definition_sha256,
    }
    content = {"process_definition": definition, "values": dict(values)}
    return hashlib.sha256(canonical_json.dumps(content)).hexdigest()


def approval(
    session: Session,
    instance: ProcessInstance,
    kind: str,
    performer: Performer,
    shown: Mapping[str, Any],
    entered: Mapping[str, Any],
    comment: str | None,
) -> dict[str, Any]:
    """The record of one approval, for the event of the completion; the time is the event's.

    Approved is the whole form as it is when it is completed: what it shows for reading only, which the record repeats,
    and what was entered, which stands beside it in the event. So the hash can be made again from the event alone.
    """
    return {
        "kind": kind,
        **people.signature(session, performer.username),
        "on_behalf_of": performer.on_behalf_of and people.signature(session, performer.on_behalf_of),
        "basis": performer.basis,
        "decision": entered.get(DECISION_FIELD),
        "note": entered.get(NOTE_FIELD, comment),
        "shown": dict(shown),
        "content_sha256": content_sha256(instance, {**shown, **entered}),
        "process_definition_id": str(instance.process_definition_id),
        "process_definition_version": instance.version,
    }
