"""What happens to every request before its endpoint runs: who calls, and can the request be read at all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response, Security, params
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.types import Message, Receive

from app import permissions
from app.api import refusals
from app.api.authentication import authenticate
from app.commands.record_refusal import is_recorded
from app.engine.strict_json import JsonInvalid, read_json
from app.errors import FieldError, Malformed, ParameterRefused, ServiceError, UnsupportedMediaType
from app.permissions import Operation

#: levels of objects and lists in a body; keeps every later walk over it shallow
_MAX_DEPTH = 32
#: bytes of a body
_MAX_JSON = 1024 * 1024
_LARGE = 64 * 1024
_MAX_UPLOAD = 10 * 1024 * 1024

#: only tells OpenAPI; `AuthenticatedRoute` is what authenticates
_BEARER = Security(HTTPBearer(auto_error=False, description="A token from `jenjang token new`."))

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """A request whose JSON must be readable by every program alike."""

    _strict_json: Any = None

    async def json(self) -> Any:
        """The body, read once.

        Raises:
            Malformed: with the pointer to the value that cannot be carried.
        """
        if self._strict_json is None:
            try:
                self._strict_json = await _read_json(await self.body())
            except JsonInvalid as error:
                place = [FieldError(error.pointer, "malformed", str(error))] if error.pointer else []
                raise Malformed(f"The body is not JSON that can be used: {error}.", errors=place) from error
        return self._strict_json

    @property
    def on_behalf_of(self) -> str | None:
        """In whose name the person says to act, where that has been read."""
        named = self._strict_json.get("on_behalf_of") if isinstance(self._strict_json, dict) else None
        return named if isinstance(named, str) else None


async def _read_json(body: bytes) -> Any:
    if len(body) < _LARGE:
        return read_json(body, max_depth=_MAX_DEPTH)
    # A large body takes long enough to read that everybody else would wait for it.
    return await run_in_threadpool(read_json, body, max_depth=_MAX_DEPTH)


def asks(*operations: Operation) -> dict[str, Any]:
    """The `openapi_extra=` of a route: which rows of the table of permissions decide about it."""
    return {"x-operations": [operation.value for operation in operations]}


def authenticated_router(path: str, tag: str) -> APIRouter:
    """Collects the routes of a part of the interface, below /api/v1, whose callers must be known."""
    return APIRouter(prefix=f"/api/v1{path}", tags=[tag], route_class=AuthenticatedRoute, dependencies=[_BEARER])


class AuthenticatedRoute(APIRoute):
    """A route for authenticated people that says what they ask for, by `asks(…)`.

    401 comes first, then 403 for a token that is not meant for this, 400, 413 and 415, then the endpoint. What an
    authenticated person may not do is recorded before it is answered.
    """

    def get_route_handler(self) -> Handler:
        """Wrap the endpoint's own handler."""
        handle = super().get_route_handler()
        operations = [Operation(name) for name in (self.openapi_extra or {})["x-operations"]]
        parameters = _query_parameters(self.dependant)
        takes_upload = self.body_field is not None and isinstance(self.body_field.field_info, params.Form)
        takes_json = self.body_field is not None and not takes_upload
        needs_json = takes_json and self.body_field is not None and self.body_field.field_info.is_required()
        limit = _MAX_UPLOAD if takes_upload else _MAX_JSON

        async def checked(request: StrictRequest) -> Response:
            permissions.require_scope(operations, request.state.actor)
            _refuse_parameters(request, parameters)
            request.state.body = await _json_body(request, is_required=needs_json) if takes_json else b""
            if takes_upload and _content_type(request) not in {"", "multipart/form-data"}:
                raise UnsupportedMediaType("Send multipart/form-data.")
            return await handle(request)

        async def authenticated(request: Request) -> Response:
            strict = StrictRequest(request.scope, _bounded(request.receive, limit))
            strict.state.actor = await run_in_threadpool(authenticate, request)
            strict.state.operations = operations
            try:
                return await checked(strict)
            except ServiceError as refusal:
                if is_recorded(refusal):
                    await run_in_threadpool(refusals.record, strict, operations, strict.on_behalf_of, refusal)
                raise

        return authenticated


def _query_parameters(dependant: Dependant) -> set[str]:
    """The names that an endpoint and all that it depends on read from the query."""
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_query_parameters(inner) for inner in dependant.dependencies))


def _refuse_parameters(request: Request, known: set[str]) -> None:
    """Refuse query parameters that the endpoint does not read, and any with NUL: PostgreSQL knows no such text."""
    given = [*request.query_params.multi_items(), *request.path_params.items()]
    known_here = f"Known here: {', '.join(sorted(known)) or 'none'}."
    errors = [FieldError(name, "unknown_parameter", known_here) for name in sorted(set(request.query_params) - known)]
    errors += [FieldError(name, "malformed", "It has a NUL.") for name, value in given if "\0" in value]
    if errors:
        raise ParameterRefused(errors=errors)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Receive no body of more than `limit` bytes. (Starlette's own `max_body_size` refuses in plain text.)"""
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            # Of all errors the reader of forms lets only this kind through.
            raise HTTPException(413)
        return message

    return receive_bounded


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _json_body(request: StrictRequest, *, is_required: bool) -> bytes:
    body = await request.body()
    if is_required and not body:
        raise Malformed("A JSON body is needed.")
    if body:
        content_type = _content_type(request)
        if content_type != "application/json" and not content_type.endswith("+json"):
            raise UnsupportedMediaType("Send application/json.")
        await request.json()
    return body
