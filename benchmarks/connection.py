"""An HTTP/1.1 client that spends almost nothing: it shares the machine's cores with the server that it measures."""

from __future__ import annotations

import re
import socket

HOST = "127.0.0.1"
#: seconds without an answer after which a measurement is given up
_TIMEOUT = 30

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Refused(Exception):
    """The server did not answer with 2xx; nothing that was measured would mean anything."""


class Connection:
    """One kept-alive connection. Knows of HTTP only what uvicorn answers: a length, never chunks."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> bytes:
        """Send one request and give the body of the answer.

        Raises:
            Refused, OSError
        """
        self._socket.sendall(request)
        received = b""
        while (head := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        told = _LENGTH.search(received, 0, head + 2)
        end = head + 4 + (int(told[1]) if told else 0)
        while len(received) < end:
            received += self._receive()
        if not received.startswith(b"HTTP/1.1 2"):
            raise Refused(received.decode())
        return received[head + 4 :]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionResetError("The server hung up.")
        return part


def post(path: str, token: str, body: bytes) -> bytes:
    """A POST of JSON, as the bytes on the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, token: str | None = None) -> bytes:
    """A GET, by nobody in particular where there is no token, as the bytes on the wire."""
    who = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{who}\r\n".encode()
