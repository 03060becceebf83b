"""The SOP sheet of a version: the diagram as the official document."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import problems
from app.api.dependencies import Read, shown
from app.api.negotiation import preferred
from app.api.route import asks, authenticated_router
from app.api.sop_sheet_schemas import SopSheet as SopSheetBody
from app.documents.drawing import as_it_is, drawn
from app.documents.sop_sheet_html import render_html
from app.documents.sop_sheet_pdf import render_pdf
from app.permissions import Operation
from app.storage import process_definitions

JSON, HTML, PDF = "application/json", "text/html", "application/pdf"

router = authenticated_router("/process-definitions", "process definitions")


@router.get(
    "/{definition_id}/sop-sheet",
    responses={
        **problems.declared(404, 406, 409),
        200: {
            "description": "The sheet, in the form that `Accept` asks for.",
            "content": {HTML: {"schema": {"type": "string"}}, PDF: {"schema": {"type": "string", "format": "binary"}}},
        },
    },
    response_model=SopSheetBody,
    openapi_extra=asks(Operation.READ_DEFINITION),
)
def read_sop_sheet(definition_id: UUID, request: Request, reading: Read) -> Response:
    """The SOP sheet (PermenPANRB 35/2012), from the diagram alone; 409 where it has more than fits on paper."""
    permissions.require(Operation.READ_DEFINITION, reading.actor)
    media_type = preferred(request.headers.get("accept", ""), (JSON, HTML, PDF))

    def question(session: Session) -> tuple[str, bytes]:
        return process_definitions.get(session, definition_id).key, process_definitions.xml_of(session, definition_id)

    response = _drawn(*reading.ask(question), media_type)
    response.headers["Vary"] = "Accept"
    return response


def _drawn(key: str, xml: bytes, media_type: str) -> Response:
    match media_type:
        case "text/html":
            page = drawn(key, xml, render_html)
            policy = f"{page.content_security_policy}; frame-ancestors 'none'"
            return Response(page.html, media_type=HTML, headers={"Content-Security-Policy": policy})
        case "application/pdf":
            disposition = f"inline; filename*=UTF-8''{quote(key)}.pdf"
            pdf = drawn(key, xml, render_pdf)
            return Response(pdf, media_type=PDF, headers={"Content-Disposition": disposition})
    return shown(SopSheetBody.model_validate(drawn(key, xml, as_it_is)))
