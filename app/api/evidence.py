"""The evidence of an instance: a package that proves its history offline."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.api import problems
from app.api.dependencies import Read, bearer
from app.api.route import AuthenticatedRoute, asks
from app.api.streaming import StreamedAnswer
from app.documents.dossier_pdf import draw_dossier
from app.documents.evidence import EvidenceFolder
from app.documents.typesetting import Words
from app.errors import Conflict, Unavailable
from app.permissions import Operation
from app.proof import audit_keys
from app.proof.audit_keys import PublicKey
from app.queries.gather_evidence import gather_evidence

ZIP = "application/zip"
_BLOCK = 256 * 1024

router = APIRouter(prefix="/history", tags=["history"], route_class=AuthenticatedRoute, dependencies=[bearer])


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

    The same history and the same checkpoint give the same bytes.
    """
    keys = _keys(request)
    temporary = TemporaryDirectory(prefix="jenjang-evidence-")
    try:
        with EvidenceFolder(Path(temporary.name)) as folder:

            def question(session: Session) -> Words:
                return gather_evidence(session, instance_id, reading.actor, keys, folder)

            words = reading.ask(question)
        package = folder.packed(draw_dossier(words))
        reading.record(instance_id)
    except BaseException:
        temporary.cleanup()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="bukti-{instance_id}.zip"',
        "Content-Length": str(package.stat().st_size),
    }
    return StreamedAnswer(_blocks(package, temporary), ZIP, headers)


def _keys(request: Request) -> Mapping[str, PublicKey]:
    try:
        return audit_keys.public(request.app.state.settings.audit_dir)
    except (Conflict, OSError) as error:
        raise Unavailable("The public keys that sign checkpoints cannot be read on the server.") from error


def _blocks(package: Path, temporary: TemporaryDirectory[str]) -> Generator[bytes]:
    with temporary, package.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
