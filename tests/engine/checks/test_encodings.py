"""The bytes of a file: every encoding that it declares, and nothing that is no text."""

from __future__ import annotations

import gzip

import pytest

from tests.engine.checks.drawing import around, codes, report, user_task, with_properties
from tests.engine.checks.faulty_diagrams import VALID

UTF_16 = b'<?xml version="1.0" encoding="UTF-16"?>'
DOCTYPE = b"<!DOCTYPE a>\n" + VALID


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_every_declared_encoding_is_read_and_its_lines_are_counted(encoding: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n'
    diagram = around(user_task("isi", with_properties(waktu="tiga hari"), 'name="Séance"')).decode()
    [problem] = report((declaration + diagram).encode(encoding)).problems
    assert problem.reason.startswith('User task "Séance"')
    assert 'id="isi"' in (declaration + diagram).splitlines()[problem.line - 1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(gzip.compress(VALID), "file_not_xml", id="compressed"),
        pytest.param(VALID.replace(b"isi", b"i\0i"), "file_not_xml", id="NUL"),
        pytest.param(VALID.decode().encode("utf-16-le"), "file_not_xml", id="UTF-16 without a mark"),
        pytest.param(b'<?xml version="1.0" encoding="klingon"?>' + VALID, "xml_malformed", id="unknown encoding"),
        pytest.param(UTF_16 + VALID, "xml_malformed", id="UTF-8 that calls itself UTF-16"),
        pytest.param(VALID.replace(b"isi", b"\xe9"), "xml_malformed", id="Latin-1 that is not declared"),
        pytest.param(DOCTYPE.decode().encode("utf-16"), "doctype_not_allowed", id="DOCTYPE in UTF-16"),
    ],
)
def test_bytes_that_are_no_text_or_other_than_they_say_are_refused(content: bytes, code: str) -> None:
    assert codes(report(content).problems) == {code}
