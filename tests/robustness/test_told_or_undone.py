"""Commands that fail when they have written everything: nothing of them is left, and nothing of them is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Column, Table, event, select
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app.errors import Unavailable
from app.storage import events, participants, streams, tables
from app.storage.database import Database
from tests.sop import SOP_KEY, As, values_for

#: who asks, how, and for what: commands on an instance, then those that only the stream `administration` tells of, and
#: a reading, of which `access` does
ON_INSTANCES: tuple[tuple[str, str, str, Any], ...] = (
    ("kepala", "POST", "/process-instances", {"process_definition_key": SOP_KEY}),
    ("kepala", "POST", "{task}/assignment", {}),
    ("kepala", "PUT", "{task}/draft", {"variables": {"tahun": 2026}}),
    ("kepala", "POST", "{task}/comments", {"text": "Catatan."}),
    ("kepala", "POST", "{task}/completion", {"comment": "Selesai."}),
    ("admin", "POST", "{instance}/suspension", {"reason": "Uji."}),
    ("admin", "POST", "{instance}/cancellation", {"reason": "Uji."}),
)
IN_STREAMS: tuple[tuple[str, str, str, Any], ...] = (
    ("admin", "PATCH", "/users/kepala", {"active": False}),
    ("admin", "PUT", "/users/ketua/roles/Tim", None),
    ("kepala", "POST", "/tokens", {"name": "sementara"}),
    ("auditor", "GET", "{instance}", None),
)
Breaking = Callable[[pytest.MonkeyPatch, TestClient], Any]


def after(module: Any, name: str) -> Breaking:
    """Fail when a function has done its work."""

    @contextmanager
    def breaking(monkeypatch: pytest.MonkeyPatch, _: TestClient) -> Iterator[None]:
        done = getattr(module, name)

        def broken(*given: Any, **named: Any) -> None:
            done(*given, **named)
            raise Unavailable

        with monkeypatch.context() as patched:
            patched.setattr(module, name, broken)
            yield

    return breaking


@contextmanager
def at_the_commit(_: pytest.MonkeyPatch, http: TestClient) -> Iterator[None]:
    """Let the database be away in the very moment in which it is to keep what was written."""
    assert isinstance(http.app, FastAPI)
    engine = http.app.state.database.engine
    writing: set[int] = set()

    def begin(connection: Any) -> None:
        writing.discard(id(connection))

    def note(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            writing.add(id(connection))

    def refuse(connection: Any) -> None:
        if id(connection) in writing:
            raise OperationalError("COMMIT", {}, Exception("gone"))

    listeners = (("begin", begin), ("before_cursor_execute", note), ("commit", refuse))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    yield
    for name, listener in listeners:
        event.remove(engine, name, listener)


def contents(database: Database) -> dict[str, list[str]]:
    """Every row that there is; not when a token was used last."""
    with database.reading() as session:
        return {
            table.name: sorted(str(row) for row in session.execute(select(*_kept(table))))
            for table in tables.metadata.sorted_tables
        }


def _kept(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name != "last_used_at"]


@pytest.mark.parametrize(
    ("breaking", "commands"),
    [
        (at_the_commit, ON_INSTANCES + IN_STREAMS),
        (after(events, "append"), ON_INSTANCES),
        (after(participants, "took_part"), ON_INSTANCES),
        (after(streams, "append"), IN_STREAMS),
    ],
    ids=["commit", "events", "participants", "streams"],
)
def test_of_what_fails_at_its_end_nothing_is_left_and_nothing_is_told(
    as_: As,
    http: TestClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    breaking: Breaking,
    commands: Sequence[tuple[str, str, str, Any]],
) -> None:
    instance = as_("kepala").start()
    task = instance["user_tasks"][0]
    names = {"task": f"/user-tasks/{task['id']}", "instance": f"/process-instances/{instance['id']}"}
    values = values_for(as_("kepala"), task)
    before = contents(database)
    for username, method, path, body in commands:
        sent = body | {"variables": values} if path.endswith("completion") else body
        with breaking(monkeypatch, http):
            response = as_(username).request(method, path.format(**names), json=sent)
        assert response.status_code == 503, (path, response.text)
        assert instance["id"] not in response.text.replace(response.json()["instance"], "")
        assert contents(database) == before, (path, "left something behind")
    for username, method, path, body in commands[-1:]:
        assert as_(username).request(method, path.format(**names), json=body).is_success
    assert contents(database) != before


def test_a_refused_attempt_that_cannot_be_told_is_refused_all_the_same(
    as_: As, http: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = as_("kepala").start()
    before = contents(database)
    with at_the_commit(monkeypatch, http):
        refused = as_("anggota1").post(f"/user-tasks/{instance['user_tasks'][0]['id']}/assignment")
    assert refused.status_code == 403
    assert contents(database) == before
