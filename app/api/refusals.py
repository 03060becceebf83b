"""Refused attempts: told in a transaction of their own, for what was refused was rolled back."""

from __future__ import annotations

from collections.abc import Collection

import structlog
from fastapi import Request

from app.commands.record_refusal import Attempt, record_refusal
from app.errors import ServiceError, Unavailable
from app.permissions import Operation

#: Seconds that a refusal waits to be recorded. One writing takes milliseconds, so that even as many refusals as there
#: are threads are all told; and whoever asks for refusals without end holds no thread for long.
_RECORDED_WITHIN = 1.0
_log = structlog.get_logger(__name__)


def record(
    request: Request, operations: Collection[Operation], on_behalf_of: str | None, refusal: ServiceError
) -> None:
    """Record a refused attempt. The refusal is answered in any case: that it could not be recorded is an error in the
    log, but no reason to say anything else to the one who was refused.
    """
    path, actor, state = request.scope["path"], request.state.actor, request.app.state
    # Names nothing that can be there, and PostgreSQL could not keep it.
    if "\0" in path:
        return
    attempt = Attempt(request.method, path, request.path_params, operations, on_behalf_of)
    try:
        with state.database.transaction(timeout=_RECORDED_WITHIN) as session:
            record_refusal(session, actor, attempt, refusal, now=state.clock())
    except Unavailable:
        _log.error("refusal_not_recorded", method=request.method, path=path, username=actor.username, code=refusal.code)
