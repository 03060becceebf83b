"""Whether the service lives, whether it can serve, and its figures."""

from __future__ import annotations

import os

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import BaseModel

from app.api import problems
from app.errors import Unavailable
from app.storage import migrations

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """All is well."""

    status: str = "ok"


@router.get("/health/live", response_model=Health)
async def live() -> Response:
    """The process answers."""
    # Not `def` like the others: those run in threads, and while the database hangs there is none left.
    return Response(Health().model_dump_json(), media_type="application/json")


@router.get("/health/ready", response_model=Health, responses={503: problems.declared()[503]})
def ready(request: Request) -> Response:
    """The database answers and has every migration."""
    if not migrations.are_applied(request.app.state.database):
        raise Unavailable("The database is not migrated: run `jenjang migrate`.")
    return Response(Health().model_dump_json(), media_type="application/json")


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Figures in Prometheus' text format; of all workers where there are several."""
    registry = request.app.state.metrics.registry
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
