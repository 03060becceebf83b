"""The one typed place for configuration: environment variables that begin with JENJANG_."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _read_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def _matching(pattern: str, meaning: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"it must be {meaning}")
        return value

    return AfterValidator(check)


def _proxies(value: str) -> str:
    try:
        network = ip_network(value)
    except ValueError as error:
        raise ValueError("it must be an address or a network such as 10.1.2.0/24") from error
    if network.prefixlen == 0:
        raise ValueError("it must not be every address there is")
    return value


def confidential(value: str) -> str:
    """An address of the OpenID provider: whoever can change its keys on their way can sign what they like.

    Raises:
        ValueError: it leads off this machine without TLS.
    """
    url = urlsplit(value)
    if url.scheme != "https" and not _is_loopback(url.hostname or ""):
        raise ValueError("an address that is not on this very machine must begin with https://")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Host = Annotated[
    str, _matching(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]", "a host name in small letters, without port")
]
Origin = Annotated[str, _matching(r"https?://[a-z0-9.\[\]:-]+", "an origin such as https://name:port")]
Proxies = Annotated[str, AfterValidator(_proxies)]
ProviderUrl = Annotated[
    str,
    _matching(r"https?://[^\s/?#@\\]+([/?][^\s#]*)?", "an address that begins with https://"),
    AfterValidator(confidential),
]
#: Signatures that an outside provider's keys can make. Never `none`, nor HS…, whose key would be public here.
Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448"
]
#: `permissions.Scope`, which this module must not know
ScopeName = Literal["tasks", "read", "deploy", "audit", "admin"]

# A list is one variable, with commas between its values.
_listed = (NoDecode, BeforeValidator(_split), PlainSerializer(",".join))


class Settings(BaseSettings):
    """Everything that can be configured; each field is a row of the table in README."""

    model_config = SettingsConfigDict(
        env_prefix="JENJANG_",
        env_ignore_empty=True,
        extra="ignore",
        # What is refused may be a password in the wrong place.
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(Path("data"), description="Folder of the SQLite file, made when missing.")
    audit_dir: Path = Field(Path("audit"), description="Folder of the key that signs checkpoints, and of their copies.")
    database_url: str | None = Field(
        None,
        description="PostgreSQL to use instead of the SQLite file: `postgresql://user:password@host/name`.",
        repr=False,
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Database connections that one worker may hold.")
    database_timeout: float = Field(
        5.0, gt=0, le=60, description="Seconds to wait for a lock or a connection before the answer is 503."
    )
    demo: bool = Field(False, description="Allow `seed-demo`, and let the demo people in.")
    approval_required: bool | None = Field(
        None, description="Whether a second person must approve a version before it starts; by default unless `demo`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged, as JSON.")
    allowed_hosts: Annotated[tuple[Host, ...], *_listed] = Field(
        ("localhost", "127.0.0.1", "[::1]"),
        min_length=1,
        description="Host names by which it may be called, without ports; `*.example.go.id` means all below that.",
    )
    cors_origins: Annotated[tuple[Origin, ...], *_listed] = Field(
        (), description="Other sites whose scripts may call it from a browser, such as `https://name`."
    )
    trusted_proxies: Annotated[tuple[Proxies, ...], *_listed] = Field(
        (), description="Addresses or networks of the proxies that `serve --proxy-headers` believes."
    )
    failed_authentications_per_minute: int = Field(
        30, ge=1, le=10_000, description="Failed attempts of one address (of IPv6: one /64) before it gets 429."
    )
    oidc_issuer: ProviderUrl | None = Field(None, description="OpenID provider whose access tokens are accepted, too.")
    oidc_audience: str | None = Field(
        None, validate_default=True, description="What `aud` of its tokens must name; needed with an issuer."
    )
    oidc_jwks_url: ProviderUrl | None = Field(
        None, description="Where its public keys are, if discovery is not to tell."
    )
    oidc_algorithms: Annotated[tuple[Algorithm, ...], *_listed] = Field(
        ("RS256", "PS256", "ES256", "EdDSA", "Ed25519"),
        min_length=1,
        description="Signatures accepted; there are also RS, PS and ES with 384 and 512, and Ed448.",
    )
    oidc_username_claim: str = Field(
        "preferred_username", description="Claim, or path to it, that names the user; exactly as here."
    )
    oidc_roles_claim: str | None = Field(
        None, description="Claim, or path to it, that holds roles: `realm_access.roles` with Keycloak."
    )
    oidc_role_mapping: Annotated[dict[str, str], NoDecode, BeforeValidator(_read_json), PlainSerializer(json.dumps)] = (
        Field({}, description="Which of those roles gives which role here, as a JSON object; others give nothing.")
    )
    oidc_scopes: Annotated[tuple[ScopeName, ...], *_listed] = Field(
        ("tasks", "read", "deploy", "audit", "admin"),
        min_length=1,
        description="Scopes of those of its tokens that name none of them.",
    )
    oidc_leeway: int = Field(60, ge=0, le=300, description="Seconds that the provider's clock may be off.")

    @field_validator("oidc_audience")
    @classmethod
    def _is_there_with_an_issuer(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("oidc_issuer"):
            raise ValueError("without it, tokens that are meant for other services would be let in")
        return value

    @property
    def is_approval_required(self) -> bool:
        """Whether a deployed version waits for a second person."""
        return not self.demo if self.approval_required is None else self.approval_required

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address as SQLAlchemy wants it, with the driver named."""
        if self.database_url is None:
            return f"sqlite:///{self.data_dir / 'jenjang.sqlite3'}"
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgres", "postgresql"} else self.database_url
