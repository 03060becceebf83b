"""Deployments: a designer hands in a diagram and learns whether it will run."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from sqlalchemy.orm import Session

from app import permissions
from app.api import problems, schemas
from app.api.dependencies import Create, answer, bearer, shown
from app.api.route import AuthenticatedRoute, asks
from app.commands.deploy_definition import Deployment
from app.commands.deploy_definition import deploy_definition as deploy
from app.errors import DiagramRefused, Malformed, Problem
from app.permissions import Operation
from app.queries.examine_upload import Examined, examine_upload, holders_in, stored_in
from app.settings import Settings
from app.storage import process_definitions
from app.storage.idempotency import Answer
from app.storage.process_definitions import APPROVED, PROPOSED

router = APIRouter(prefix="/deployments", tags=["deployments"], route_class=AuthenticatedRoute, dependencies=[bearer])

_MAX_FILES = 100
#: letters of a file name
_MAX_NAME = 255


@router.post(
    "",
    status_code=201,
    responses={
        **problems.declared(400, 403, 404, 409, 413, 415),
        200: {"model": schemas.Deployment, "description": "Unchanged, or a dry run."},
    },
    response_model=schemas.Deployment,
    openapi_extra=asks(Operation.DEPLOY),
    form_limits={"max_files": _MAX_FILES, "max_fields": 0},
)
def deploy_definition(
    request: Request,
    file: Annotated[list[UploadFile], File(description="Diagrams (.bpmn) and their forms (.json).")],
    writing: Create,
    dry_run: Annotated[bool, Query(description="Only examine.")] = False,
    based_on: Annotated[
        UUID | None, Query(description="The version that was edited: 409 where a newer one was deployed meanwhile.")
    ] = None,
) -> Response:
    """Deploy diagrams with their forms; unchanged ones keep their version."""
    permissions.require(Operation.DEPLOY, writing.actor)
    files = _read(file)
    settings: Settings = request.app.state.settings
    examined = examine_upload(files, stored_in(writing.database), holders_in(writing.database, demo=settings.demo))
    if based_on is not None:
        with writing.database.reading() as session:
            process_definitions.require_newest(session, based_on, examined.candidates)
    if dry_run:
        return shown(_preview(examined, PROPOSED if settings.is_approval_required else APPROVED))

    def command(session: Session) -> Answer:
        deployment = deploy(
            session,
            examined.candidates,
            writing.actor,
            approval_required=settings.is_approval_required,
            now=writing.now,
        )
        return answer(201 if deployment.created else 200, _present(deployment, examined))

    return writing.run(command, body=_digest(files))


def _read(uploads: list[UploadFile]) -> dict[str, bytes]:
    """The files by base name: a path in a name means nothing here."""
    files: dict[str, bytes] = {}
    for upload in uploads:
        name = PurePosixPath(PureWindowsPath(upload.filename or "").name).name
        if not (1 <= len(name) <= _MAX_NAME and name.isprintable()):
            raise Malformed(f"Each part `file` needs a file name: 1 to {_MAX_NAME} letters that can be shown.")
        if name in files:
            reason = f"Two of the uploaded files are named {name}."
            raise DiagramRefused([Problem("file_name_repeated", reason, "Give each file its own name.", file=name)])
        files[name] = upload.file.read()
    return files


def _digest(files: dict[str, bytes]) -> bytes:
    """What an Idempotency-Key is held to: the files, not the boundary that the client happened to choose."""
    return b"".join(hashlib.sha256(name.encode() + b"\0" + files[name]).digest() for name in sorted(files))


def _preview(examined: Examined, status: str) -> schemas.Deployment:
    summaries = [
        schemas.ProcessDefinitionSummary(
            id=None,
            key=candidate.key,
            version=candidate.next_version,
            name=candidate.name,
            sha256=hashlib.sha256(candidate.xml).hexdigest(),
            status=candidate.newest.status if candidate.newest is not None and candidate.is_unchanged else status,
        )
        for candidate in examined.candidates
    ]
    return schemas.Deployment(id=None, process_definitions=summaries, warnings=_warnings(examined))


def _present(deployment: Deployment, examined: Examined) -> schemas.Deployment:
    summaries = [schemas.ProcessDefinitionSummary.model_validate(each) for each in deployment.process_definitions]
    return schemas.Deployment(id=deployment.id, process_definitions=summaries, warnings=_warnings(examined))


def _warnings(examined: Examined) -> list[schemas.DiagramProblem]:
    return [schemas.DiagramProblem.model_validate(warning) for warning in examined.warnings]
