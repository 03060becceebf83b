"""The evidence of an instance: a package that proves its history offline."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.api import problems
from app.api.dependencies import Read
from app.api.published_keys import published_keys
from app.api.route import asks, authenticated_router
from app.api.streaming import StreamedAnswer
from app.commands.record_export import record_export
from app.documents.dossier_pdf import draw_dossier
from app.documents.evidence import EvidenceFolder
from app.documents.typesetting import Words
from app.permissions import Operation
from app.queries.gather_evidence import gather_evidence

ZIP = "application/zip"
#: as the stream `access` tells of it
_FORMAT = "evidence"
_BLOCK = 256 * 1024

router = authenticated_router("/history", "history")


@router.get(
    "/process-instances/{instance_id}/evidence",
    responses={
        **problems.declared(404, 409),
        200: {"description": "The package.", "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}},
    },
    response_class=Response,
    openapi_extra=asks(Operation.READ_HISTORY),
)
def read_evidence(instance_id: UUID, request: Request, reading: Read) -> Response:
    """All that proves the history of one instance, with `verify.py` to check it; 409 where it cannot be drawn.

    The same history and the same checkpoint give the same bytes. Whoever takes it is recorded.
    """
    keys = published_keys(request)
    temporary = TemporaryDirectory(prefix="jenjang-evidence-")
    try:
        with EvidenceFolder(Path(temporary.name)) as folder:

            def question(session: Session) -> Words:
                return gather_evidence(session, instance_id, reading.actor, keys, folder)

            words = reading.ask(question)
        package = folder.packed(draw_dossier(words))
        with reading.database.transaction() as session:
            record_export(session, reading.actor, reading.path, reading.query, _FORMAT, instance_id, now=reading.now)
    except BaseException:
        temporary.cleanup()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="bukti-{instance_id}.zip"',
        "Content-Length": str(package.stat().st_size),
    }
    return StreamedAnswer(_blocks(package, temporary), ZIP, headers)


def _blocks(package: Path, temporary: TemporaryDirectory[str]) -> Generator[bytes]:
    with temporary, package.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
