"""The documentation against the program: settings, commands, links, and the containers' description."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from app.cli import cli
from app.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("bpmn/*/README.md")]


def test_the_settings_table_is_what_can_be_set() -> None:
    table = re.findall(r"^\| `(JENJANG_\w+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    documented = {name: (default.strip("` "), meaning) for name, default, meaning in table}
    fields = {f"JENJANG_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert documented == {name: (_shown(field.default), field.description) for name, field in fields.items()}


def _shown(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case _:
            return str(default)


def test_every_setting_that_a_document_names_exists() -> None:
    known = {f"JENJANG_{name.upper()}" for name in Settings.model_fields}
    files = [*DOCUMENTS, ROOT / "docker-compose.yml", ROOT / "Dockerfile", ROOT / "Makefile"]
    for path in files:
        assert set(re.findall(r"JENJANG_[A-Z_]+", path.read_text())) <= known, path


def test_the_readme_has_a_row_for_every_command() -> None:
    documented = set(re.findall(r"^\| `jenjang ([a-z-]+(?: [a-z][a-z-]*)?)", README, re.MULTILINE))
    assert documented == set(_commands(cli))


def _commands(commands: typer.Typer) -> list[str]:
    single = [command.name or _name(command.callback) for command in commands.registered_commands]
    grouped = [
        f"{group.name} {name}"
        for group in commands.registered_groups
        if group.typer_instance is not None
        for name in _commands(group.typer_instance)
    ]
    return single + grouped


def _name(callback: object) -> str:
    return str(getattr(callback, "__name__", "")).replace("_", "-")


def test_every_target_of_make_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in DOCUMENTS:
        assert set(re.findall(r"`make (\w+)`|^make (\w+)", path.read_text(), re.MULTILINE)) <= {
            pair for target in targets for pair in ((target, ""), ("", target))
        }, path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_that_a_document_points_to_exists(document: Path) -> None:
    text = document.read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (document.parent / link).exists(), link
    for path in re.findall(r"`((?:app|docs|bpmn|tests|migrations)/[\w/.-]+)`", text):
        assert (ROOT / path).exists(), path


def test_the_compose_file_fits_its_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stdout


def test_the_image_gets_what_the_service_needs_and_nothing_else() -> None:
    copied = set(re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    needed = {name for names in copied for name in names.split()}
    admitted = set(re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert needed == admitted
    assert all((ROOT / name).exists() for name in needed)
