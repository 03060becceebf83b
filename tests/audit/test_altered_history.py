"""Whatever somebody who owns the database alters in a history under a checkpoint is found; nothing else is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, RowMapping, Table, delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.proof.seal import event_hash, payload_digest, told_of_entry, told_of_event
from app.storage import tables
from tests.audit.conftest import Archive

#: what no event tells of, so that the proof cannot either
UNTOLD = {
    **{name: set[str]() for name in ("event", "stream_event", "stream", "checkpoint", "checkpoint_head", "form")},
    "comment": {"id"},
    "process_definition": {"deployment_id", "name", "file_name", "reviewed_by", "reviewed_at", "review_reason"},
    "process_instance": {"revision", "next_due_at"},
    "user_task": {
        *("element_task_id", "role", "candidates", "assignee", "draft", "revision", "due_at", "claimed_at"),
        *("process_definition_id", "on_behalf_of", "basis"),
    },
}
COLUMNS = [
    (name, column.name)
    for name, untold in UNTOLD.items()
    for column in tables.metadata.tables[name].c
    if column.name not in untold
]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_column_is_found(archive: Archive, chance: random.Random, table: str, column: str) -> None:
    _change_and_verify(archive, chance, table, column)


@pytest.mark.parametrize("dialect", ["postgresql"])
@pytest.mark.parametrize("table", UNTOLD)
def test_a_changed_column_is_found_on_postgresql(archive: Archive, chance: random.Random, table: str) -> None:
    """Three that were drawn, as all are tried on SQLite."""
    columns = [column for name, column in COLUMNS if name == table]
    for column in chance.sample(columns, 3):
        _change_and_verify(archive, chance, table, column)


def _change_and_verify(archive: Archive, chance: random.Random, table: str, column: str) -> None:
    changed = tables.metadata.tables[table]
    with archive.altered() as session:
        rows = session.execute(select(changed).order_by(*changed.primary_key)).mappings().all()
        row = chance.choice(rows)
        values = {column: _other(changed.c[column], row[column])}
        session.execute(update(changed).where(_is(changed, row)).values(values))
        result = archive.verify(session)
    assert result.findings, (column, values, dict(row))


def _is(table: Table, row: RowMapping) -> Any:
    condition = None
    for key in table.primary_key:
        same = key == row[key.name]
        condition = same if condition is None else condition & same
    return condition


def _other(column: Column[Any], value: Any) -> Any:  # noqa: PLR0911
    """Another value of the column's type."""
    match value:
        case None if column.type.python_type is bytes:
            return bytes(32)
        case None:
            usual: dict[type, Any] = {str: "x", int: 7, bool: True, UUID: uuid4(), datetime: datetime(2026, 1, 1)}  # noqa: DTZ001
            chosen = usual[column.type.python_type]
            return chosen.astimezone() if isinstance(chosen, datetime) else chosen
        case bool():
            return not value
        case int():
            return value + 1000
        case str():
            return f"{value[1:]}x"
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\x01"
        case datetime():
            return value + timedelta(microseconds=1)
        case UUID():
            return uuid4()
        case dict():
            return {**value, "catatan": "Setuju."}
    raise TypeError(value)


@pytest.fixture
def chance() -> random.Random:
    return random.Random()  # noqa: S311 - no secret


Events = list[dict[str, Any]]


def _stream(session: Session, chance: random.Random) -> tuple[RowMapping, Events]:
    """An instance whose events are all under a checkpoint, and its events."""
    heads = select(tables.checkpoint_head.c.stream, tables.checkpoint_head.c.sequence)
    covered: dict[str, int] = dict(session.execute(heads.order_by(tables.checkpoint_head.c.checkpoint)).all())
    instances = session.execute(select(tables.process_instance)).mappings().all()
    row = chance.choice([i for i in instances if covered.get(str(i["id"])) == i["last_sequence"]])
    query = select(tables.event).where(tables.event.c.process_instance_id == row["id"])
    events = session.execute(query.order_by(tables.event.c.sequence)).mappings().all()
    return row, [dict(event) for event in events]


def _write(session: Session, row: RowMapping, events: Events, *, seal: bool) -> None:
    """Write the stream anew, and its end; with all hashes made again where asked."""
    of_instance = tables.event.c.process_instance_id == row["id"]
    session.execute(delete(tables.event).where(of_instance))
    previous = None
    for event in events if seal else ():
        event["previous_hash"] = previous or event["previous_hash"]
        event["hash"] = previous = event_hash(
            told_of_event(event), payload_digest(event["payload_salt"], event["payload"]), event["previous_hash"]
        )
    if events:
        session.execute(insert(tables.event), events)
        end = {name: events[-1][name] for name in ("sequence", "hash", "occurred_at")}
        named = {"last_sequence": end["sequence"], "last_hash": end["hash"], "last_event_at": end["occurred_at"]}
        session.execute(update(tables.process_instance).where(tables.process_instance.c.id == row["id"]).values(named))


def _remove_one_and_close_the_gap(events: Events, chance: random.Random) -> Events:
    del events[chance.randrange(len(events))]
    return [event | {"sequence": number} for number, event in enumerate(events, start=1)]


def _swap_two(events: Events, chance: random.Random) -> Events:
    first, second = sorted(chance.sample(range(len(events)), 2))
    events[first], events[second] = events[second], events[first]
    return [event | {"sequence": number} for number, event in enumerate(events, start=1)]


def _cut_the_end(events: Events, chance: random.Random) -> Events:
    return events[: chance.randrange(1, len(events))]


def _forge_one(events: Events, chance: random.Random) -> Events:
    forged = chance.choice(events)
    forged["actor"] = "orang_luar"
    return events


def _forge_a_payload(events: Events, chance: random.Random) -> Events:
    forged = chance.choice(events)
    forged["payload"] = {**forged["payload"], "note": "Setuju."}
    return events


def _insert_one(events: Events, chance: random.Random) -> Events:
    events.insert(chance.randrange(1, len(events)), chance.choice(events) | {"actor": "orang_luar"})
    return [event | {"sequence": number} for number, event in enumerate(events, start=1)]


ALTERATIONS = (
    _remove_one_and_close_the_gap,
    _swap_two,
    _cut_the_end,
    _forge_one,
    _forge_a_payload,
    _insert_one,
)


@pytest.mark.parametrize("seal", [False, True], ids=["as_they_are", "sealed_again"])
@pytest.mark.parametrize("alter", ALTERATIONS)
def test_an_altered_stream_is_found(
    archive: Archive, chance: random.Random, alter: Callable[..., Events], seal: bool
) -> None:
    for _ in range(3 if archive.database.is_sqlite else 1):
        with archive.altered() as session:
            row, events = _stream(session, chance)
            _write(session, row, alter(events, chance), seal=seal)
            result = archive.verify(session)
        assert {finding.stream for finding in result.findings} == {str(row["id"])}
        assert result.findings[0].sequence is not None


def test_the_first_event_that_is_broken_is_named(archive: Archive, chance: random.Random) -> None:
    with archive.altered() as session:
        row, events = _stream(session, chance)
        gone = events.pop((len(events) - 1) // 2)
        _write(session, row, events, seal=False)
        result = archive.verify(session)
    first = result.findings[0]
    assert (first.stream, first.sequence, first.code) == (str(row["id"]), gone["sequence"] + 1, "event_missing")


def test_an_instance_that_was_removed_whole_is_found(archive: Archive, chance: random.Random) -> None:
    with archive.altered() as session:
        row, _ = _stream(session, chance)
        _remove_instance(session, row["id"])
        by_its_heads = archive.verify(session)
        heads = tables.checkpoint_head
        session.execute(delete(heads).where(heads.c.stream == str(row["id"])))
        without_them = archive.verify(session)
    assert {finding.stream for finding in by_its_heads.findings} == {str(row["id"])}
    assert {finding.code for finding in without_them.findings} >= {"root_differs", "count_differs"}


def _remove_instance(session: Session, instance_id: UUID) -> None:
    for name in ("event", "participant", "comment", "user_task"):
        table = tables.metadata.tables[name]
        session.execute(delete(table).where(table.c.process_instance_id == instance_id))
    session.execute(delete(tables.process_instance).where(tables.process_instance.c.id == instance_id))


def test_events_whose_instance_is_gone_are_found(archive: Archive, chance: random.Random) -> None:
    with archive.altered() as session:
        row, _ = _stream(session, chance)
        session.execute(delete(tables.process_instance).where(tables.process_instance.c.id == row["id"]))
        result = archive.verify(session)
    assert [finding.code for finding in result.findings] == ["instance_missing"]


@pytest.mark.parametrize("left", [0, 1])
def test_checkpoints_that_were_removed_are_found_by_the_file(archive: Archive, left: int) -> None:
    with archive.altered() as session:
        session.execute(delete(tables.checkpoint_head).where(tables.checkpoint_head.c.checkpoint > left))
        session.execute(delete(tables.checkpoint).where(tables.checkpoint.c.number > left))
        result = archive.verify(session)
    found = [(finding.sequence, finding.code) for finding in result.findings]
    assert found == [(number, "checkpoint_missing") for number in range(left + 1, 3)]


def test_a_checkpoint_in_the_middle_that_was_removed_is_found(archive: Archive) -> None:
    with archive.altered() as session:
        session.execute(delete(tables.checkpoint).where(tables.checkpoint.c.number == 1))
        result = archive.verify(session)
    assert "checkpoint_missing" in {finding.code for finding in result.findings}


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE checkpoint SET created_at = 'x' WHERE number = 1", "checkpoints_unreadable"),
        ("UPDATE checkpoint_head SET hash = 'x' WHERE checkpoint = 2", "checkpoint_altered"),
        ("UPDATE event SET payload = 'x' WHERE sequence = 1", "event_unreadable"),
        ("UPDATE event SET payload_salt = 5 WHERE sequence = 1", "event_unreadable"),
        ("UPDATE event SET actor = x'ff' WHERE sequence = 1", "event_unreadable"),
        ("UPDATE process_instance SET variables = '{'", "instance_unreadable"),
        ("UPDATE process_instance SET state = 5", "instance_unreadable"),
        ("UPDATE stream_event SET payload = '[]' WHERE sequence = 1", "event_unreadable"),
    ],
)
def test_what_cannot_be_read_is_found_as_well(archive: Archive, statement: str, code: str) -> None:
    """SQLite keeps whatever it is given in any column."""
    with archive.altered() as session:
        session.execute(text(statement))
        result = archive.verify(session)
    assert code in {finding.code for finding in result.findings}


def test_an_entry_of_administration_that_was_removed_is_found_though_the_rest_was_sealed_again(
    archive: Archive,
) -> None:
    entries, ends = tables.stream_event, tables.stream
    of_stream = entries.c.stream == "administration"
    with archive.altered() as session:
        rows = [
            dict(r) for r in session.execute(select(entries).where(of_stream).order_by(entries.c.sequence)).mappings()
        ]
        session.execute(delete(entries).where(of_stream))
        previous = bytes(32)
        for number, row in enumerate(rows[1:], start=1):
            row |= {"sequence": number, "previous_hash": previous}
            digest = payload_digest(row["payload_salt"], row["payload"])
            row["hash"] = previous = event_hash(told_of_entry(row), digest, previous)
        session.execute(insert(entries), rows[1:])
        moved = {"last_sequence": len(rows) - 1, "last_hash": previous}
        session.execute(update(ends).where(ends.c.name == "administration").values(moved))
        result = archive.verify(session)
    assert {(finding.stream, finding.code) for finding in result.findings} >= {("administration", "event_replaced")}


def test_what_was_removed_by_law_is_told_and_leaves_the_proof_of_the_rest_whole(
    archive: Archive, chance: random.Random
) -> None:
    with archive.altered() as session:
        row, events = _stream(session, chance)
        told = [(str(row["id"]), event["sequence"]) for event in events[:2]]
        for event in events[:2]:
            session.execute(update(tables.event).where(_is(tables.event, event)).values(_redacted(event)))  # type: ignore[arg-type]
        result = archive.verify(session)
    assert result.findings == []
    assert (result.redacted, result.redacted_count) == (told, 2)


def _redacted(event: Mapping[str, Any]) -> dict[str, Any]:
    digest = payload_digest(event["payload_salt"], event["payload"])
    return {"payload": {}, "payload_salt": b"", "payload_sha256": digest}


def test_what_was_removed_without_its_digest_is_found(archive: Archive, chance: random.Random) -> None:
    with archive.altered() as session:
        row, events = _stream(session, chance)
        event = chance.choice(events)
        forged = {"payload": {}, "payload_salt": b"", "payload_sha256": bytes(32)}
        session.execute(update(tables.event).where(_is(tables.event, event)).values(forged))  # type: ignore[arg-type]
        result = archive.verify(session)
    assert (result.findings[0].stream, result.findings[0].sequence) == (str(row["id"]), event["sequence"])
