"""History that can be searched and proven: what an event says of itself, its figures, checkpoints

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_IN_TIME = ["occurred_at", "process_instance_id", "sequence"]
_STARTED = ["started_at", "id"]
#: as they were
_FORMER = (
    ("ix_process_instance_process_definition_id", "process_instance", ["process_definition_id"], None),
    ("ix_process_instance_started_at", "process_instance", _STARTED, None),
)
#: in SQLite's words, where these are others
_SQLITE_CONDITIONS = {"late": "late = 1", "late AND last_sequence >= 1": "late = 1 AND last_sequence >= 1"}
_MIGRATED = ("ix_event_migrated", "event", ["process_instance_id"], "type = 'process_instance_migrated'")
#: name, table, columns, and for which rows
_INDEXES: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_event_of_instance", "event", ["process_instance_id", "element_id", "decision"], None),
    ("ix_event_occurred_at", "event", _IN_TIME, "sequence >= 1"),
    ("ix_event_actor", "event", ["actor", *_IN_TIME], None),
    ("ix_event_on_behalf_of", "event", ["on_behalf_of", *_IN_TIME], "on_behalf_of IS NOT NULL"),
    ("ix_event_element_id", "event", ["element_id", *_IN_TIME], "element_id IS NOT NULL"),
    ("ix_event_type", "event", ["type", *_IN_TIME], None),
    ("ix_event_definition", "event", ["process_definition_id", *_IN_TIME, "type"], None),
    ("ix_event_decision", "event", ["decision", *_IN_TIME], "decision IS NOT NULL"),
    ("ix_event_late", "event", _IN_TIME, "late"),
    ("ix_event_late_definition", "event", ["process_definition_id", *_IN_TIME], "late"),
    ("ix_event_round", "event", ["round", *_IN_TIME], "round >= 2"),
    ("ix_event_duration", "event", ["duration_seconds", *_IN_TIME], "duration_seconds IS NOT NULL"),
    ("ix_process_instance_process_definition_id", "process_instance", ["process_definition_id", *_STARTED], None),
    ("ix_process_instance_started_at", "process_instance", _STARTED, "last_sequence >= 1"),
    ("ix_process_instance_ended_at", "process_instance", ["ended_at", "id"], "ended_at IS NOT NULL"),
    ("ix_process_instance_late", "process_instance", _STARTED, "late AND last_sequence >= 1"),
    ("ix_process_instance_late_definition", "process_instance", ["process_definition_id", *_STARTED], "late"),
    (
        "ix_process_instance_highest_round",
        "process_instance",
        ["highest_round", "started_at", "id"],
        "highest_round >= 2",
    ),
    (
        "ix_process_instance_duration",
        "process_instance",
        ["duration_seconds", "started_at", "id"],
        "duration_seconds IS NOT NULL",
    ),
    ("ix_stream_event_actor", "stream_event", ["stream", "actor", "sequence"], None),
    ("ix_stream_event_type", "stream_event", ["stream", "type", "sequence"], None),
    ("ix_stream_event_occurred_at", "stream_event", ["stream", "occurred_at", "sequence"], None),
)


def upgrade() -> None:
    """Apply. Events of before keep their seals, format 1; only what they are searched by is filled in."""
    _let_events_be_changed()
    _drop_index(_MIGRATED)
    with op.batch_alter_table("event") as event:
        event.add_column(sa.Column("channel", sa.Uuid(), nullable=True))
        event.add_column(sa.Column("request_id", sa.String(length=64), nullable=True))
        event.add_column(sa.Column("process_definition_id", sa.Uuid(), nullable=True))
        event.add_column(sa.Column("version", sa.Integer(), nullable=True))
        event.add_column(sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=True))
        event.add_column(sa.Column("state_sha256", sa.LargeBinary(length=32), nullable=True))
        event.add_column(sa.Column("decision", sa.Text(), nullable=True))
        event.add_column(sa.Column("waiting_seconds", sa.BigInteger(), nullable=True))
        event.add_column(sa.Column("duration_seconds", sa.BigInteger(), nullable=True))
        event.add_column(sa.Column("late", sa.Boolean(), nullable=True))
        event.add_column(sa.Column("format", sa.SmallInteger(), nullable=False, server_default="1"))
    with op.batch_alter_table("stream_event") as entry:
        entry.add_column(sa.Column("payload_sha256", sa.LargeBinary(length=32), nullable=True))
    with op.batch_alter_table("process_instance") as instance:
        instance.add_column(sa.Column("highest_round", sa.Integer(), nullable=False, server_default="1"))
        instance.add_column(sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()))
        instance.add_column(sa.Column("duration_seconds", sa.BigInteger(), nullable=True))
    for statement in _fill():
        op.execute(statement)
    with op.batch_alter_table("event") as event:
        event.alter_column("process_definition_id", existing_type=sa.Uuid(), nullable=False)
        event.alter_column("version", existing_type=sa.Integer(), nullable=False)
        event.alter_column("format", existing_type=sa.SmallInteger(), server_default=None)
    with op.batch_alter_table("process_instance") as instance:
        instance.alter_column("highest_round", existing_type=sa.Integer(), server_default=None)
        instance.alter_column("late", existing_type=sa.Boolean(), server_default=None)
    _create_index(_MIGRATED)
    for former in _FORMER:
        _drop_index(former)
    for index in _INDEXES:
        _create_index(index)
    if not _is_sqlite():
        op.create_index(
            "ix_process_instance_variables",
            "process_instance",
            ["variables"],
            postgresql_using="gin",
            postgresql_ops={"variables": "jsonb_path_ops"},
        )
    _make_append_only(("event", "stream_event"))
    _create_checkpoints()


def _create_checkpoints() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stream_count", sa.BigInteger(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("key_id", sa.String(length=43), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_checkpoint"),
    )
    op.create_table(
        "checkpoint_head",
        sa.Column("stream", sa.String(length=36), nullable=False),
        sa.Column("checkpoint", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["checkpoint"], ["checkpoint.number"], name="fk_checkpoint_head_checkpoint"),
        sa.PrimaryKeyConstraint("stream", "checkpoint", name="pk_checkpoint_head"),
    )
    op.create_index("ix_checkpoint_head_checkpoint", "checkpoint_head", ["checkpoint", "stream"])
    _make_append_only(("checkpoint", "checkpoint_head"))


def downgrade() -> None:
    """Take back. Checkpoints are lost, and with what they said of themselves the proof of the events since."""
    for table in ("checkpoint_head", "checkpoint"):
        op.drop_table(table)
        if not _is_sqlite():
            op.execute(f"DROP FUNCTION {table}_is_append_only()")
    _let_events_be_changed()
    if not _is_sqlite():
        op.drop_index("ix_process_instance_variables", table_name="process_instance")
    for index in (*reversed(_INDEXES), _MIGRATED):
        _drop_index(index)
    with op.batch_alter_table("process_instance") as instance:
        for name in ("duration_seconds", "late", "highest_round"):
            instance.drop_column(name)
    with op.batch_alter_table("stream_event") as entry:
        entry.drop_column("payload_sha256")
    with op.batch_alter_table("event") as event:
        for name in (
            *("format", "late", "duration_seconds", "waiting_seconds", "decision", "state_sha256", "payload_sha256"),
            *("version", "process_definition_id", "request_id", "channel"),
        ):
            event.drop_column(name)
    _create_index(_MIGRATED)
    for index in _FORMER:
        _create_index(index)
    _make_append_only(("event", "stream_event"))


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _create_index(index: tuple[str, str, list[str], str | None]) -> None:
    name, table, columns, condition = index
    if condition is None:
        op.create_index(name, table, columns)
        return
    sqlite = sa.text(_SQLITE_CONDITIONS.get(condition, condition))
    op.create_index(name, table, columns, postgresql_where=sa.text(condition), sqlite_where=sqlite)


def _drop_index(index: tuple[str, str, list[str], str | None]) -> None:
    name, table, _, condition = index
    where = None if condition is None else sa.text(condition)
    op.drop_index(name, table_name=table, postgresql_where=where, sqlite_where=where)


def _fill() -> tuple[str, ...]:
    """What is searched by, of rows from before: the version that an instance ran is told by how it was migrated."""
    versions = (_VERSIONS_SQLITE, _DURATIONS_SQLITE) if _is_sqlite() else (_VERSIONS_POSTGRESQL, _DURATIONS_POSTGRESQL)
    return (*versions, _NUMBERS, _ROUNDS)


_VERSIONS_SQLITE = """UPDATE event SET process_definition_id = coalesce(
    (SELECT replace(json_extract(m.payload, '$.to.id'), '-', '') FROM event m
        WHERE m.process_instance_id = event.process_instance_id AND m.type = 'process_instance_migrated'
        AND m.sequence <= event.sequence ORDER BY m.sequence DESC LIMIT 1),
    (SELECT replace(json_extract(m.payload, '$.from.id'), '-', '') FROM event m
        WHERE m.process_instance_id = event.process_instance_id AND m.type = 'process_instance_migrated'
        AND m.sequence > event.sequence ORDER BY m.sequence LIMIT 1),
    (SELECT i.process_definition_id FROM process_instance i WHERE i.id = event.process_instance_id))"""
_VERSIONS_POSTGRESQL = """UPDATE event SET process_definition_id = coalesce(
    (SELECT CAST(m.payload->'to'->>'id' AS uuid) FROM event m
        WHERE m.process_instance_id = event.process_instance_id AND m.type = 'process_instance_migrated'
        AND m.sequence <= event.sequence ORDER BY m.sequence DESC LIMIT 1),
    (SELECT CAST(m.payload->'from'->>'id' AS uuid) FROM event m
        WHERE m.process_instance_id = event.process_instance_id AND m.type = 'process_instance_migrated'
        AND m.sequence > event.sequence ORDER BY m.sequence LIMIT 1),
    (SELECT i.process_definition_id FROM process_instance i WHERE i.id = event.process_instance_id))"""
_NUMBERS = """UPDATE event SET version =
    (SELECT d.version FROM process_definition d WHERE d.id = event.process_definition_id)"""
_DURATIONS_SQLITE = """UPDATE process_instance SET duration_seconds =
    CAST(round((julianday(ended_at) - julianday(started_at)) * 86400) AS integer) WHERE ended_at IS NOT NULL"""
_DURATIONS_POSTGRESQL = """UPDATE process_instance SET duration_seconds =
    CAST(extract(epoch FROM ended_at - started_at) AS bigint) WHERE ended_at IS NOT NULL"""
_ROUNDS = """UPDATE process_instance SET highest_round = coalesce(
    (SELECT max(t.round) FROM user_task t WHERE t.process_instance_id = process_instance.id), 1)"""


def _let_events_be_changed() -> None:
    """Take the triggers off, which building a table anew would drop in SQLite."""
    if _is_sqlite():
        for table in ("event", "stream_event"):
            for action in ("update", "delete", "replace"):
                op.execute(f"DROP TRIGGER {table}_refuses_{action}")
        return
    for table in ("event", "stream_event"):
        op.execute(f"DROP TRIGGER {table}_refuses_change ON {table}")
        op.execute(f"DROP FUNCTION {table}_is_append_only()")


_KEYS = {
    "event": ("process_instance_id", "sequence"),
    "stream_event": ("stream", "sequence"),
    "checkpoint": ("number",),
    "checkpoint_head": ("stream", "checkpoint"),
}


def _make_append_only(tables: tuple[str, ...]) -> None:
    """Refuse UPDATE and DELETE (and TRUNCATE), whoever asks."""
    for table in tables:
        if not _is_sqlite():
            op.execute(
                f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
            )
            continue
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for action in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_refuses_{action.lower()} BEFORE {action} ON {table} {refuse}")
        # INSERT OR REPLACE deletes the row that is in its way without asking the trigger on DELETE.
        same = " AND ".join(f"{column} = NEW.{column}" for column in _KEYS[table])
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} "  # noqa: S608 - no input
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
        )
