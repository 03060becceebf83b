"""The house's own rules: which way imports point, and where transactions are opened."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TRANSACTION = re.compile(r"\.commit\(|\.begin\(|\bsessionmaker\(")


def test_imports_point_one_way() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_transactions_are_opened_and_committed_in_one_module_alone() -> None:
    modules = {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("app/**/*.py") if _TRANSACTION.search(path.read_text())
    }
    assert modules == {"app/storage/database.py"}
