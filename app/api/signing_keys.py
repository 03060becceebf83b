"""The public keys of the OpenID provider: fetched when needed, kept for a while, never waited for by many."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx2 as httpx
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from app.errors import InvalidToken, ProviderAway
from app.settings import confidential

#: how soon a key that the provider withdrew is forgotten here
_REFRESHED_EVERY = timedelta(minutes=10)
#: how often an unknown key id, which anybody can invent, makes us ask the provider
_ASKED_AT_MOST_EVERY = timedelta(seconds=30)
#: how long the last keys are good while the provider does not answer
_KEPT = timedelta(hours=24)
#: seconds for one document of the provider
_TIMEOUT = 5.0
#: bytes of one document of the provider
_MAX_DOCUMENT = 256 * 1024
_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: Mapping[str | None, Key]
    at: datetime


class SigningKeys:
    """The keys of one provider, by key id. Safe for threads; each process keeps its own."""

    def __init__(self, issuer: str, jwks_url: str | None, clock: Callable[[], datetime]) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._clock = clock
        self._turn = threading.Lock()
        self._asked_at = _NEVER
        self._fetched = _Fetched({}, _NEVER)

    def find(self, key_id: str | None) -> Key:
        """The key of this id; asks the provider where it is unknown or the keys have grown old.

        One thread asks. The others go on with the keys there are, or come again later: a provider that hangs must
        not hold every thread of the service.

        Raises:
            InvalidToken: the provider has no such key.
            ProviderAway: it cannot be asked, or is being asked right now.
        """
        now = self._clock()
        if self._is_due(key_id, now) and self._turn.acquire(blocking=False):
            try:
                self._ask(key_id, now)
            finally:
                self._turn.release()
        key = self._known(now).get(key_id)
        if key is not None:
            return key
        if self._turn.locked() or not self._known(now):
            raise ProviderAway
        raise InvalidToken

    def _is_due(self, key_id: str | None, now: datetime) -> bool:
        pause = _REFRESHED_EVERY if key_id in self._known(now) else _ASKED_AT_MOST_EVERY
        # Either way: a clock that was wrong and is set back must not stop us for years.
        return abs(now - self._asked_at) >= pause

    def _known(self, now: datetime) -> Mapping[str | None, Key]:
        return self._fetched.keys if abs(now - self._fetched.at) < _KEPT else {}

    def _ask(self, key_id: str | None, now: datetime) -> None:
        # Somebody may have asked between the look at the clock and the turn.
        if not self._is_due(key_id, now):
            return
        self._asked_at = now
        try:
            self._fetched = _Fetched(_read_keys(_get(self._jwks_url or self._discover())), now)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            _log.warning("openid_provider_away", issuer=self._issuer, cause=f"{type(error).__name__}: {error}")

    def _discover(self) -> str:
        """Where the keys are (OpenID Connect Discovery 1.0, section 4)."""
        document = _get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self._issuer:
            raise ValueError("the discovery document names another issuer")
        return confidential(str(document.get("jwks_uri")))


def _get(url: str) -> dict[str, Any]:
    """One JSON object from the provider: of bounded size, in bounded time, from nowhere else."""
    deadline = time.monotonic() + _TIMEOUT
    body = b""
    # No encoding: a small answer must not unfold into a large one.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=False) as response:
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"the answer is {response.status_code}")
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > _MAX_DOCUMENT or time.monotonic() > deadline:
                raise ValueError("the answer is too long or too slow")
    document = orjson.loads(body)
    if not isinstance(document, dict):
        raise ValueError("the answer is no JSON object")  # noqa: TRY004 - the provider's mistake, not a caller's
    return document


def _read_keys(document: Mapping[str, Any]) -> Mapping[str | None, Key]:
    """The public keys for signatures by id; others, and those that cannot be read, are passed over (RFC 7517, 5)."""
    keys: dict[str | None, Key] = {}
    listed = document.get("keys")
    for entry in listed if isinstance(listed, list) else []:
        with suppress(JoseError, ValueError, TypeError, KeyError):
            key = import_key(entry)
            if isinstance(key, RSAKey | ECKey | OKPKey) and key.get("use", "sig") == "sig":
                keys.setdefault(key.kid, key)
    if not keys:
        raise ValueError("there are no keys for signatures")
    return MappingProxyType(keys)
