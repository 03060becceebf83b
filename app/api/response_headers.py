"""What every answer tells browsers: trust nothing that is not said here."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: the interactive description starts itself by a script inside the page, sets styles, and holds its icons as data
_DOCS = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
#: seconds; a year
_HSTS = "max-age=31536000"


class ResponseHeaders:
    """ASGI middleware: adds the headers that protect who looks at the answer in a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the application's own headers come first."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        added = _headers_for(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers_for(scope: Scope) -> Mapping[str, str]:
    path = scope["path"]
    headers = _EVERYWHERE | {"Content-Security-Policy": _DOCS if path == "/docs" else _NOTHING}
    if path.startswith("/api/"):
        headers["Cache-Control"] = "no-store"
    # Over plain HTTP browsers must not heed it, and an office that has no TLS yet must not be locked out.
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = _HSTS
    return headers
