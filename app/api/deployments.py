"""Deployments: a designer hands in a diagram and learns whether it will run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated
from uuid import UUID

from fastapi import File, Query, Request, Response, UploadFile
from sqlalchemy.orm import Session

from app import permissions
from app.api import comparison_schemas, problems, schemas
from app.api.comparisons import preview_of
from app.api.dependencies import Create, answer, shown
from app.api.route import asks, authenticated_router
from app.commands.deploy_definition import Deployment
from app.commands.deploy_definition import deploy_definition as deploy
from app.engine.isolation import checker
from app.errors import DiagramRefused, Malformed, Problem
from app.permissions import Operation
from app.queries.examine_upload import Examined, examine_upload, holders_in, stored_in
from app.queries.preview_deployment import ProcessPreview, preview_deployment
from app.queries.restore_extensions import RestoredExtension, examine_restored
from app.settings import Settings
from app.storage.deployments import require_newest
from app.storage.idempotency import Answer
from app.storage.process_definitions import APPROVED, PROPOSED

router = authenticated_router("/deployments", "deployments")

_MAX_FILES = 100
#: letters of a file name
_MAX_NAME = 255


@router.post(
    "",
    status_code=201,
    responses={
        **problems.declared(400, 403, 404, 409, 413, 415),
        200: {"model": comparison_schemas.Deployment, "description": "Unchanged, or a dry run."},
    },
    response_model=comparison_schemas.Deployment,
    openapi_extra=asks(Operation.DEPLOY),
    form_limits={"max_files": _MAX_FILES, "max_fields": 0},
)
def deploy_definition(
    request: Request,
    file: Annotated[list[UploadFile], File(description="Diagrams (.bpmn) and their forms (.json).")],
    writing: Create,
    dry_run: Annotated[bool, Query(description="Only examine, and preview what would change.")] = False,
    based_on: Annotated[
        UUID | None, Query(description="The version that was edited: 409 where a newer one was deployed meanwhile.")
    ] = None,
    restore_extensions: Annotated[
        bool,
        Query(description="Put back what `extension_lost` warns of. Stored, and warned of, is the mended diagram."),
    ] = False,
) -> Response:
    """Deploy diagrams with their forms; unchanged ones keep their version."""
    permissions.require(Operation.DEPLOY, writing.actor)
    files = _read(file)
    settings: Settings = request.app.state.settings
    examined, restored = _examined(files, writing, settings, restore_extensions=restore_extensions)
    if based_on is not None:
        with writing.database.reading() as session:
            require_newest(session, based_on, examined.candidates)
    if dry_run:
        status = PROPOSED if settings.is_approval_required else APPROVED
        return shown(
            _previewed(examined, status, restored, preview_deployment(writing.database, examined, writing.now))
        )

    def command(session: Session) -> Answer:
        deployment = deploy(
            session,
            examined.candidates,
            writing.actor,
            approval_required=settings.is_approval_required,
            now=writing.now,
        )
        return answer(201 if deployment.created else 200, _present(deployment, examined, restored))

    return writing.run(command, body=_digest(files, based_on, restore_extensions))


def _examined(
    files: dict[str, bytes], writing: Create, settings: Settings, *, restore_extensions: bool
) -> tuple[Examined, Sequence[RestoredExtension]]:
    stored = stored_in(writing.database)
    holders = holders_in(writing.database, demo=settings.demo)
    with checker.turn():
        if restore_extensions:
            return examine_restored(files, stored, holders)
        return examine_upload(files, stored, holders), ()


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


def _digest(files: dict[str, bytes], *parameters: object) -> bytes:
    """What an Idempotency-Key is held to: files and parameters, not the boundary that the client happened to choose."""
    digests = [hashlib.sha256(name.encode() + b"\0" + files[name]).digest() for name in sorted(files)]
    return b"".join([repr(list(map(str, parameters))).encode(), *digests])


def _previewed(
    examined: Examined,
    status: str,
    restored: Sequence[RestoredExtension],
    previews: Sequence[ProcessPreview],
) -> comparison_schemas.Deployment:
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
    return comparison_schemas.Deployment(
        id=None,
        process_definitions=summaries,
        warnings=_warnings(examined),
        restored=_restored(restored),
        preview=[preview_of(preview) for preview in previews],
    )


def _present(
    deployment: Deployment, examined: Examined, restored: Sequence[RestoredExtension]
) -> comparison_schemas.Deployment:
    summaries = [schemas.ProcessDefinitionSummary.model_validate(each) for each in deployment.process_definitions]
    return comparison_schemas.Deployment(
        id=deployment.id,
        process_definitions=summaries,
        warnings=_warnings(examined),
        restored=_restored(restored),
    )


def _warnings(examined: Examined) -> list[schemas.DiagramProblem]:
    return [schemas.DiagramProblem.model_validate(warning) for warning in examined.warnings]


def _restored(restored: Sequence[RestoredExtension]) -> list[comparison_schemas.RestoredExtension]:
    return [comparison_schemas.RestoredExtension.model_validate(each) for each in restored]
