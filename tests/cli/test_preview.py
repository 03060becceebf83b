"""`jenjang deploy --dry-run` tells a designer on the machine what the REST interface tells."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Jenjang
from tests.sop import SOP_FOLDER


def edited(folder: Path, old: str, new: str) -> Path:
    shutil.copytree(SOP_FOLDER, folder, dirs_exist_ok=True)
    diagram = folder / "penjenjangan-kinerja.bpmn"
    text = diagram.read_text()
    assert old in text
    diagram.write_text(text.replace(old, new))
    return folder


def test_a_dry_run_tells_the_changes_and_the_sheet_and_deploys_nothing(jenjang: Jenjang, tmp_path: Path) -> None:
    assert jenjang("migrate").exit_code == 0
    assert jenjang("deploy", str(SOP_FOLDER)).exit_code == 0
    folder = edited(tmp_path / "baru", '"waktu" value="P3D"', '"waktu" value="P5D"')
    told = jenjang("deploy", "--dry-run", str(folder))
    assert told.exit_code == 0, told.err
    words = " ".join(told.out.split())
    assert "penjenjangan_kinerja, against version 1" in words
    assert "Running instances: 0." in words
    assert "47 hari 13 menit → 49 hari 13 menit" in words
    for word in ("property changed", "pembentukan_tim", "P3D", "P5D", "5 hari"):
        assert word in words, word
    deployed = jenjang("deploy", str(SOP_FOLDER))
    assert "unchanged" in deployed.out


def test_a_dry_run_of_what_is_there_says_that_nothing_was_changed(jenjang: Jenjang, tmp_path: Path) -> None:
    assert jenjang("migrate").exit_code == 0
    assert jenjang("deploy", str(SOP_FOLDER)).exit_code == 0
    assert "Nothing was changed." in jenjang("deploy", "--dry-run", str(SOP_FOLDER)).out
    moved = edited(tmp_path / "geser", 'x="320" y="105"', 'x="300" y="105"')
    assert "only drawn otherwise: 1." in jenjang("deploy", str(moved), "--dry-run").out


def test_what_a_modeler_dropped_is_put_back_when_asked_and_told(jenjang: Jenjang, tmp_path: Path) -> None:
    assert jenjang("migrate").exit_code == 0
    assert jenjang("deploy", str(SOP_FOLDER)).exit_code == 0
    folder = edited(tmp_path / "hilang", '<spiffworkflow:property name="waktu" value="P3D" />', "")
    told = jenjang("deploy", "--dry-run", "--restore-extensions", str(folder))
    assert 'penjenjangan-kinerja.bpmn: put back waktu of pembentukan_tim: "P3D"' in told.out
    assert "extension_lost" not in told.err
    assert "Nothing was changed." in told.out
    kept = jenjang("deploy", "--restore-extensions", str(folder))
    assert "put back waktu of pembentukan_tim" in kept.out
    assert "The files stay as they are: fetch the version before you edit it further." in kept.out
    lost = jenjang("deploy", str(folder))
    assert "extension_lost" in lost.err
    assert "put back" not in lost.out


def test_a_refused_diagram_is_told_line_by_line_in_a_dry_run_too(jenjang: Jenjang, tmp_path: Path) -> None:
    assert jenjang("migrate").exit_code == 0
    told = jenjang("deploy", "--dry-run", str(edited(tmp_path / "rusak", 'targetRef="penetapan"', 'targetRef="mana"')))
    assert (told.exit_code, told.out) == (1, "")
    assert "reference_unresolved" in told.err
