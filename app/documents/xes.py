"""Logs in XES (IEEE 1849-2023), the format that every tool for process mining reads.

A trace is a process instance; what happens in it is the work on user tasks: a `start` when somebody took one, and a
`complete`. Gateways and the rest of the history are not told: they are no activities of the diagram.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple
from uuid import UUID, uuid5
from xml.sax.saxutils import escape

from app.documents.logged_event import COMPLETED, GIVEN_BACK, TAKEN, LoggedEvent, moment

#: the types of events that a log is written from
TYPES = frozenset({"process_instance_started", COMPLETED, *TAKEN, GIVEN_BACK})

_START, _COMPLETE = "start", "complete"
#: what XML 1.0 has no way to write (section 2.2), not even by its number
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Parsers take a bare break in an attribute for a space (section 3.3.3).
_QUOTED = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2023" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Identity" prefix="identity" uri="http://www.xes-standard.org/identity.xesext"/>
<global scope="trace">
<string key="concept:name" value=""/>
<id key="identity:id" value="00000000-0000-0000-0000-000000000000"/>
<string key="process_definition_key" value=""/>
<int key="version" value="0"/>
<string key="status" value=""/>
</global>
<global scope="event">
<string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000000+00:00"/>
<string key="lifecycle:transition" value="complete"/>
<string key="org:resource" value=""/>
<id key="identity:id" value="00000000-0000-0000-0000-000000000000"/>
</global>
<classifier name="Activity" scope="event" keys="concept:name"/>
<classifier name="Transition" scope="event" keys="concept:name lifecycle:transition"/>
<classifier name="Resource" scope="event" keys="org:resource"/>
<string key="concept:name" value="Jenjang"/>
<string key="lifecycle:model" value="standard"/>
"""
_TAIL = "</log>\n"


class _Placed(NamedTuple):
    """One event of a trace, by which a trace is sorted; of two at one moment, that told first comes first."""

    at: str
    sequence: int
    #: a start before the completion that tells of it
    is_complete: bool
    text: str


def write_xes(events: Iterable[LoggedEvent]) -> Iterator[bytes]:
    """The log, trace by trace. Args: `events` those of one instance together, in their order."""
    yield _HEAD.encode()
    for _, of_instance in groupby(events, key=lambda event: event.process_instance_id):
        yield _trace(of_instance).encode()
    yield _TAIL.encode()


def _trace(events: Iterable[LoggedEvent]) -> str:
    """One instance. A user task that was taken and neither completed nor given back has but a start."""
    placed: list[_Placed] = []
    taken: dict[UUID | None, LoggedEvent] = {}
    for event in events:
        if event.type in TAKEN:
            taken[event.user_task_id] = event
        elif event.type == GIVEN_BACK:
            taken.pop(event.user_task_id, None)
        elif event.type == COMPLETED:
            placed += _work(event, taken.pop(event.user_task_id, event))
    placed += (_placed(event, _START, moment(event.occurred_at)) for event in taken.values())
    return f"<trace>\n{_of_trace(event)}{''.join(each.text for each in sorted(placed))}</trace>\n"


def _work(completed: LoggedEvent, taken: LoggedEvent) -> Iterator[_Placed]:
    """Both ends of the work on a user task."""
    yield _placed(completed, _START, moment(completed.taken_at or taken.occurred_at))
    yield _placed(completed, _COMPLETE, moment(completed.occurred_at))


def _of_trace(event: LoggedEvent) -> str:
    # Business keys may repeat, and tools take traces of one name for one.
    name = str(event.process_instance_id)
    return (
        _string("concept:name", name if event.business_key is None else f"{event.business_key} ({name})")
        + _typed("id", "identity:id", event.process_instance_id)
        + _string("business_key", event.business_key)
        + _string("process_definition_key", event.process_definition_key)
        + _typed("int", "version", event.newest_version)
        + _string("status", event.status)
        + _string("started_by", event.started_by)
        + _typed("date", "started_at", moment(event.started_at))
    )


def _placed(event: LoggedEvent, transition: str, at: str) -> _Placed:
    text = (
        "<event>\n"
        + _string("concept:name", event.activity)
        + _string("concept:instance", str(event.user_task_id))
        + _typed("date", "time:timestamp", at)
        + _string("lifecycle:transition", transition)
        + _string("org:resource", _who(event))
        + _string("org:role", event.role)
        + _string("org:group", event.group if _who(event) == event.actor else None)
        + _typed("id", "identity:id", uuid5(event.process_instance_id, f"{event.sequence} {transition}"))
        + _string("element_id", event.element_id)
        + _typed("int", "round", event.round)
        + _typed("int", "version", event.version)
        + _string("on_behalf_of", event.on_behalf_of)
        + _string("basis", event.basis)
        + (_outcome(event) if transition == _COMPLETE else "")
        + "</event>\n"
    )
    return _Placed(at, event.sequence, transition == _COMPLETE, text)


def _who(event: LoggedEvent) -> str:
    """Who works on it, which is not who gave it to them."""
    return str(event.payload.get("assignee") or event.actor) if event.type in TAKEN else event.actor


def _outcome(event: LoggedEvent) -> str:
    return (
        _string("decision", event.decision)
        + ("" if event.late is None else _typed("boolean", "late", "true" if event.late else "false"))
        + _typed("int", "waiting_seconds", event.waiting_seconds)
        + _typed("int", "duration_seconds", event.duration_seconds)
    )


def _string(key: str, value: str | None) -> str:
    if value is None:
        return ""
    return f'<string key="{key}" value="{_escaped(value)}"/>\n'


def _typed(kind: str, key: str, value: object) -> str:
    return "" if value is None else f'<{kind} key="{key}" value="{value}"/>\n'


def _escaped(text: str) -> str:
    """A text within double quotes. What XML cannot carry is shown by a sign that stands for it."""
    return escape(_UNWRITABLE.sub(_sign, text), _QUOTED)


def _sign(unwritable: re.Match[str]) -> str:
    """Of a control character its picture (Unicode's block at U+2400), of anything else the sign for what is lost."""
    code = ord(unwritable[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"
