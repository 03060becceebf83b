"""Packages that somebody has altered: `verify.py` finds it, says where, and never breaks down itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.documents import verify
from app.documents.evidence_values import Derived
from app.documents.verify import Broken, canonical
from app.proof.audit_keys import PrivateKey
from tests.evidence.conftest import Members, Office, members_of, zipped

pytestmark = pytest.mark.parametrize("office", ["sqlite"], indirect=True)

#: what nothing but hashes.txt tells about
ONLY_LISTED = {"hashes.txt", "README.txt", "dossier.pdf", "verify.py", "public-keys.json"}
Alter = Callable[[Members], None]

often = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def honest(office: Office, storied: str) -> Members:
    return members_of(office.evidence(storied))


def judged(package: bytes, folder: Path, key: str | None = None) -> str:
    """What is said of a package: the reason for which it does not hold, or what is proven."""
    path = folder / "altered.zip"
    path.write_bytes(package)
    try:
        return "\n".join(verify.check(str(path), key))
    except Broken as broken:
        return f"NOT VALID: {broken}"


def listed_anew(members: Members) -> Members:
    """As somebody would who knows of hashes.txt."""
    lines = (
        f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members) if name != "hashes.txt"
    )
    return members | {"hashes.txt": "".join(lines).encode()}


def test_the_honest_package_holds(honest: Members, tmp_path: Path) -> None:
    assert judged(zipped(listed_anew(honest)), tmp_path).startswith("SAH (VALID)")


@often
@given(data=st.data())
def test_a_flipped_byte_in_any_file_is_found_in_that_file(honest: Members, tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(honest.keys() - {"hashes.txt"})))
    said = judged(zipped(honest | {name: flipped(honest[name], data)}), tmp_path)
    assert said.startswith(f"NOT VALID: {name!a}: "), said


@often
@given(data=st.data())
def test_a_flipped_byte_is_found_also_where_the_list_was_made_anew(
    honest: Members, tmp_path: Path, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["json", "definitions/", "states/", "events.jsonl"]))
    names = [name for name in sorted(honest.keys() - ONLY_LISTED) if name.endswith(kind) or name.startswith(kind)]
    name = data.draw(st.sampled_from(names))
    altered = flipped(honest[name], data)
    # Capital letters write the same digest.
    if altered.lower() != honest[name].lower():
        said = judged(zipped(listed_anew(honest | {name: altered})), tmp_path)
        assert said.startswith("NOT VALID: "), (name, said)


def flipped(content: bytes, data: st.DataObject) -> bytes:
    place = data.draw(st.integers(0, len(content) - 1))
    byte = content[place] ^ data.draw(st.integers(1, 255))
    return content[:place] + bytes([byte]) + content[place + 1 :]


@often
@given(data=st.data())
def test_dropped_inserted_and_reordered_events_are_found_by_their_number(
    honest: Members, tmp_path: Path, data: st.DataObject
) -> None:
    lines = honest["events.jsonl"].splitlines(keepends=True)
    place = data.draw(st.integers(0, len(lines) - 2))
    match data.draw(st.sampled_from(["drop", "insert", "swap"])):
        case "drop":
            del lines[place]
        case "insert":
            lines.insert(place, data.draw(st.sampled_from(lines)))
        case _:
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
    said = judged(zipped(listed_anew(honest | {"events.jsonl": b"".join(lines)})), tmp_path)
    assert said.startswith("NOT VALID: events.jsonl, kejadian (event) "), said
    assert int(said.split("(event) ")[1].split(":")[0]) in {place + 1, place + 2}


def test_a_truncated_end_is_found_by_the_checkpoint(honest: Members, tmp_path: Path) -> None:
    """However well the rest was fitted to it."""
    altered = rebuilt(honest, tmp_path, lambda events: events.pop())
    assert judged(zipped(altered), tmp_path) == (
        "NOT VALID: events.jsonl: kejadian terakhir hilang (cut off at the end)"
    )


def test_a_history_written_anew_from_a_payload_on_is_found_by_the_checkpoint(honest: Members, tmp_path: Path) -> None:
    def decide_otherwise(events: list[dict[str, Any]]) -> None:
        event = next(event for event in events if event["payload"].get("variables", {}).get("keputusan") == "tidak")
        event["payload"]["variables"]["keputusan"] = "ya"

    altered = rebuilt(honest, tmp_path, decide_otherwise)
    assert "another chain was signed" in judged(zipped(altered), tmp_path)
    del altered["checkpoint.json"]
    assert "no checkpoint" in judged(zipped(listed_anew(altered)), tmp_path)


def test_whoever_signs_with_another_key_is_found_by_the_trusted_one(honest: Members, tmp_path: Path) -> None:
    key = PrivateKey(Ed25519PrivateKey.generate())
    told = json.loads(honest["checkpoint.json"])
    told["statement"]["key_id"] = key.public.key_id
    signed = told | {"signature": key.sign(canonical(told["statement"])).hex()}
    swapped = honest | {
        "checkpoint.json": canonical(signed) + b"\n",
        "public-keys.json": json.dumps({"keys": [key.public.jwk]}).encode(),
    }
    trusted = tmp_path / "trusted.json"
    trusted.write_bytes(honest["public-keys.json"])
    assert key.public.key_id in judged(zipped(listed_anew(swapped)), tmp_path)
    assert "no such key" in judged(zipped(listed_anew(swapped)), tmp_path, str(trusted))
    swapped["public-keys.json"] = honest["public-keys.json"]
    assert "'public-keys.json': " in judged(zipped(listed_anew(swapped)), tmp_path)


@pytest.mark.parametrize(
    ("name", "alter", "said"),
    [
        ("values.json", lambda text: text.replace('"tidak"', '"ya"', 1), "values.json"),
        ("path.json", lambda text: text.replace('"flows":["', '"flows":["lain","', 1), "path.json"),
        ("comments.json", lambda text: text.replace("Ditetapkan", "Ditolak"), "comments.json"),
        ("comments.json", lambda text: "[" * 100_000, "comments.json"),
        ("definitions.json", lambda text: "[" * 100_000, "definitions"),
        ("definitions.json", lambda text: "[]", "definitions"),
        ("events.jsonl", lambda text: "", "events.jsonl"),
        ("events.jsonl", lambda text: "[" * 100_000 + "\n", "kejadian (event) 1"),
        ("events.jsonl", lambda text: text.replace('"sequence":3,', '"sequence":3e0,'), "kejadian (event) 3"),
        ("events.jsonl", lambda text: text.replace('"payload":{', '"payload":{"x":NaN,', 1), "kejadian (event) 1"),
        ("events.jsonl", lambda text: "1" * 10_000 + "\n", "kejadian (event) 1"),
        ("checkpoint.json", lambda text: text.replace('"side":"right"', '"side":"left"', 1), "checkpoint.json"),
        ("checkpoint.json", lambda text: text.replace('"event_count":', '"event_count":1'), "checkpoint.json"),
        ("checkpoint.json", lambda text: text.replace('"signature":"', '"signature":"00'), "checkpoint.json"),
        ("public-keys.json", lambda text: "{}", "checkpoint.json"),
        ("catatan.txt", lambda text: "Lain.", "catatan.txt"),
        ("states/000002.state", lambda text: "Lain.", "states/000002.state"),
    ],
)
def test_what_was_altered_and_listed_anew_is_named(
    honest: Members, tmp_path: Path, name: str, alter: Callable[[str], str], said: str
) -> None:
    altered = alter(honest.get(name, b"").decode(errors="surrogateescape")).encode(errors="surrogateescape")
    assert altered != honest.get(name)
    judgement = judged(zipped(listed_anew(honest | {name: altered})), tmp_path)
    assert judgement.startswith("NOT VALID: "), judgement
    assert said in judgement


def test_a_removed_state_is_missed(honest: Members, tmp_path: Path) -> None:
    name = min(name for name in honest if name.startswith("states/"))
    rest = {other: content for other, content in honest.items() if other != name}
    assert judged(zipped(rest), tmp_path).startswith(f"NOT VALID: {name!a}: ")
    assert judged(zipped(listed_anew(rest)), tmp_path) == f"NOT VALID: {name!a}: tidak ada (missing)"


def rebuilt(honest: Members, folder: Path, alter: Callable[[list[dict[str, Any]]], object]) -> Members:
    """A package whose events were changed, with all that follows from them made anew by who knows all the rules."""
    events = [json.loads(line) for line in honest["events.jsonl"].splitlines()]
    alter(events)
    for event, before in zip(events, [None, *events], strict=False):
        event["previous_hash"] = event["previous_hash"] if before is None else before["hash"]
        salted = bytes.fromhex(event["payload_salt"]) + canonical(event["payload"])
        event["payload_sha256"] = hashlib.sha256(salted).hexdigest()
        sealed = {name: event[name] for name in verify.SEALED[event["format"]]}
        event["hash"] = hashlib.sha256(canonical(sealed)).hexdigest()
    members = {
        name: content
        for name, content in honest.items()
        if not name.startswith("states/") or int(name[7:13]) <= len(events)
    }
    members["events.jsonl"] = b"".join(canonical(event) + b"\n" for event in events)
    derived = Derived(folder)
    for event in events:
        derived.add(event, event["payload"])
    derived.close()
    return listed_anew(members | {name: (folder / name).read_bytes() for name in Derived.files})


def test_names_that_stand_twice_or_lead_outside_are_refused(honest: Members, tmp_path: Path) -> None:
    twice = zipped(honest | {"events.jsonX": b""}).replace(b"events.jsonX", b"events.jsonl")
    assert "duplicate" in judged(twice, tmp_path)
    for name in ("/etc/passwd", "states/../../x", "c:x", "a\\b", "./x", "a//b"):
        assert "forbidden file name" in judged(zipped(honest | {name: b""}), tmp_path)


def test_more_than_a_package_can_be_is_not_unpacked(honest: Members, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(verify, "MOST_BYTES", sum(map(len, honest.values())) - 1)
    assert "too large" in judged(zipped(honest), tmp_path)


def test_a_member_that_is_longer_than_it_says_is_not_believed(honest: Members, tmp_path: Path) -> None:
    bomb = zipped(honest | {"README.txt": b"Lebih panjang."})
    size = len(b"Lebih panjang.").to_bytes(4, "little")
    altered = bomb.replace(size + len("README.txt").to_bytes(2, "little"), b"\1\0\0\0" + b"\x0a\0")
    assert altered != bomb
    assert judged(altered, tmp_path).startswith("NOT VALID: 'README.txt'")
