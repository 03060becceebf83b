"""Making checkpoints: what they hold, and that nobody waits for them, nor loses one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, text

from app.commands.make_checkpoint import make_checkpoint
from app.errors import Conflict
from app.proof import audit_keys, merkle
from app.proof.audit_keys import PrivateKey
from app.proof.checkpoints import Head, is_signed_by, sign
from app.queries.verify_history import verify_history
from app.storage import checkpoints, tables
from app.storage.database import Database
from tests.audit.conftest import Archive
from tests.conftest import Clock
from tests.sop import As, advance

_SIGN = "app.commands.make_checkpoint.sign"


@pytest.fixture
def key(tmp_path: Path) -> PrivateKey:
    audit_keys.make(tmp_path / "audit")
    return audit_keys.private(tmp_path / "audit")


def heads_in(database: Database, number: int) -> list[Head]:
    with database.reading() as session:
        return list(checkpoints.heads_at(session, number))


def written_heads(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        rows = session.execute(text("SELECT checkpoint, stream FROM checkpoint_head ORDER BY checkpoint, stream"))
        return [(row[0], row[1]) for row in rows]


def test_a_checkpoint_states_where_every_stream_ends_and_writes_down_what_changed(
    as_: As, database: Database, clock: Clock, key: PrivateKey
) -> None:
    first, second = sorted((as_("kepala").start() for _ in range(2)), key=lambda instance: str(instance["id"]))
    streams = [first["id"], second["id"], "access", "administration"]
    made = make_checkpoint(database, key, now=clock.now)
    assert [head.stream for head in heads_in(database, 1)] == streams
    assert written_heads(database) == [(1, stream) for stream in streams]
    assert made.root == merkle.root(head.leaf for head in heads_in(database, 1))
    assert (made.stream_count, made.event_count) == (4, sum(head.sequence for head in heads_in(database, 1)))
    assert is_signed_by(made, key.public)
    advance(as_, second, "perintah_penyusunan")
    make_checkpoint(database, key, now=clock.now)
    assert written_heads(database)[4:] == [(2, second["id"])]
    assert [head.stream for head in heads_in(database, 2)] == streams
    assert heads_in(database, 1)[1].sequence < heads_in(database, 2)[1].sequence


def test_each_head_is_proven_by_its_own_path(archive: Archive) -> None:
    with archive.database.reading() as session:
        for number in (1, 2):
            made = checkpoints.get(session, number)
            assert made is not None
            for head in list(checkpoints.heads_at(session, number)):
                assert merkle.is_under(head.leaf, checkpoints.inclusion_of(session, number, head.stream), made.root)
                covered = checkpoints.latest_covering(session, head.stream)
                assert covered is not None
                assert covered.checkpoint.number == 2
        with pytest.raises(IndexError):
            checkpoints.inclusion_of(session, 2, "absent")
        assert checkpoints.latest_covering(session, "absent") is None


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Do something after the streams were read, and before the checkpoint is written."""

    def arrange(work: Callable[[], Any]) -> None:
        def work_and_sign(*arguments: Any, **named: Any) -> Any:
            monkeypatch.setattr(_SIGN, sign)
            work()
            return sign(*arguments, **named)

        monkeypatch.setattr(_SIGN, work_and_sign)

    return arrange


def test_of_two_checkpoints_made_at_once_one_is_refused(
    database: Database, clock: Clock, key: PrivateKey, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    meanwhile(lambda: make_checkpoint(database, key, now=clock.now))
    with pytest.raises(Conflict, match="Checkpoint 1 was made by somebody else"):
        make_checkpoint(database, key, now=clock.now)
    assert {number for number, _ in written_heads(database)} == {1}


def test_people_work_on_while_a_checkpoint_is_made(
    as_: As, database: Database, clock: Clock, key: PrivateKey, meanwhile: Callable[[Callable[[], Any]], None]
) -> None:
    instance = as_("kepala").start()
    before = as_("auditor").events(instance["id"])
    meanwhile(lambda: advance(as_, instance, "perintah_penyusunan"))
    make_checkpoint(database, key, now=clock.now)
    assert heads_in(database, 1)[0] == Head(instance["id"], len(before), bytes.fromhex(before[-1]["hash"]))
    with database.reading() as session:
        result = verify_history(session, {key.public.key_id: key.public}, None, None, lambda _: None)
    assert (result.findings, result.covered_count < result.event_count) == ([], True)


def test_no_checkpoint_is_made_over_a_stream_that_is_gone(
    as_: As, database: Database, clock: Clock, key: PrivateKey
) -> None:
    make_checkpoint(database, key, now=clock.now)
    gone = {"stream": "0", "checkpoint": 1, "sequence": 1, "hash": bytes(32)}
    with database.transaction() as session:
        session.execute(insert(tables.checkpoint_head), gone)
    with pytest.raises(Conflict, match="The stream 0 of the checkpoint before is gone"):
        make_checkpoint(database, key, now=clock.now)
    with pytest.raises(Exception, match="append-only"), database.transaction() as session:
        session.execute(delete(tables.checkpoint_head))


def test_a_checkpoint_that_is_trusted_stands_for_what_came_before_it(archive: Archive) -> None:
    keys = audit_keys.public(archive.audit)
    with archive.altered() as session:
        since = checkpoints.get(session, 1)
        honest = verify_history(session, keys, None, since, lambda _: None)
        latest = verify_history(session, keys, None, checkpoints.get(session, 2), lambda _: None)
        session.execute(text("UPDATE event SET actor = 'x' WHERE element_id = 'pembentukan_tim'"))
        altered = verify_history(session, keys, None, since, lambda _: None)
    assert (honest.findings, latest.findings) == ([], [])
    assert 0 < latest.looked_at < honest.looked_at < honest.event_count
    assert honest.event_count == latest.event_count
    assert {finding.code for finding in altered.findings} == {"event_altered"}
