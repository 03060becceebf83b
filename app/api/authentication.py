"""Who calls: by a token of ours or by one of the OpenID provider; and how often an address may fail at it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

from fastapi import Request

from app.api.oidc import OpenIdProvider
from app.errors import InvalidToken, TooManyFailedAuthentications, Unauthenticated, Unavailable
from app.permissions import Actor
from app.storage import failed_authentications, tokens

#: characters of a source that the table holds
_MAX_SOURCE = 64
#: seconds that a failure waits to be counted: many at once are, and none holds a thread for long
_COUNTED_WITHIN = 0.5


def authenticate(request: Request) -> Actor:
    """The person whose bearer token the request carries.

    Only failures are limited: a valid token is let in however many others fail at the same address.

    Raises:
        Unauthenticated, TooManyFailedAuthentications, ProviderAway
    """
    credentials = request.headers.get("authorization")
    # Browsers and monitors that show nothing try nothing.
    if credentials is None:
        raise Unauthenticated
    try:
        actor = _actor(request, credentials)
    except Unauthenticated:
        _count_failure(request)
        raise
    request.scope["jenjang.username"] = actor.username
    return replace(actor, request_id=request.scope.get("jenjang.request_id"))


def _actor(request: Request, credentials: str) -> Actor:
    scheme, _, token = credentials.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    provider: OpenIdProvider | None = request.app.state.openid_provider
    if provider is None or token.strip().startswith(tokens.SECRET_PREFIX):
        return _owner(request, token.strip())
    return _claimant(request, provider, token.strip())


def _owner(request: Request, secret: str) -> Actor:
    state, now = request.app.state, request.app.state.clock()
    with state.database.reading() as session:
        found = tokens.find(session, secret, now=now, demo=state.settings.demo)
    if found is None:
        raise InvalidToken
    if found.use_unnoted and found.actor.token_id is not None:
        _note_use(request, found.actor.token_id)
    return found.actor


def _note_use(request: Request, token_id: UUID) -> None:
    # Whoever only reads must neither fail nor wait for a note that can be made another time.
    with suppress(Unavailable), request.app.state.database.transaction(timeout=0) as session:
        tokens.note_use(session, token_id, request.app.state.clock())


def _claimant(request: Request, provider: OpenIdProvider, token: str) -> Actor:
    """Whom the provider vouches for, if they are an active user here: with the roles of both."""
    claimant = provider.read(token)
    state, now = request.app.state, request.app.state.clock()
    with state.database.reading() as session:
        actor = tokens.find_person(session, claimant.username, now=now, demo=state.settings.demo)
    if actor is None:
        raise InvalidToken
    roles = actor.roles | claimant.roles
    return replace(actor, roles=roles, outside_roles=claimant.roles, scopes=claimant.scopes)


def _count_failure(request: Request) -> None:
    """Write the failure down, in a transaction of its own.

    Raises:
        TooManyFailedAuthentications: in this minute, from this source.
    """
    state, now = request.app.state, request.app.state.clock()
    limit, source = state.settings.failed_authentications_per_minute, _source(request)
    # Whoever failed must hear so, even while the database is too busy to count it.
    with suppress(Unavailable):
        # Read first: above the limit an attacker costs us no more writes.
        with state.database.reading() as session:
            is_above = failed_authentications.count(session, source, now) >= limit
        if not is_above:
            with state.database.transaction(timeout=_COUNTED_WITHIN) as session:
                is_above = failed_authentications.add(session, source, now) > limit
        if is_above:
            raise TooManyFailedAuthentications(retry_after=60 - now.second)


def _source(request: Request) -> str:
    """Where the request comes from: an address, of IPv6 its /64, which is what one subscriber is given."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host[:_MAX_SOURCE]
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
