"""What an endpoint is given: the caller, the time, the page, and a transaction to run one command or query in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator
from sqlalchemy.orm import Session

from app import permissions
from app.commands.record_reading import is_recorded, record_reading
from app.permissions import Actor, Operation
from app.storage import idempotency
from app.storage.access import IfMatch
from app.storage.database import Database
from app.storage.idempotency import Answer, KeyedRequest
from app.storage.keyset import Page

T = TypeVar("T")

_DATE = re.compile(r"\d{4}-\d\d-\d\dT", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """An authenticated request that changes nothing."""

    actor: Actor
    database: Database
    now: datetime
    path: str
    query: str

    def ask(self, question: Callable[[Session], T]) -> T:
        """Run one query in a transaction of its own."""
        with self.database.reading() as session:
            return question(session)

    def record(self, *instance_ids: UUID) -> None:
        """Record, where the caller's reading is recorded, what was read: before it is sent.

        Args: `instance_ids` of the instances of which the answer tells; none where it tells of people.
        """
        if is_recorded(self.actor):
            with self.database.transaction() as session:
                record_reading(session, self.actor, self.path, self.query, instance_ids, now=self.now)


@dataclass(frozen=True, slots=True)
class Writing:
    """An authenticated request for one command."""

    actor: Actor
    database: Database
    now: datetime
    method: str
    path: str
    body: bytes
    operations: Collection[Operation]
    idempotency_key: str | None = None
    if_match: IfMatch = None

    def run(self, command: Callable[[Session], Answer], *, body: bytes | None = None) -> Response:
        """Run one command in one transaction; the response is built only after the commit.

        With an Idempotency-Key the answer is stored in that transaction, or the stored one is repeated.
        Args: `body` stands for the request's own where that is not the same in every repetition (multipart).
        """
        with self.database.transaction() as session:
            answer = command(session) if self.idempotency_key is None else self._once(session, command, body)
        return Response(answer.body, answer.status, headers=dict(answer.headers), media_type="application/json")

    def _once(self, session: Session, command: Callable[[Session], Answer], body: bytes | None) -> Answer:
        sent = self.body if body is None else body
        request = KeyedRequest(self.actor.user_id, self.method, self.path, self.idempotency_key or "", sent)
        return idempotency.once(
            session,
            request,
            self.now,
            act=lambda: command(session),
            before_repeating=lambda: permissions.require_system_role(self.operations, self.actor),
        )


async def _reading(request: Request) -> Reading:
    state = request.app.state
    return Reading(request.state.actor, state.database, state.clock(), request.url.path, request.url.query)


async def _writing(request: Request) -> Writing:
    state = request.app.state
    actor, body, operations = request.state.actor, request.state.body, request.state.operations
    return Writing(actor, state.database, state.clock(), request.method, request.url.path, body, operations)


IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Chosen by the client, new for each intent; repeating the request with it has one effect.",
        examples=["9f0c2f0e-5d0b-4a57-8f0a-0a6b1c1c7d55"],
    ),
]
IfMatchHeader = Annotated[
    str | None,
    Header(description="ETag of what the client has read; 412 when it changed since.", examples=[None]),
]


async def _creating(writing: Annotated[Writing, Depends(_writing)], idempotency_key: IdempotencyKey = None) -> Writing:
    return replace(writing, idempotency_key=idempotency_key)


async def _commanding(
    writing: Annotated[Writing, Depends(_writing)],
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatchHeader = None,
) -> Writing:
    return replace(writing, idempotency_key=idempotency_key, if_match=_revisions(if_match))


async def _replacing(writing: Annotated[Writing, Depends(_writing)], if_match: IfMatchHeader = None) -> Writing:
    return replace(writing, if_match=_revisions(if_match))


#: GET
Read = Annotated[Reading, Depends(_reading)]
#: POST of something new
Create = Annotated[Writing, Depends(_creating)]
#: POST of a command on something that exists
Command = Annotated[Writing, Depends(_commanding)]
#: PUT, PATCH and DELETE
Replace = Annotated[Writing, Depends(_replacing)]
#: what must not be answered twice alike, or has no revision
Unrepeatable = Annotated[Writing, Depends(_writing)]


def _revisions(if_match: str | None) -> IfMatch:
    """The revisions of an If-Match header; weak or foreign validators match nothing (RFC 9110, 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    return set(re.findall(r'(?<!/)"([0-9.]{1,40})"', if_match))


async def _page(
    limit: Annotated[int, Query(ge=1, le=200, description="Items on a page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before.")] = None,
    sort: Annotated[str | None, Query(max_length=200, description="Such as `created_at,-name`.")] = None,
    include_total: Annotated[bool, Query(description="Count the whole list as well.")] = False,
) -> Page:
    return Page(limit, cursor, sort, include_total)


PageOf = Annotated[Page, Depends(_page)]


def _require_date(value: object) -> object:
    # A bare number would be taken for seconds since 1970: `2026` for a moment of its first hour.
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("Write it as 2026-07-04T01:00:00Z.")
    return value


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # At either end of the calendar the hours of an offset lead out of it, and do not matter.
        return moment.replace(tzinfo=UTC)


#: an instant in a query or a body (RFC 3339)
Moment = Annotated[AwareDatetime, BeforeValidator(_require_date), AfterValidator(_to_utc)]


def answer(status: int, body: BaseModel, *, revision: int | None = None, location: str | None = None) -> Answer:
    """A successful answer to a command."""
    headers: dict[str, str] = {}
    if revision is not None:
        headers["ETag"] = etag(revision)
    if location is not None:
        headers["Location"] = location
    return Answer(status, body.model_dump_json(by_alias=True).encode(), headers)


def etag(revision: int | str) -> str:
    """A revision as a strong validator (RFC 9110)."""
    return f'"{revision}"'


def shown(body: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
    """A successful answer to a query."""
    content = body.model_dump_json(by_alias=True)
    return Response(content, headers=dict(headers or {}), media_type="application/json")
