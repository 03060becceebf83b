"""`jenjang sop-sheet`, where there is neither a server nor a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Jenjang
from tests.engine.checks.drawing import around, user_task, with_properties
from tests.sop import SOP_FOLDER

SOP = str(SOP_FOLDER / "penjenjangan-kinerja.bpmn")


@pytest.mark.parametrize(("ending", "beginning"), [("pdf", b"%PDF-1.7"), ("html", b"<!doctype html>"), ("json", b"{")])
def test_the_sheet_is_written_in_the_form_that_its_name_ends_in(
    jenjang: Jenjang, tmp_path: Path, ending: str, beginning: bytes
) -> None:
    sheet = tmp_path / f"lembar.{ending}"
    assert jenjang("sop-sheet", SOP, "-o", str(sheet)).exit_code == 0
    assert sheet.read_bytes().lstrip().startswith(beginning)
    assert not (tmp_path / "data").exists()


def test_what_the_sheet_lacks_is_told_with_its_line(jenjang: Jenjang, tmp_path: Path) -> None:
    diagram, sheet = tmp_path / "surat.bpmn", tmp_path / "surat.json"
    diagram.write_bytes(around(user_task("isi", with_properties(output="Surat"))))
    outcome = jenjang("sop-sheet", str(diagram), "--output", str(sheet))
    assert outcome.exit_code == 0
    assert outcome.err.startswith(f"{diagram}:4: sop_duration_missing: ")
    assert json.loads(sheet.read_text())["rows"][0]["output"] == "Surat"


def test_what_is_no_diagram_is_refused_in_a_line(jenjang: Jenjang, tmp_path: Path) -> None:
    letter = tmp_path / "surat.docx"
    letter.write_bytes(b"PK\x03\x04")
    jenjang("sop-sheet", str(letter), "-o", str(tmp_path / "a.pdf")).assert_refused("a ZIP archive")


def test_an_ending_that_says_no_form_is_refused(jenjang: Jenjang, tmp_path: Path) -> None:
    jenjang("sop-sheet", SOP, "-o", str(tmp_path / "a.doc")).assert_refused(".pdf, .html, .json")


def test_the_process_is_chosen_where_a_file_has_several(jenjang: Jenjang, tmp_path: Path) -> None:
    diagram, sheet = tmp_path / "dua.bpmn", tmp_path / "dua.json"
    second = b'<bpmn:process id="lain" name="Lain" isExecutable="true"/></bpmn:definitions>'
    diagram.write_bytes(around(user_task("isi")).replace(b"</bpmn:definitions>", second))
    arguments = ("sop-sheet", str(diagram), "-o", str(sheet))
    jenjang(*arguments).assert_refused("choose one by --process: proses, lain")
    assert jenjang(*arguments, "--process", "lain").exit_code == 0
    assert json.loads(sheet.read_text())["name"] == "Lain"
