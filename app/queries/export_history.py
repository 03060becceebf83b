"""Export the history: every event that is wanted, as a log in one of several formats."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import Literal

from sqlalchemy.orm import Session

from app.documents import xes
from app.documents.flat_csv import write_csv
from app.documents.logged_event import LoggedDefinition, LoggedDocument, LoggedEvent, LoggedPerson
from app.documents.ocel import write_ocel
from app.documents.xes import write_xes
from app.engine.document_fields import DocumentField
from app.storage import exported_documents, exported_events
from app.storage.event_search import EventFilter

LogFormat = Literal["xes", "ocel", "csv"]


def export_history(session: Session, wanted: EventFilter, format_: LogFormat) -> Iterator[bytes]:
    """The log, written as it is read, all of it as the transaction sees it; in no more memory however long it is.

    Of an XES log the events of one instance are held at once, because they are sorted.
    """
    read = partial(exported_events.stream_with_surroundings, session, wanted, build=LoggedEvent)
    match format_:
        case "xes":
            return write_xes(read(types=xes.TYPES))
        case "ocel":
            return write_ocel(_History(session, wanted))
        case "csv":
            return write_csv(read(types=()))


class _History:
    """What an OCEL log is written from."""

    def __init__(self, session: Session, wanted: EventFilter) -> None:
        self._session = session
        self._wanted = wanted
        self._fields = exported_documents.fields(session)
        self._survey = exported_events.survey(session, wanted)

    def activities(self) -> Collection[tuple[str, str | None, str | None]]:
        return self._survey.activities

    def document_fields(self) -> Collection[DocumentField]:
        return self._fields

    def events(self) -> Iterator[LoggedEvent]:
        return exported_events.stream_with_surroundings(self._session, self._wanted, (), LoggedEvent)

    def definitions(self) -> Iterator[LoggedDefinition]:
        return exported_events.definitions(self._session, self._survey.versions, LoggedDefinition)

    def persons(self) -> Iterator[LoggedPerson]:
        return exported_events.persons(self._session, self._survey.usernames, LoggedPerson)

    def documents(self) -> Iterator[LoggedDocument]:
        return exported_documents.stream(self._session, self._wanted, self._fields, LoggedDocument)
