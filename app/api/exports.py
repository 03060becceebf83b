"""Exports of the history, for process mining and for keeping."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from sqlalchemy.orm import Session

from app import permissions
from app.api import present, problems
from app.api.dependencies import Read, Reading
from app.api.event_filters import EventFilterOf
from app.api.negotiation import accepts_gzip
from app.api.route import asks, authenticated_router
from app.api.streaming import StreamedAnswer, in_blocks, zipped
from app.commands.record_export import record_export
from app.errors import Busy
from app.permissions import Operation
from app.queries.export_history import export_history
from app.storage import exported_events
from app.storage.event_search import EventFilter

Format = Literal["xes", "ocel", "csv", "jsonl"]
#: media type and file name
_KINDS: dict[Format, tuple[str, str]] = {
    "xes": ("application/xml", "history.xes"),
    "ocel": ("application/json", "history.jsonocel"),
    "csv": ("text/csv; charset=utf-8; header=present", "history.csv"),
    "jsonl": ("application/jsonl", "history.jsonl"),
}
_CONTENT = {
    "application/xml": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "object"}},
    "text/csv": {"schema": {"type": "string"}},
    "application/jsonl": {"schema": {"type": "string"}},
}
#: at once in one process: each holds a connection to the database for as long as its client takes
_MOST = 2
_places = threading.BoundedSemaphore(_MOST)

router = authenticated_router("/history", "history")


@router.get(
    "/export",
    responses={
        **problems.declared(403),
        200: {
            "description": "The log, sent while it is written; broken off before its end where it cannot be finished.",
            "content": _CONTENT,
        },
    },
    response_class=Response,
    openapi_extra=asks(Operation.EXPORT_HISTORY),
)
def export_events(
    format_: Annotated[Format, Query(alias="format", description="XES, OCEL 2.0 (JSON), CSV, or JSON Lines.")],
    wanted: EventFilterOf,
    reading: Read,
    request: Request,
) -> Response:
    """The events that are wanted, by instance and in their order, as a log. Whoever takes one is recorded.

    Two at once; whoever comes then hears 503 and comes again.
    """
    permissions.require(Operation.EXPORT_HISTORY, reading.actor)
    media_type, file_name = _KINDS[format_]
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Vary": "Accept-Encoding"}
    is_zipped = accepts_gzip(request.headers.get("accept-encoding", ""))
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return StreamedAnswer(_blocks(reading, wanted, format_, is_zipped=is_zipped), media_type, headers)


def _blocks(reading: Reading, wanted: EventFilter, format_: Format, *, is_zipped: bool) -> Generator[bytes]:
    """The body, recorded before its first byte; it holds a place, a connection and one view of the database."""
    with _place():
        with reading.database.transaction() as session:
            record_export(session, reading.actor, reading.path, reading.query, format_, now=reading.now)
        with reading.database.reading() as session:
            blocks = in_blocks(_written(session, wanted, format_))
            yield from zipped(blocks) if is_zipped else blocks


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _places.release()


def _written(session: Session, wanted: EventFilter, format_: Format) -> Iterable[bytes]:
    if format_ == "jsonl":
        events = exported_events.stream(session, wanted)
        return (present.event(event).model_dump_json(by_alias=True).encode() + b"\n" for event in events)
    return export_history(session, wanted, format_)
