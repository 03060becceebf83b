"""Logs in OCEL 2.0, as JSON: events that tell of several objects at once.

Objects are instances, user tasks, documents, people and the versions of processes. The published schema knows values
as texts alone; of which type they are stands with the types of events and objects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

import orjson

from app.documents.logged_event import (
    COMPLETED,
    GIVEN_BACK,
    TAKEN,
    LoggedDefinition,
    LoggedDocument,
    LoggedEvent,
    LoggedPerson,
    moment,
)
from app.engine.document_fields import DocumentField, linked_documents

INSTANCE, TASK, DOCUMENT = "process_instance", "user_task", "document"
PERSON, DEFINITION = "person", "process_definition"

_EVENT_ATTRIBUTES = {
    "event_type": "string",
    "sequence": "integer",
    "element_id": "string",
    "element_name": "string",
    "round": "integer",
    "decision": "string",
    "late": "boolean",
    "waiting_seconds": "integer",
    "duration_seconds": "integer",
    "basis": "string",
}
_OBJECT_ATTRIBUTES = {
    INSTANCE: {"business_key": "string", "started_by": "string", "started_at": "time", "status": "string"},
    TASK: {
        "element_id": "string",
        "element_name": "string",
        "role": "string",
        "round": "integer",
        "state": "string",
        "assignee": "string",
    },
    DOCUMENT: {"sha256": "string", "uri": "string"},
    PERSON: {"username": "string", "position": "string", "unit": "string"},
    DEFINITION: {"key": "string", "version": "integer", "name": "string", "sha256": "string"},
}
#: the time of what has always been so
_ALWAYS = "1970-01-01T00:00:00.000000+00:00"
_STATUS = {
    "process_instance_started": "active",
    "process_instance_suspended": "suspended",
    "process_instance_resumed": "active",
    "process_instance_cancelled": "cancelled",
    "process_instance_completed": "completed",
    "process_instance_failed": "failed",
}
_STATE = {"user_task_opened": "open", COMPLETED: "completed", "user_task_cancelled": "cancelled"}
#: what a migration changes of an open user task, by its name in the event
_MOVED = {"element_id": "element_id", "name": "element_name", "role": "role"}

Json = dict[str, Any]


class History(Protocol):
    """What a log is written from, all of it of one moment. Each part is read once, `events` twice."""

    def activities(self) -> Iterable[tuple[str, str | None, str | None]]:
        """Every type among the events, with the id and the name of the element."""

    def document_fields(self) -> Collection[DocumentField]:
        """The fields of forms that stand for documents."""

    def events(self) -> Iterable[LoggedEvent]:
        """The events, those of one instance together, in their order."""

    def definitions(self) -> Iterable[LoggedDefinition]:
        """Every version of which the events tell."""

    def persons(self) -> Iterable[LoggedPerson]:
        """Everybody of whom the events tell."""

    def documents(self) -> Iterable[LoggedDocument]:
        """Every document of which the events tell."""


def write_ocel(history: History) -> Iterator[bytes]:
    """The log: the types, then the objects, then the events, each written as it is read."""
    types = ({"name": name, "attributes": _declared(asked)} for name, asked in _OBJECT_ATTRIBUTES.items())
    yield b'{"objectTypes":'
    yield from _array(types)
    names = sorted({_type_of(type_, name or id_) for type_, id_, name in history.activities()})
    yield b',\n"eventTypes":'
    yield from _array({"name": name, "attributes": _declared(_EVENT_ATTRIBUTES)} for name in names)
    yield b',\n"objects":'
    yield from _array(_objects(history))
    fields = history.document_fields()
    yield b',\n"events":'
    yield from _array(_event(event, fields) for event in history.events())
    yield b"}\n"


def _array(items: Iterable[Json]) -> Iterator[bytes]:
    before = b"[\n"
    for item in items:
        yield before + orjson.dumps(item)
        before = b",\n"
    yield b"[]" if before == b"[\n" else b"\n]"


def _declared(types: Mapping[str, str]) -> list[Json]:
    return [{"name": name, "type": type_} for name, type_ in types.items()]


def _type_of(type_: str, activity: str | None) -> str:
    """Work that was done is named by what was done; the rest of what happens by its own type."""
    return activity or type_ if type_ == COMPLETED else type_


def _event(event: LoggedEvent, fields: Collection[DocumentField]) -> Json:
    values = {
        "event_type": event.type,
        "sequence": event.sequence,
        "element_id": event.element_id,
        "element_name": event.element_name,
        "round": event.round,
        "decision": event.decision,
        "late": event.late,
        "waiting_seconds": event.waiting_seconds,
        "duration_seconds": event.duration_seconds,
        "basis": event.basis,
    }
    return {
        "id": f"{event.process_instance_id}:{event.sequence}",
        "type": _type_of(event.type, event.activity),
        "time": moment(event.occurred_at),
        "attributes": [{"name": name, "value": _text(v)} for name, v in values.items() if v is not None],
        "relationships": [_related(id_, qualifier) for id_, qualifier in _relationships(event, fields)],
    }


def _relationships(event: LoggedEvent, fields: Collection[DocumentField]) -> Iterator[tuple[str, str]]:
    yield _id(INSTANCE, event.process_instance_id), INSTANCE
    yield _id(DEFINITION, event.process_definition_id), DEFINITION
    if event.user_task_id is not None:
        yield _id(TASK, event.user_task_id), TASK
    yield _id(PERSON, event.actor), "actor"
    if event.on_behalf_of is not None:
        yield _id(PERSON, event.on_behalf_of), "on_behalf_of"
    if event.type in {COMPLETED, "process_instance_started"}:
        for document in linked_documents(event.payload, fields):
            yield _id(DOCUMENT, document.sha256), document.field_name


def _objects(history: History) -> Iterator[Json]:
    for definition in history.definitions():
        known = {"key": definition.key, "version": definition.version}
        known |= {"name": definition.name, "sha256": definition.sha256}
        yield _object(_id(DEFINITION, definition.id), DEFINITION, _always(known))
    for person in history.persons():
        known = {"username": person.username, "position": person.position, "unit": person.unit}
        yield _object(_id(PERSON, person.username), PERSON, _always(known))
    for document in history.documents():
        places = [_value("uri", uri, moment(since)) for since, uri in document.addresses]
        values = [*_always({"sha256": document.sha256}), *places]
        yield _object(_id(DOCUMENT, document.sha256), DOCUMENT, values)
    for _, of_instance in groupby(history.events(), key=lambda event: event.process_instance_id):
        yield from _of_instance(of_instance)


def _of_instance(events: Iterable[LoggedEvent]) -> Iterator[Json]:
    """An instance and its user tasks, with how they changed as far as the events tell of it."""
    statuses: list[Json] = []
    versions: dict[UUID, None] = {}
    tasks: dict[UUID, list[Json]] = {}
    for event in events:
        versions[event.process_definition_id] = None
        if event.type in _STATUS:
            statuses.append(_value("status", _STATUS[event.type], moment(event.occurred_at)))
        if event.user_task_id is not None:
            tasks.setdefault(event.user_task_id, _at_first(event)).extend(_changes(event))
    always = {"business_key": event.business_key, "started_by": event.started_by, "started_at": event.started_at}
    instance_id = _id(INSTANCE, event.process_instance_id)
    runs = [_related(_id(DEFINITION, version), DEFINITION) for version in versions]
    yield _object(instance_id, INSTANCE, [*_always(always), *statuses], runs)
    for task_id, values in tasks.items():
        yield _object(_id(TASK, task_id), TASK, values, [_related(instance_id, INSTANCE)])


def _at_first(event: LoggedEvent) -> list[Json]:
    """What a user task is, by the first event of it."""
    moved = event.payload["old"] if event.type == "user_task_moved" and event.payload else {}
    return _always(
        {
            "element_id": moved.get("element_id", event.element_id),
            "element_name": moved.get("name", event.element_name),
            "role": moved.get("role", event.role),
            "round": event.round,
        }
    )


def _changes(event: LoggedEvent) -> Iterator[Json]:
    at = moment(event.occurred_at)
    if event.type in _STATE:
        yield _value("state", _STATE[event.type], at)
    if event.type in TAKEN:
        yield _value("assignee", event.payload.get("assignee") or event.actor, at)
    elif event.type == COMPLETED:
        yield _value("assignee", event.actor, at)
    elif event.type == GIVEN_BACK:
        yield _value("assignee", "", at)
    elif event.type == "user_task_moved":
        new = event.payload.get("new") or {}
        yield from (_value(_MOVED[name], value, at) for name, value in new.items() if name in _MOVED)


def _object(id_: str, type_: str, values: list[Json], related: Iterable[Json] = ()) -> Json:
    return {"id": id_, "type": type_, "attributes": values, "relationships": list(related)}


def _always(values: Mapping[str, object]) -> list[Json]:
    return [_value(name, value, _ALWAYS) for name, value in values.items() if value is not None]


def _value(name: str, value: object, at: str) -> Json:
    return {"name": name, "value": _text(value), "time": at}


def _related(id_: str, qualifier: str) -> Json:
    return {"objectId": id_, "qualifier": qualifier}


def _id(type_: str, key: object) -> str:
    return f"{type_}:{key}"


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return moment(value)
    return str(value)
