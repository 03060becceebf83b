"""The only wiring: settings in, the application out."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

import app as package
from app.api import (
    as_of,
    comparisons,
    deployments,
    evidence,
    exports,
    health,
    history,
    history_events,
    positions,
    problems,
    process_definitions,
    process_instances,
    roles,
    rounds,
    sop_sheets,
    statistics,
    substitutions,
    tokens,
    user_tasks,
    users,
    verification,
)
from app.api.hosts import HostChecked
from app.api.observability import Metrics, Observed, configure_logging
from app.api.oidc import OpenIdProvider
from app.api.response_headers import ResponseHeaders
from app.engine.isolation import checker
from app.settings import Settings
from app.storage.database import Database

#: what scripts of the allowed origins may send and read; never cookies or whatever else a browser adds by itself
_CORS: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID"],
    "expose_headers": ["ETag", "Location", "Retry-After", "X-Request-ID"],
}


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings, *, clock: Callable[[], datetime] = _utc_now) -> FastAPI:
    """The application for one database; `clock` tells the time, so that tests can set it."""
    database = Database(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        database.dispose()

    # The pages under /docs come from this server: an office network may not reach any other.
    application = FastAPIOffline(
        redoc_url=None,
        redirect_slashes=False,
        title="Jenjang",
        version=package.__version__,
        summary="Runs a government SOP as a BPMN diagram: who decided what, when, on which text.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False},
    )
    application.state.settings = settings
    application.state.database = database
    application.state.clock = clock
    application.state.metrics = Metrics()
    application.state.openid_provider = OpenIdProvider.of(settings, clock)
    problems.install(application)
    _add_middleware(application, settings)
    work = (deployments, process_definitions, comparisons, sop_sheets, process_instances, user_tasks, history)
    told = (history_events, statistics, as_of, rounds, verification, evidence, exports)
    people = (users, roles, positions, tokens, substitutions)
    routers = [*(part.router for part in (*work, *told, *people, health)), verification.well_known]
    # The very routes that were made: to include the routers would make each a second time, a sixth of a start.
    application.router.routes.extend(route for router in routers for route in router.routes)
    return application


def _add_middleware(application: FastAPI, settings: Settings) -> None:
    """What every request passes, from the inside to the outside."""
    if settings.cors_origins:
        application.add_middleware(CORSMiddleware, allow_origins=settings.cors_origins, **_CORS)
    application.add_middleware(HostChecked, allowed_hosts=settings.allowed_hosts)
    application.add_middleware(ResponseHeaders)
    application.add_middleware(Observed, metrics=application.state.metrics)


def serve() -> FastAPI:
    """The application as uvicorn starts it, configured by the environment."""
    settings = Settings()
    configure_logging(settings.log_level)
    if supervisor := multiprocessing.parent_process():
        threading.Thread(target=_end_after, args=(supervisor,), daemon=True).start()
    # so that the first who deploys does not wait for it
    checker.warm_up()
    return create_app(settings)


def _end_after(supervisor: BaseProcess) -> None:
    """Stop as if told to once the process that supervises the workers is gone: uvicorn's would serve on for ever."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
