"""First family: the file is text, XML without tricks, and BPMN. Nothing else can be asked before."""

from __future__ import annotations

import codecs

from lxml.etree import _Element

from app.engine.checks.catalog import REFUSALS
from app.engine.checks.elements import bpmn
from app.engine.definitions import DefinitionUnreadable, read_xml
from app.errors import Problem

#: bytes; a drawn SOP has some tens of thousands
MAX_BYTES = 2 * 1024 * 1024

_SIGNATURES = (
    (b"\x1f\x8b", "compressed (gzip)"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
)
#: XML_ERR_RESOURCE_LIMIT of libxml2: nested too deeply, a text too long, entities that multiply
_RESOURCE_LIMIT = 114
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class NotReadable(Exception):
    """The file is no BPMN diagram that can be looked into; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.code)


def read_diagram(file: str, xml: bytes) -> _Element:
    """Return the `definitions` element of an uploaded file.

    Raises:
        NotReadable
    """
    if problem := _not_text(file, xml):
        raise NotReadable(problem)
    try:
        root = read_xml(xml)
    except DefinitionUnreadable as unreadable:
        raise NotReadable(_not_xml(file, xml, unreadable)) from unreadable
    if root.tag != bpmn("definitions"):
        raise NotReadable(_problem(file, "not_bpmn", line=1))
    return root


def _not_text(file: str, xml: bytes) -> Problem | None:
    if not xml.strip():
        return _problem(file, "file_empty", line=1)
    if len(xml) > MAX_BYTES:
        return _problem(file, "file_too_large", line=1, limit=f"{MAX_BYTES // 1024 // 1024} MiB")
    for signature, found in _SIGNATURES:
        if xml.startswith(signature):
            return _problem(file, "file_not_xml", line=1, found=found)
    if b"\0" in xml and not xml.startswith(_WIDE_MARKS):
        return _problem(file, "file_not_xml", line=1, found="binary data")
    return None


def _not_xml(file: str, xml: bytes, unreadable: DefinitionUnreadable) -> Problem:
    syntax_error = unreadable.__cause__
    before, doctype, _ = xml.partition(b"<!DOCTYPE")
    if doctype or syntax_error is None:
        return _problem(file, "doctype_not_allowed", before.count(b"\n") + 1 if doctype else 1)
    line = min(max(1, unreadable.line), xml.count(b"\n") + 1)
    code = "xml_malformed" if getattr(syntax_error, "code", None) != _RESOURCE_LIMIT else "xml_excessive"
    return _problem(file, code, line)


def _problem(file: str, code: str, line: int, **words: str) -> Problem:
    entry = REFUSALS[code]
    return Problem(code, entry.reason.format(**words), entry.hint, None, line, file)
