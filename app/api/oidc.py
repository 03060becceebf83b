"""Access tokens of an outside OpenID provider: JWTs, judged by their signature and claims (RFC 9068, RFC 8725)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from app.api.signing_keys import SigningKeys
from app.errors import InvalidToken
from app.permissions import Scope
from app.settings import Settings

#: `typ` of the header: what access tokens have, and what most providers write instead
_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt", ""})


@dataclass(frozen=True, slots=True)
class Claimant:
    """Whom a valid token speaks for, in our words."""

    username: str
    #: what the mapping makes of the provider's roles
    roles: frozenset[str]
    scopes: frozenset[Scope]


class OpenIdProvider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings, issuer: str, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._issuer = issuer
        self._clock = clock
        self._scopes_otherwise = frozenset(Scope(name) for name in settings.oidc_scopes)
        self._keys = SigningKeys(issuer, settings.oidc_jwks_url, clock)
        self._registry = JWSRegistry(algorithms=settings.oidc_algorithms, strict_check_header=False)

    @classmethod
    def of(cls, settings: Settings, clock: Callable[[], datetime]) -> OpenIdProvider | None:
        """The provider, where there is one."""
        return cls(settings, settings.oidc_issuer, clock) if settings.oidc_issuer else None

    def read(self, token: str) -> Claimant:
        """Whom the token speaks for. May ask the provider for its keys: never call it inside a transaction.

        Raises:
            InvalidToken, ProviderAway
        """
        try:
            decoded = jwt.decode(token, self._key_of, registry=self._registry)
            self._expected().validate(decoded.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken from error
        _require_access_token(decoded)
        return self._claimant(decoded.claims)

    def _key_of(self, token: Any) -> Key:
        return self._keys.find(token.headers().get("kid"))

    def _expected(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=self._settings.oidc_leeway,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._settings.oidc_audience or ""},
            exp={"essential": True},
            sub={"essential": True},
        )

    def _claimant(self, claims: Mapping[str, Any]) -> Claimant:
        username = _claim(claims, self._settings.oidc_username_claim)
        # Lone surrogates and NUL are not printable: no database could look them up.
        if not isinstance(username, str) or not username.isprintable():
            raise InvalidToken
        mapping = self._settings.oidc_role_mapping
        held = _claim(claims, self._settings.oidc_roles_claim or "")
        roles = [role for role in (held if isinstance(held, list) else [held]) if isinstance(role, str)]
        named = _scope_names(claims)
        return Claimant(
            username=username,
            roles=frozenset(mapping[role] for role in roles if role in mapping),
            scopes=frozenset(scope for scope in Scope if scope in named) or self._scopes_otherwise,
        )


def _require_access_token(token: jwt.Token) -> None:
    """Refuse what the provider signed for another purpose.

    Most of it has another audience; Keycloak's `typ` and Cognito's `token_use` tell it too. A token that is bound to
    a key (`cnf`, RFC 7800) is worth nothing without the proof, which is not checked here.
    """
    claims = token.claims
    if (
        str(token.header.get("typ", "")).lower() not in _TYPES
        or claims.get("typ", "Bearer") != "Bearer"
        or claims.get("token_use", "access") != "access"
        or "cnf" in claims
    ):
        raise InvalidToken


def _scope_names(claims: Mapping[str, Any]) -> set[str]:
    """What the token names as its scopes: in `scope` (RFC 8693, 4.2) or `scp`, as one text or as a list of them.

    Raises:
        InvalidToken: they are written otherwise; who cannot read a limit must not overlook it.
    """
    names: set[str] = set()
    for claim in ("scope", "scp"):
        held = claims.get(claim, [])
        for text in held if isinstance(held, list) else [held]:
            if not isinstance(text, str):
                raise InvalidToken
            names.update(text.split())
    return names


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that name, else the one to which the path leads; names may hold dots themselves."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found
