"""The keys by which checkpoints are signed (Ed25519), in a folder outside the database.

`key.pem` is the private key, which only who makes checkpoints needs; `<key id>.pub.pem` is the public part of each key
that was ever used, by which anybody can verify.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.errors import Conflict
from app.proof import canonical_json

_PRIVATE, _PUBLIC = "key.pem", ".pub.pem"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """By which a signature is verified."""

    #: the 32 bytes of the point (RFC 8032, section 5.1.5)
    raw: bytes

    @property
    def jwk(self) -> dict[str, str]:
        """As a JSON Web Key (RFC 8037), with what it is used for."""
        return self._required | {"kid": self.key_id, "alg": "Ed25519", "use": "sig"}

    @property
    def key_id(self) -> str:
        """The key's thumbprint (RFC 7638), 43 characters."""
        return _base64url(hashlib.sha256(canonical_json.dumps(self._required)).digest())

    @property
    def pem(self) -> bytes:
        """As a file holds it (SubjectPublicKeyInfo)."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def _required(self) -> dict[str, str]:
        return {"crv": "Ed25519", "kty": "OKP", "x": _base64url(self.raw)}

    def has_signed(self, signature: bytes, signed: bytes) -> bool:
        """Whether this key made the signature over these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, signed)
        except InvalidSignature:
            return False
        return True


class PrivateKey:
    """By which checkpoints are signed."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> PublicKey:
        """Its public part."""
        return PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, statement: bytes) -> bytes:
        """The signature over these bytes, 64 bytes."""
        return self._key.sign(statement)

    @property
    def pem(self) -> bytes:
        """As a file holds it (PKCS#8, not encrypted)."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def exists(folder: Path) -> bool:
    """Whether there is a key to sign with."""
    return (folder / _PRIVATE).exists()


def make(folder: Path) -> PublicKey:
    """Make a new key to sign with. One that is there is replaced; its public part stays.

    Raises:
        OSError
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = PrivateKey(Ed25519PrivateKey.generate())
    # The public part first: nothing is ever signed by a key that nobody can verify.
    _write(folder / f"{key.public.key_id}{_PUBLIC}", key.public.pem, mode=0o644)
    _write(folder / _PRIVATE, key.pem, mode=0o600)
    return key.public


def _write(file: Path, content: bytes, *, mode: int) -> None:
    """Put a whole file in its place, or none."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.replace(file)


def private(folder: Path) -> PrivateKey:
    """The key to sign with.

    Raises:
        Conflict: there is none, or the file holds no such key. OSError: it may not be read.
    """
    file = folder / _PRIVATE
    if not file.exists():
        raise Conflict(f"There is no key in {folder}: run `jenjang audit keygen`.")
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Conflict(f"{file} holds no private key that can be read.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Conflict(f"{file} holds no Ed25519 key.")
    return PrivateKey(key)


def public(folder: Path) -> Mapping[str, PublicKey]:
    """The public part of every key that was ever used, by key id; none where the folder is not there.

    Raises:
        Conflict: a file holds another key than its name says. OSError: one may not be read.
    """
    keys = [_read_public(file) for file in sorted(folder.glob(f"*{_PUBLIC}"))]
    return {key.key_id: key for key in keys}


def _read_public(file: Path) -> PublicKey:
    try:
        key = load_pem_public_key(file.read_bytes())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Conflict(f"{file} holds no public key that can be read.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise Conflict(f"{file} holds no Ed25519 key.")
    read = PublicKey(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    if f"{read.key_id}{_PUBLIC}" != file.name:
        raise Conflict(f"{file} holds another key than its name says: {read.key_id}.")
    return read


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
