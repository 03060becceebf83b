"""By which names the service may be called: a page of another site must not reach it under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import problems
from app.errors import HostRefused

#: asked by load balancers and kubelets, by address; tells nothing but whether it works
_OPEN_TO_ALL = frozenset({"/health/live", "/health/ready"})
_log = structlog.get_logger(__name__)


class HostChecked:
    """ASGI middleware: refuses requests whose Host is not among the settings' allowed hosts.

    Starlette's own would refuse in plain text.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        names = "|".join(_pattern(host) for host in allowed_hosts)
        self._allowed = re.compile(rf"(?:{names})(?::[0-9]{{1,5}})?", re.ASCII | re.IGNORECASE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["type"] != "http" or scope["path"] in _OPEN_TO_ALL or self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        _log.warning("host_refused", hosts=_hosts(scope), setting="JENJANG_ALLOWED_HOSTS")
        await problems.respond(Request(scope), HostRefused())(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        hosts = _hosts(scope)
        return len(hosts) == 1 and self._allowed.fullmatch(hosts[0]) is not None


def _hosts(scope: Scope) -> list[str]:
    return [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]


def _pattern(host: str) -> str:
    if host.startswith("*."):
        return r"(?:[a-z0-9-]+\.)+" + re.escape(host.removeprefix("*."))
    return re.escape(host)
