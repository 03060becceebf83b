"""docs/history-events.md and the vocabulary against the code: what can be written down is what is documented."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import rfc8785

from app.storage import event_types
from app.storage.event_types import EventType

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/history-events.md").read_text()
#: section of the page → the types of its stream
SECTIONS: Mapping[str, Mapping[str, EventType]] = {
    "Process instances": event_types.OF_INSTANCES,
    "Administration": event_types.OF_ADMINISTRATION,
    "Access": event_types.OF_ACCESS,
}
#: what makes an event → which of its arguments is the type
MAKERS = {"NewEvent": 0, "NewEntry": 0, "EngineEvent": 0, "task_event": 0, "status_event": 0, "_record": 3, "tell": 2}
#: what such a function puts before its argument
PREFIXES = {"tell": "process_definition_"}
#: where the type comes from another of the makers, or from the engine
HANDED_ON = {"task_event", "status_event", "consequences", "_record", "tell"}


def documented(section: str) -> dict[str, tuple[str, dict[str, object]]]:
    """Type → what the page says of it, and its example of a payload."""
    (text,) = re.findall(rf"^## {section}$(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    _, *parts = re.split(r"^### `(\w+)`$", text, flags=re.MULTILINE)
    found = {}
    for type_, told in zip(parts[::2], parts[1::2], strict=True):
        (example,) = re.findall(r"^```json\n(.*?)^```", told, re.MULTILINE | re.DOTALL)
        found[type_] = (told.partition("```")[0].strip(), json.loads(example))
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_the_page_explains_every_type_with_an_example_of_all_that_its_payload_can_hold(section: str) -> None:
    page = documented(section)
    assert list(page) == list(SECTIONS[section])
    for type_, (meaning, example) in page.items():
        known = SECTIONS[section][type_]
        assert example.keys() == known.members | known.optional, type_
        assert known.meaning.endswith("."), type_
        assert len(meaning) >= len("A timer ran out."), type_


def emitted() -> Iterator[str]:
    """Every type that the code names where it makes an event."""
    for path in (ROOT / "app").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call):
                        yield from _types_of(call, function.name)


def _types_of(call: ast.Call, inside: str) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in MAKERS and len(call.args) > MAKERS[name]:
        said = call.args[MAKERS[name]]
        choices = [said.body, said.orelse] if isinstance(said, ast.IfExp) else [said]
        for choice in choices:
            if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                yield PREFIXES.get(name, "") + choice.value
            else:
                assert inside in HANDED_ON, f"{inside} makes an event of a type that nobody can see in the code"


def test_the_code_writes_down_every_type_and_no_other() -> None:
    known = [type_ for types in SECTIONS.values() for type_ in types]
    assert len(known) == len(set(known))
    assert set(emitted()) == set(known)
    assert all(len(type_) <= 40 for type_ in known), "the column holds no more"


def test_the_example_of_a_sealed_event_comes_out_as_the_page_says() -> None:
    (text,) = re.findall(r"^### An example to check.*?(?=\Z)", PAGE, re.MULTILINE | re.DOTALL)
    event, payload = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    salt, hash_ = (re.findall(rf"^{name} ([0-9a-f]+)$", text, re.MULTILINE)[0] for name in ("salt", "hash"))
    canonical = event.replace("\n", "").encode()
    assert rfc8785.dumps(json.loads(event)) == canonical
    digest = hashlib.sha256(bytes.fromhex(salt) + rfc8785.dumps(json.loads(payload))).hexdigest()
    assert json.loads(event)["payload_sha256"] == digest
    assert hashlib.sha256(canonical).hexdigest() == hash_
