"""What happens to every request before its endpoint runs: who calls, and can the request be read at all."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.engine.strict_json import JsonInvalid, read_json
from app.errors import FieldError, Malformed, ParameterRefused, Unauthenticated, UnsupportedMediaType
from app.permissions import Actor
from app.storage import people

#: levels of objects and lists in a body; keeps every later walk over it shallow
_MAX_DEPTH = 32

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
                self._strict_json = read_json(await self.body(), max_depth=_MAX_DEPTH)
            except JsonInvalid as error:
                place = [FieldError(error.pointer, "malformed", str(error))] if error.pointer else []
                raise Malformed(f"The body is not JSON that can be used: {error}.", errors=place) from error
        return self._strict_json


class AuthenticatedRoute(APIRoute):
    """A route for authenticated people. 401 comes first, then 400 and 415, then the endpoint."""

    def get_route_handler(self) -> Handler:
        """Wrap the endpoint's own handler."""
        handle = super().get_route_handler()
        parameters = _query_parameters(self.dependant)
        takes_json = self.body_field is not None and self.max_body_size is None

        async def checked(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            strict.state.actor = await run_in_threadpool(authenticate, request)
            _refuse_unknown_parameters(request, parameters)
            if takes_json:
                await _require_json(strict)
            return await handle(strict)

        return checked


def authenticate(request: Request) -> Actor:
    """The person whose bearer token the request carries.

    Raises:
        Unauthenticated
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        raise Unauthenticated
    with request.app.state.database.reading() as session:
        actor = people.find_by_token(session, secret.strip(), demo=request.app.state.settings.demo)
    if actor is None:
        raise Unauthenticated("The bearer token is unknown or no longer valid.")
    request.scope["jenjang.username"] = actor.username
    return actor


def _query_parameters(dependant: Dependant) -> set[str]:
    """The names that an endpoint and all that it depends on read from the query."""
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_query_parameters(inner) for inner in dependant.dependencies))


def _refuse_unknown_parameters(request: Request, known: set[str]) -> None:
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        reason = f"Known here: {', '.join(sorted(known)) or 'none'}."
        raise ParameterRefused(errors=[FieldError(name, "unknown_parameter", reason) for name in unknown])


async def _require_json(request: StrictRequest) -> None:
    if not await request.body():
        return
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise UnsupportedMediaType("Send application/json.")
    await request.json()
