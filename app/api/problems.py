"""Errors as problem details (RFC 9457): the one place that turns a refusal into HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors
from app.api.schemas import FieldProblem, ProblemDetails

MEDIA_TYPE = "application/problem+json"
#: the nearest class in an error's ancestry decides
_STATUS: Mapping[type[errors.ServiceError], HTTPStatus] = {
    errors.Malformed: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Stale: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyFailedAuthentications: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_log = structlog.get_logger(__name__)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: these refusals, and those that any authenticated route can give."""
    return {
        status: {
            "model": ProblemDetails,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in sorted({*statuses, 400, 401, 422, 429, 503})
    }


def install(app: FastAPI) -> None:
    """Let every error of the app be answered as problem details."""
    app.add_exception_handler(errors.ServiceError, _on_service_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_middleware(DefectsAnswered)


def respond(request: Request, error: errors.ServiceError) -> Response:
    """The answer to one refusal."""
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    details = [FieldProblem(pointer=e.pointer, code=e.code, reason=e.reason) for e in error.errors]
    extra: dict[str, Any] = {}
    if isinstance(error, errors.DiagramRefused):
        extra["errors"] = [problem.as_json() for problem in error.problems]
    if isinstance(error, errors.MigrationRefused):
        extra["errors"] = [asdict(obstacle) for obstacle in error.obstacles]
    if isinstance(error, errors.ProcessStuck):
        extra["element_id"] = error.element_id
    response = _problem(request, status, error.code, error.title, error.detail, details, extra)
    response.headers.update(_headers_of(error))
    return response


def _headers_of(error: errors.ServiceError) -> dict[str, str]:
    """What a client should do next: authenticate (RFC 6750, section 3), or come again after some seconds."""
    match error:
        case errors.InvalidToken():
            return {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        case errors.Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case errors.TooManyFailedAuthentications():
            return {"Retry-After": str(error.retry_after)}
        case errors.Unavailable():
            return {"Retry-After": "2"}
        case errors.IdempotencyKeyInUse():
            return {"Retry-After": "1"}
        case _:
            return {}


def _problem(
    request: Request,
    status: HTTPStatus | int,
    code: str,
    title: str,
    detail: str,
    details: list[FieldProblem] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    body = ProblemDetails(
        type=f"urn:jenjang:problem:{code}",
        title=title,
        status=int(status),
        detail=detail,
        instance=request.url.path,
        errors=details or [],
    )
    return Response(orjson.dumps(body.model_dump() | dict(extra or {})), int(status), media_type=MEDIA_TYPE)


def _on_service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.ServiceError)  # noqa: S101 - registered for this class alone
    if isinstance(error, errors.Unavailable):
        _log.warning("unavailable", path=request.url.path, cause=str(error.__cause__ or error))
    return respond(request, error)


def _on_validation_error(request: Request, error: Exception) -> Response:
    """A body or a parameter of the wrong shape: pydantic's findings, without its values."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class alone
    found = [_field_error(item) for item in error.errors()]
    in_body = all(item["loc"][0] == "body" for item in error.errors())
    return respond(request, errors.BodyRefused(errors=found) if in_body else errors.ParameterRefused(errors=found))


def _field_error(item: Mapping[str, Any]) -> errors.FieldError:
    place, *path = item["loc"]
    pointer = errors.json_pointer(path) if place == "body" else ".".join(str(part) for part in path)
    return errors.FieldError(pointer, str(item["type"]), str(item["msg"]))


def _on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown paths, wrong methods, bodies over the limit."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    status = HTTPStatus(error.status_code)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return respond(request, errors.TooLarge())
    code = "malformed" if status == HTTPStatus.BAD_REQUEST else status.phrase.lower().replace(" ", "_")
    response = _problem(request, status, code, status.phrase, str(error.detail))
    response.headers.update(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods_of(request)))
    return response


def _on_disconnect(request: Request, _: Exception) -> Response:
    """Nobody hears this answer; it keeps a client that left from being counted as a defect of ours."""
    return respond(request, errors.Malformed("The connection ended before the body."))


def _methods_of(request: Request) -> set[str]:
    """Every method that the path knows (RFC 9110, 10.2.1); the framework names those of one route only."""
    routes = iter_route_contexts(request.app.routes)
    return {method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()}


class DefectsAnswered:
    """ASGI middleware: answers where the application fails, and passes the failure on to nobody.

    Starlette's own handler of all exceptions stands outside of every middleware, so that its answer has no request id,
    and raises the exception once more, at which uvicorn closes the connection under the client's next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a defect after the beginning of an answer can only end the connection."""
        is_answered = False

        async def send_and_note(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if is_answered or scope["type"] != "http":
                raise
            await _on_defect(Request(scope), error)(scope, receive, send)


def _on_defect(request: Request, error: Exception) -> Response:
    """A defect of ours: logged whole, told without a word of the inside."""
    _log.error("defect", path=request.url.path, exc_info=error)
    detail = "This is a defect of the service; it was logged under the request id."
    return _problem(request, 500, "internal_error", "The service failed", detail)
