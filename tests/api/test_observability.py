"""What operators see: request ids, logs, figures, health."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.testclient import TestClient

from app.api.observability import configure_logging
from tests.conftest import World
from tests.sop import As


def test_every_answer_carries_a_request_id_and_a_sound_one_is_kept(http: TestClient) -> None:
    assert len(http.get("/health/live").headers["x-request-id"]) == 36
    assert http.get("/health/live", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert http.get("/health/live", headers={"X-Request-ID": "a b\x7f"}).headers["x-request-id"] != "a b\x7f"


def test_health_tells_life_and_readiness(http: TestClient) -> None:
    assert http.get("/health/live").json() == {"status": "ok"}
    assert http.get("/health/ready").json() == {"status": "ok"}


def test_figures_are_kept_by_route_not_by_path(http: TestClient, as_: As) -> None:
    instance = as_("kepala").start()
    as_("kepala").get(f"/process-instances/{instance['id']}")
    text = http.get("/metrics").text
    labels = 'method="GET",route="/api/v1/process-instances/{instance_id}",status="200"'
    assert f"jenjang_http_requests_total{{{labels}}}" in text
    assert instance["id"] not in text


def test_logs_are_json_with_the_request_id_and_without_the_token(
    http: TestClient, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("info")
    try:
        token = world.tokens["kepala"]
        http.get("/api/v1/user-tasks", headers={"Authorization": f"Bearer {token}", "X-Request-ID": "req-1"})
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    logged = capsys.readouterr().err
    line = next(json.loads(line) for line in logged.splitlines() if "req-1" in line)
    assert (line["event"], line["status"], line["username"]) == ("request", 200, "kepala")
    assert token not in logged


def test_the_documentation_needs_no_other_host(http: TestClient) -> None:
    page = http.get("/docs").text
    assert "https://" not in page
    assert http.get("/openapi.json").json()["info"]["title"] == "Jenjang"
