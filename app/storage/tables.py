"""The tables, as Alembic compares them with the migrations. Imported by `app.storage` alone.

Whatever hangs on a process instance carries its id first in the key, so that the database can be sharded by it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, always UTC and aware in Python; SQLite, which knows no zones, keeps it naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What it is in Python."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC, without the zone where the database has none."""
        if value is None:
            return None
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To an aware datetime in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

#: the Monday from which weeks and seasons are counted
FIRST_WEEK = date(1970, 1, 5)
#: the order in which events of all instances are listed
_IN_TIME = ("occurred_at", "process_instance_id", "sequence")


def _index_where(name: str, condition: str, *columns: str, sqlite: str | None = None) -> Index:
    """An index of the rows that fulfil a condition, in SQLite's words where these are others."""
    return Index(name, *columns, postgresql_where=text(condition), sqlite_where=text(sqlite or condition))


def weeks_of(column: str) -> str:
    """The week of a moment and, below zero, its season of 13 weeks, as an index of PostgreSQL can hold them."""
    # The day in UTC first: an index takes only what is the same for everybody. In PostgreSQL's own words, as Alembic
    # compares them.
    day = f"(({column} AT TIME ZONE 'UTC')::date - '{FIRST_WEEK}'::date)"
    return f"ARRAY[{day} / 7, - ({day} / 91)]"


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Jabatan.
position = Table(
    "position",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("unit", String(200), nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("name", "unit"),
)

user_account = Table(
    "user_account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("email", String(254)),
    Column("position_id", Uuid, ForeignKey("position.id")),
    Column("active", Boolean, nullable=False),
    # The people of `seed-demo`: let in only while JENJANG_DEMO is set.
    Column("is_demo", Boolean, nullable=False),
    # Grows with every change: the ETag.
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("created_at", UtcDateTime, nullable=False),
)

# Apart from the account, so that what lists people cannot show it (UU 27/2022).
person_identity = Table(
    "person_identity",
    metadata,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("nip", String(18), nullable=False, unique=True),
)

user_role = Table(
    "user_role",
    metadata,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("role", String(200), primary_key=True),
)

token = Table(
    "token",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("user_account.id"), nullable=False, index=True),
    # SHA-256: the secret has 256 random bits, so a slow hash would protect nothing more.
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    # What its owner calls it, and how the secret begins: enough to know it again, too little to use it.
    Column("name", String(100), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    # The token that asked for this one; none for those of the command line. Revoking it revokes this one too.
    Column("parent_id", Uuid, ForeignKey("token.id"), index=True),
)

# Plh/Plt: the deputy acts in the name of the principal, by a letter.
substitution = Table(
    "substitution",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("principal_id", Uuid, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("deputy_id", Uuid, ForeignKey("user_account.id"), nullable=False, index=True),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("letter", String(200), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_by", String(64)),
    Column("revoked_at", UtcDateTime),
)

# Counted here rather than in a process, so that the limit holds however many replicas answer.
failed_authentication = Table(
    "failed_authentication",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("minute", UtcDateTime, primary_key=True),
    Column("count", Integer, nullable=False),
)

# Streams of events that belong to no single instance: `administration` and `access`.
stream = Table(
    "stream",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("last_sequence", Integer, nullable=False),
    Column("last_event_at", UtcDateTime),
    Column("last_hash", LargeBinary(32), nullable=False),
)

stream_event = Table(
    "stream_event",
    metadata,
    Column("stream", String(16), ForeignKey("stream.name"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("type", String(40), nullable=False),
    Column("actor", String(64), nullable=False),
    # The token's id; never the token.
    Column("channel", Uuid),
    Column("request_id", String(64)),
    # What it is about: a username, or the id of a thing.
    Column("subject", String(255)),
    Column("process_instance_id", Uuid, index=True),
    Column("payload", Json, nullable=False),
    Column("payload_salt", LargeBinary(16), nullable=False),
    # Only where the payload was removed by law: its digest, so that the proof of the rest holds. Payload and salt are
    # empty then.
    Column("payload_sha256", LargeBinary(32)),
    Column("hash", LargeBinary(32), nullable=False),
    Column("previous_hash", LargeBinary(32), nullable=False),
    Index("ix_stream_event_subject", "subject", "sequence"),
    Index("ix_stream_event_actor", "stream", "actor", "sequence"),
    Index("ix_stream_event_type", "stream", "type", "sequence"),
    Index("ix_stream_event_occurred_at", "stream", "occurred_at", "sequence"),
)

# Signed statements about where all streams end; append-only, each chained to the one before: see `app.proof`.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Root of the Merkle tree over the heads of all streams, and how many streams and events these are.
    Column("root", LargeBinary(32), nullable=False),
    Column("stream_count", BigInteger, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    # SHA-256 of the statement of the checkpoint before; 32 zero bytes for the first.
    Column("previous_hash", LargeBinary(32), nullable=False),
    # RFC 7638 thumbprint of the public key, and the signature.
    Column("key_id", String(43), nullable=False),
    Column("signature", LargeBinary(64), nullable=False),
)

# Where a stream ended at a checkpoint, written only where it differs from the checkpoint before; append-only.
checkpoint_head = Table(
    "checkpoint_head",
    metadata,
    # `administration`, `access`, or the id of a process instance.
    Column("stream", String(36), primary_key=True),
    Column("checkpoint", Integer, ForeignKey("checkpoint.number"), primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Index("ix_checkpoint_head_checkpoint", "checkpoint", "stream"),
)

deployment = Table(
    "deployment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("deployed_by", String(64), nullable=False),
    Column("deployed_at", UtcDateTime, nullable=False),
)

# Numbers of versions are never given twice, even if a version was deleted: the history speaks of them.
process = Table(
    "process",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("last_version", Integer, nullable=False),
)

process_definition = Table(
    "process_definition",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("deployment_id", Uuid, ForeignKey("deployment.id"), nullable=False),
    Column("key", String(255), ForeignKey("process.key"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    # Over the diagram and its forms: what the cache of parsed definitions goes by.
    Column("fingerprint", String(64), nullable=False),
    Column("xml", LargeBinary, nullable=False),
    # The one thing that changes: proposed, then approved or rejected; approved, then retired, and back.
    Column("status", String(16), nullable=False),
    Column("reviewed_by", String(64)),
    Column("reviewed_at", UtcDateTime),
    Column("review_reason", Text),
    UniqueConstraint("key", "version"),
)

form = Table(
    "form",
    metadata,
    Column("process_definition_id", Uuid, ForeignKey("process_definition.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

process_instance = Table(
    "process_instance",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("process_definition_id", Uuid, ForeignKey("process_definition.id"), nullable=False),
    Column("business_key", String(255), index=True),
    Column("status", String(16), nullable=False),
    Column("state", LargeBinary, nullable=False),
    # Grows with every command: the optimistic lock and the ETag.
    Column("revision", Integer, nullable=False),
    Column("variables", Json, nullable=False),
    Column("started_by", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("next_due_at", UtcDateTime),
    # What lists of instances are searched by: the highest round of any element, whether anything was late, and from
    # the start to the end.
    Column("highest_round", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("duration_seconds", BigInteger),
    # The end of the event stream, kept here so that appending to it reads nothing.
    Column("last_sequence", Integer, nullable=False),
    Column("last_event_at", UtcDateTime, nullable=False),
    Column("last_hash", LargeBinary(32), nullable=False),
    # Of all instances, and found only by queries that say the condition: see `ix_event_occurred_at`.
    _index_where("ix_process_instance_started_at", "last_sequence >= 1", "started_at", "id"),
    Index("ix_process_instance_process_definition_id", "process_definition_id", "started_at", "id"),
    _index_where("ix_process_instance_ended_at", "ended_at IS NOT NULL", "ended_at", "id"),
    _index_where(
        *("ix_process_instance_late", "late AND last_sequence >= 1", "started_at", "id"),
        sqlite="late = 1 AND last_sequence >= 1",
    ),
    _index_where(
        "ix_process_instance_late_definition", "late", "process_definition_id", "started_at", "id", sqlite="late = 1"
    ),
    _index_where("ix_process_instance_highest_round", "highest_round >= 2", "highest_round", "started_at", "id"),
    _index_where(
        "ix_process_instance_duration", "duration_seconds IS NOT NULL", "duration_seconds", "started_at", "id"
    ),
    # With the weeks of the start and of the last event, by which what very many have is found in order of time: see
    # `app.storage.week_by_week`. What is put down to be entered later is read through for each week: so little is put
    # down, in kilobytes.
    Index(
        "ix_process_instance_variables",
        "variables",
        text(f"({weeks_of('started_at')})"),
        text(f"({weeks_of('last_event_at')})"),
        postgresql_using="gin",
        postgresql_ops={"variables": "jsonb_path_ops"},
        postgresql_with={"gin_pending_list_limit": "64"},
        info={"dialect": "postgresql"},
    ).ddl_if(dialect="postgresql"),
)

participant = Table(
    "participant",
    metadata,
    Column("process_instance_id", Uuid, ForeignKey("process_instance.id"), primary_key=True),
    # role: holders of a lane's role; named: by `lane_owners`; acted: took part.
    Column("basis", String(8), primary_key=True),
    Column("name", String(200), primary_key=True),
    Index("ix_participant_basis_name", "basis", "name", "process_instance_id"),
)

user_task = Table(
    "user_task",
    metadata,
    Column("process_instance_id", Uuid, ForeignKey("process_instance.id"), primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("element_task_id", Uuid, nullable=False),
    Column("element_id", String(255), nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String(200), nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    # Usernames, where `lane_owners` replaces the role in this instance.
    Column("candidates", Json),
    Column("assignee", String(64)),
    Column("draft", Json),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("claimed_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Column("completed_by", String(64)),
    Column("on_behalf_of", String(64)),
    Column("basis", Text),
    # In which version it was finished, where the instance has moved to another since.
    Column("process_definition_id", Uuid, ForeignKey("process_definition.id")),
    Index("ix_user_task_id", "id"),
    Index("ix_user_task_inbox", "role", "created_at", "id", postgresql_where=text("state = 'open'")),
    Index("ix_user_task_assignee", "assignee", postgresql_where=text("state = 'open'")),
)

comment = Table(
    "comment",
    metadata,
    Column("process_instance_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("user_task_id", Uuid, nullable=False),
    Column("author", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["process_instance_id", "user_task_id"], ["user_task.process_instance_id", "user_task.id"]),
    Index("ix_comment_user_task_id", "process_instance_id", "user_task_id"),
)

event = Table(
    "event",
    metadata,
    Column("process_instance_id", Uuid, ForeignKey("process_instance.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("type", String(40), nullable=False),
    Column("element_id", String(255)),
    Column("element_name", Text),
    Column("round", Integer),
    Column("user_task_id", Uuid),
    Column("actor", String(64), nullable=False),
    Column("on_behalf_of", String(64)),
    Column("basis", Text),
    # By which token; never the token. None for the command line and for tokens of an outside provider.
    Column("channel", Uuid),
    Column("request_id", String(64)),
    # The version that the instance runs once this has happened.
    Column("process_definition_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("payload", Json, nullable=False),
    Column("payload_salt", LargeBinary(16), nullable=False),
    # Only where the payload was removed by law: its digest, so that the proof of the rest holds. Payload and salt are
    # empty then.
    Column("payload_sha256", LargeBinary(32)),
    # Once per command, on its last event: the encoded state after it.
    Column("state_after", LargeBinary),
    # Only where the state was removed by law: its digest.
    Column("state_sha256", LargeBinary(32)),
    # What of the payload is searched for and counted: see `app.storage.event_figures`.
    Column("decision", Text),
    Column("waiting_seconds", BigInteger),
    Column("duration_seconds", BigInteger),
    Column("late", Boolean),
    # By which rule it is sealed: see `app.proof.seal`.
    Column("format", SmallInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("previous_hash", LargeBinary(32), nullable=False),
    # Which versions instances have left: few of very many events.
    Index(
        "ix_event_migrated",
        "process_instance_id",
        postgresql_where=text("type = 'process_instance_migrated'"),
        sqlite_where=text("type = 'process_instance_migrated'"),
    ),
    # What an instance has come by, seen without looking at its events.
    Index("ix_event_of_instance", "process_instance_id", "element_id", "decision"),
    # What auditors search by, each in order of time. Partial where few events have it.
    # Of all events; but it is found only by queries that say the condition: where they look for something that another
    # index leads to, PostgreSQL would often rather walk along this one, past years of events that are not meant.
    _index_where("ix_event_occurred_at", "sequence >= 1", *_IN_TIME),
    Index("ix_event_actor", "actor", "occurred_at", "process_instance_id", "sequence"),
    _index_where("ix_event_on_behalf_of", "on_behalf_of IS NOT NULL", "on_behalf_of", *_IN_TIME),
    _index_where("ix_event_element_id", "element_id IS NOT NULL", "element_id", *_IN_TIME),
    Index("ix_event_type", "type", "occurred_at", "process_instance_id", "sequence"),
    # With the type at its end, by which it is seen without looking at the event.
    Index("ix_event_definition", "process_definition_id", *_IN_TIME, "type"),
    _index_where("ix_event_decision", "decision IS NOT NULL", "decision", *_IN_TIME),
    _index_where("ix_event_late", "late", *_IN_TIME, sqlite="late = 1"),
    _index_where("ix_event_late_definition", "late", "process_definition_id", *_IN_TIME, sqlite="late = 1"),
    _index_where("ix_event_round", "round >= 2", "round", *_IN_TIME),
    _index_where("ix_event_duration", "duration_seconds IS NOT NULL", "duration_seconds", *_IN_TIME),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("user_id", Uuid, ForeignKey("user_account.id"), primary_key=True),
    Column("method", String(8), primary_key=True),
    Column("path", String(1024), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_hash", LargeBinary(32), nullable=False),
    Column("status", Integer),
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_idempotency_key_user_id_created_at", "user_id", "created_at"),
)
