"""What arrives at a real server that is hardly HTTP, or ends before it is whole: refused, and the server goes on."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx2
import pytest

from app.storage.database import Database
from tests.conftest import World
from tests.robustness.invariants import check_every_instance
from tests.robustness.server import Server, wait_until

MIB = 1024 * 1024


@pytest.fixture
def dialect() -> str:
    """What is tried here ends before any database."""
    return "sqlite"


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    with Server(world.settings, world.tokens) as running:
        yield running


def connection(server: Server) -> socket.socket:
    address = httpx2.URL(server.address)
    assert address.port is not None
    return socket.create_connection((address.host, address.port), timeout=10)


def status_of(server: Server, request: bytes) -> int:
    with connection(server) as stream:
        stream.sendall(request)
        return int(stream.recv(1024).split()[1])


def head(server: Server, method: str, path: str, *headers: str, username: str = "kepala") -> bytes:
    token = f"Authorization: Bearer {server.token_of(username)}"
    lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: 127.0.0.1", token]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def test_what_is_hardly_http_is_refused(server: Server) -> None:
    json = "Content-Type: application/json"
    for request, status in [
        (b"kacau\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (head(server, "GET", "/user-tasks/\x00"), 400),
        (head(server, "GET", "/user-tasks/%ff%fe"), 422),
        (head(server, "GET", f"/user-tasks/{'a' * 100_000}"), 400),
        (head(server, "GET", "/user-tasks", "Idempotency-Key: \xe4", "X-Large: " + "a" * 200_000), 200),
        (head(server, "POST", "/process-instances", "Content-Length: -1"), 400),
        (head(server, "POST", "/process-instances", "Content-Length: 4", "Transfer-Encoding: chunked"), 400),
        (head(server, "POST", "/process-instances", json, "Content-Length: 99999999999") + b"{" * 2 * MIB, 413),
        (head(server, "POST", "/process-instances", json, "Transfer-Encoding: chunked") + b"kacau\r\n", 400),
    ]:
        assert status_of(server, request) == status, request[:200]
    assert server.as_("kepala").start()["status"] == "active"


def test_an_upload_that_is_too_large_is_answered_though_it_is_still_being_sent(server: Server) -> None:
    response = server.as_("perancang").deploy({"p.bpmn": b" " * (11 * MIB)})
    assert (response.status_code, response.json()["type"]) == (413, "urn:jenjang:problem:too_large")
    with server.connect() as http:
        assert http.post("/api/v1/deployments", content=b" " * (11 * MIB)).status_code == 401


def test_a_client_that_leaves_in_mid_request_is_no_defect_of_the_service(server: Server, database: Database) -> None:
    json, multipart = "Content-Type: application/json", "Content-Type: multipart/form-data; boundary=x"
    for request in (
        head(server, "POST", "/process-instances", json, "Content-Length: 100") + b'{"process_definition_key',
        head(server, "POST", "/deployments", multipart, "Content-Length: 100", username="perancang") + b"--x\r\nC",
    ):
        with connection(server) as stream:
            stream.sendall(request)
            time.sleep(0.1)
    with server.connect() as http:
        wait_until(lambda: http.get("/metrics").text.count('method="POST",route="/api/v1/') >= 2, seconds=5)
        assert 'status="500"' not in http.get("/metrics").text
    assert check_every_instance(database) == 0
