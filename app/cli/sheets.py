"""`jenjang sop-sheet`: the official sheet of a diagram, without server and database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from app.api.sop_sheet_schemas import SopSheet as SopSheetBody
from app.documents.sop_sheet_html import render_html
from app.documents.sop_sheet_pdf import render_pdf
from app.engine.checks import process_keys
from app.engine.checks.readable import NotReadable, read_diagram
from app.engine.sop_sheet import SopSheet, read_sheet
from app.errors import ProcessDefinitionNotFound, Refused

_RENDERERS: Mapping[str, Callable[[SopSheet], bytes]] = {
    ".pdf": render_pdf,
    ".html": lambda sheet: render_html(sheet).html.encode(),
    ".json": lambda sheet: SopSheetBody.model_validate(sheet).model_dump_json(indent=2).encode(),
}


def write(file: Path, output: Path, process: str | None) -> None:
    """Write the sheet in the form that the output's name ends in, and tell what it cannot show.

    Raises:
        Refused: the file, or the ending; ProcessDefinitionNotFound; SopSheetTooWide
    """
    render = _RENDERERS.get(output.suffix.lower())
    if render is None:
        raise Refused(f"{output} must end in {', '.join(_RENDERERS)}.")
    sheet = _read(file, process)
    output.write_bytes(render(sheet))
    for finding in sheet.findings:
        typer.echo(f"{file}:{finding.line}: {finding.code}: {finding.reason}", err=True)


def _read(file: Path, process: str | None) -> SopSheet:
    xml = file.read_bytes()
    try:
        read_diagram(file.name, xml)
        return read_sheet(process or _only_process(xml, file), xml)
    except NotReadable as unreadable:
        raise Refused(f"{file}: {unreadable.problem.reason} {unreadable.problem.hint}") from unreadable


def _only_process(xml: bytes, file: Path) -> str:
    match process_keys(xml):
        case [key]:
            return key
        case []:
            raise ProcessDefinitionNotFound(f"{file} has no executable process.")
        case keys:
            raise Refused(f"{file} has several processes; choose one by --process: {', '.join(keys)}.")
