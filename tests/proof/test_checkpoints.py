"""Checkpoints and their keys, against the vectors of RFC 8032 and RFC 7638's rule."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Conflict
from app.proof import audit_keys, checkpoints
from app.proof.audit_keys import PrivateKey, PublicKey
from app.proof.checkpoints import Checkpoint, Head

#: RFC 8032, section 7.1, test 2
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
POINT = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
NOW = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)


def key() -> PrivateKey:
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(SEED))


def first() -> Checkpoint:
    return checkpoints.sign(key(), None, root=bytes(range(32)), stream_count=3, event_count=40, now=NOW)


def test_a_signature_is_the_one_of_the_standard() -> None:
    assert key().public == PublicKey(POINT)
    assert key().sign(b"\x72") == SIGNATURE
    assert key().public.has_signed(SIGNATURE, b"\x72")
    assert not key().public.has_signed(SIGNATURE, b"\x73")


def test_a_key_is_known_by_its_thumbprint() -> None:
    known = key().public.jwk
    required = json.dumps({name: known[name] for name in ("crv", "kty", "x")}, separators=(",", ":")).encode()
    assert required == b'{"crv":"Ed25519","kty":"OKP","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}'
    assert bytes.hex(hashlib.sha256(required).digest()) == bytes.hex(_unpadded(known["kid"]))
    assert len(known["kid"]) == 43


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")


def test_a_statement_is_written_as_it_is_promised() -> None:
    assert checkpoints.statement(first()) == (
        b'{"created_at":"2026-07-01T01:00:00.000000+00:00","event_count":40,"format":1,"key_id":"'
        + key().public.key_id.encode()
        + b'","number":1,"previous_hash":"'
        + b"00" * 32
        + b'","root":"'
        + bytes(range(32)).hex().encode()
        + b'","stream_count":3,"type":"jenjang.checkpoint"}'
    )
    assert Head("access", 3, b"\xff" * 32).leaf == b'{"hash":"' + b"ff" * 32 + b'","sequence":3,"stream":"access"}'


def test_each_checkpoint_hangs_on_the_one_before() -> None:
    second = checkpoints.sign(key(), first(), root=bytes(32), stream_count=3, event_count=41, now=NOW)
    assert (second.number, second.previous_hash) == (2, hashlib.sha256(checkpoints.statement(first())).digest())


@pytest.mark.parametrize(
    "altered",
    [
        {"number": 2},
        {"created_at": NOW.replace(microsecond=1)},
        {"root": bytes(32)},
        {"stream_count": 4},
        {"event_count": 41},
        {"previous_hash": bytes(31) + b"\1"},
        {"signature": bytes(64)},
    ],
    ids=lambda altered: next(iter(altered)),
)
def test_nothing_of_a_checkpoint_can_be_altered_under_its_signature(altered: dict[str, object]) -> None:
    assert checkpoints.is_signed_by(first(), key().public)
    assert not checkpoints.is_signed_by(replace(first(), **altered), key().public)  # type: ignore[arg-type]


def test_a_checkpoint_is_not_signed_by_another_key() -> None:
    other = PrivateKey(Ed25519PrivateKey.generate()).public
    assert not checkpoints.is_signed_by(first(), other)
    assert not checkpoints.is_signed_by(replace(first(), key_id=other.key_id), other)


@given(
    st.builds(
        Checkpoint,
        number=st.integers(1, 2**31 - 1),
        created_at=st.datetimes(timezones=st.just(UTC)),
        root=st.binary(min_size=32, max_size=32),
        stream_count=st.integers(0, 2**53 - 1),
        event_count=st.integers(0, 2**53 - 1),
        previous_hash=st.binary(min_size=32, max_size=32),
        key_id=st.text(st.sampled_from("abcXYZ019-_"), min_size=43, max_size=43),
        signature=st.binary(min_size=64, max_size=64),
    )
)
def test_a_line_of_the_file_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    assert checkpoints.read_line(checkpoints.line(checkpoint) + b"\n") == checkpoint


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"1", b"\xff", b'{"number":1}'])
def test_whatever_else_stands_in_a_line_is_no_checkpoint(text: bytes) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoints.read_line(text)


def test_a_line_with_more_or_less_than_a_checkpoint_is_none() -> None:
    whole = json.loads(checkpoints.line(first()))
    for told in (whole | {"note": "x"}, whole | {"format": 2}, whole | {"root": whole["root"].upper()}):
        with pytest.raises(ValueError, match="no checkpoint"):
            checkpoints.read_line(json.dumps(told, separators=(",", ":"), sort_keys=True).encode())


def test_keys_are_kept_in_a_folder_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "audit"
    made = audit_keys.make(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert audit_keys.private(folder).public == made
    renewed = audit_keys.make(folder)
    assert audit_keys.private(folder).public == renewed != made
    assert audit_keys.public(folder) == {made.key_id: made, renewed.key_id: renewed}
    assert {file.name for file in folder.iterdir()} == {
        "key.pem",
        f"{made.key_id}.pub.pem",
        f"{renewed.key_id}.pub.pem",
    }


def test_a_key_that_is_not_what_it_seems_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="jenjang audit keygen"):
        audit_keys.private(tmp_path)
    assert audit_keys.public(tmp_path / "absent") == {}
    made = audit_keys.make(tmp_path)
    (tmp_path / "key.pem").write_bytes(b"nothing")
    with pytest.raises(Conflict, match="no private key"):
        audit_keys.private(tmp_path)
    (tmp_path / f"{made.key_id}.pub.pem").rename(tmp_path / "other.pub.pem")
    with pytest.raises(Conflict, match="another key"):
        audit_keys.public(tmp_path)
