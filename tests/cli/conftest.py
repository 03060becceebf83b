"""The command line on a database of the test's own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main
from app.cli.database import bring_up_to_date, opened
from app.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """How one command ended."""

    exit_code: int
    out: str
    err: str

    def assert_refused(self, reason: str, exit_code: int = 1) -> None:
        """Refused in one plain line on standard error, and nothing on standard output."""
        assert self.exit_code == exit_code, self
        assert reason in self.err
        assert self.err.startswith("jenjang: ")
        assert self.err.count("\n") == 1
        assert self.out == ""


Jenjang = Callable[..., Outcome]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The environment of a new installation: an SQLite file that does not exist yet."""
    for name in list(os.environ):
        if name.startswith("JENJANG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("JENJANG_DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


@pytest.fixture
def jenjang(environment: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Jenjang:
    """Run the command as a shell would: `jenjang("user", "add", "budi", "--role", "Tim")`."""

    def run(*arguments: str) -> Outcome:
        environment.setattr(sys, "argv", ["jenjang", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Outcome(code or 0, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    folder = tmp_path_factory.mktemp("migrated")
    with opened(Settings(data_dir=folder, database_url=None)) as database:
        bring_up_to_date(database)
    return folder


@pytest.fixture
def migrated(environment: pytest.MonkeyPatch, migrated_file: Path, tmp_path: Path) -> Path:
    """The test's own database is migrated."""
    return Path(shutil.copytree(migrated_file, tmp_path / "data"))
