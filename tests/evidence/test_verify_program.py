"""`verify.py` as a program of its own: what it runs on, and its own JSON and Ed25519 against those of libraries."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.documents import verify
from app.proof.audit_keys import PublicKey
from tests.evidence.conftest import zipped

PROGRAM = Path(verify.__file__)

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | st.text()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def test_it_is_short_and_needs_nothing_but_python_3_9() -> None:
    source = PROGRAM.read_text()
    assert source.count("\n") <= 300
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


@settings(max_examples=50, deadline=None)
@given(values)
@example([1e21, 1e-7, -0.0, 5e-324, 123456789012345680000.0, 0.000001, 1.5e300, 333333333.33333329])
def test_its_json_is_canonical(value: object) -> None:
    written = rfc8785.dumps(value)  # type: ignore[arg-type]
    assert verify.canonical(value) == written
    assert verify.canonical(verify.parse(written)) == written


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b"1e999", b'"\\ud800"'])
def test_what_has_no_canonical_form_is_refused(text: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        verify.canonical(verify.parse(text))


@settings(max_examples=10, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=100), bit=st.integers(0, 511))
def test_signatures_are_judged_as_by_a_library(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign(message)
    assert verify.is_signed(public, signature, message)
    assert not verify.is_signed(public, signature, message + b".")
    altered = (int.from_bytes(signature, "little") ^ 1 << bit).to_bytes(64, "little")
    assert not _holds(public, altered, message)


def _holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        return verify.is_signed(public, signature, message)
    except ValueError:
        return False


def test_a_signature_with_another_multiple_of_the_order_is_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public, signature = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), key.sign(b"x")
    more = int.from_bytes(signature[32:], "little") + verify.ORDER
    assert not verify.is_signed(public, signature[:32] + more.to_bytes(32, "little"), b"x")
    assert not verify.is_signed(public, signature + b"\0", b"x")


@pytest.mark.parametrize(
    "number",
    [2, verify.P, verify.P + 1, 2**255 - 1, 1 | 1 << 255],
    ids=["no point", "zero written otherwise", "one written otherwise", "too large", "minus zero"],
)
def test_what_is_no_point_or_not_written_in_its_one_way_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="not a point"):
        verify.point_of(number.to_bytes(32, "little"))


@pytest.mark.parametrize("number", [1, verify.P - 1, 0], ids=["one", "order two", "order four"])
def test_a_key_of_small_order_signs_nothing(number: int) -> None:
    """With it, a signature of zeros holds for every message, or for every second."""
    public = number.to_bytes(32, "little")
    signature = (1).to_bytes(32, "little") + bytes(32)
    messages = [hashlib.sha256(bytes([n])).digest() for n in range(8)]
    assert not any(verify.is_signed(public, signature, message) for message in messages)


def test_the_test_vectors_of_the_standard_hold() -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert verify.is_signed(public, signature, b"")


def test_keys_are_known_by_their_thumbprints() -> None:
    raw = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = PublicKey(raw).jwk
    for text in ({"keys": [jwk]}, jwk):
        assert verify.read_keys(rfc8785.dumps(text)) == {PublicKey(raw).key_id: raw}


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), zipped({}), zipped({"hashes.txt": b"\xff"}), zipped({"../x": b""})],
    ids=["empty", "torn", "no members", "nothing", "no text", "outside"],
)
def test_what_is_no_package_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    command = [sys.executable, "-I", str(Path(verify.__file__)), str(tmp_path / "x.zip")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.startswith("TIDAK SAH (NOT VALID): ")
