"""People, positions, tokens with scopes, standing in, and the streams of administration and access

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_TIME = sa.DateTime(timezone=True)
#: what a token could do before there were scopes
_ALL_SCOPES = '["admin", "audit", "deploy", "read", "tasks"]'


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "position",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_position"),
        sa.UniqueConstraint("name", "unit", name="uq_position_name_unit"),
    )
    with op.batch_alter_table("user_account") as account:
        account.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        account.add_column(sa.Column("position_id", sa.Uuid(), nullable=True))
        account.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        account.create_foreign_key("fk_user_account_position_id", "position", ["position_id"], ["id"])
    op.create_table(
        "person_identity",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("nip", sa.String(length=18), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_person_identity_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_person_identity"),
        sa.UniqueConstraint("nip", name="uq_person_identity_nip"),
    )
    _give_tokens_scopes()
    op.create_table(
        "substitution",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.Column("letter", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("revoked_by", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["principal_id"], ["user_account.id"], name="fk_substitution_principal_id"),
        sa.ForeignKeyConstraint(["deputy_id"], ["user_account.id"], name="fk_substitution_deputy_id"),
        sa.PrimaryKeyConstraint("id", name="pk_substitution"),
    )
    op.create_index("ix_substitution_principal_id", "substitution", ["principal_id"], unique=False)
    op.create_index("ix_substitution_deputy_id", "substitution", ["deputy_id"], unique=False)
    op.create_table(
        "failed_authentication",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("minute", _TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "minute", name="pk_failed_authentication"),
    )
    _create_streams()


def _give_tokens_scopes() -> None:
    """Tokens made before this revision may do what they could, and bear no name."""
    with op.batch_alter_table("token") as token:
        token.add_column(sa.Column("name", sa.String(length=100), nullable=False, server_default=""))
        token.add_column(sa.Column("prefix", sa.String(length=16), nullable=False, server_default=""))
        token.add_column(sa.Column("scopes", _JSON, nullable=False, server_default=_ALL_SCOPES))
        token.add_column(sa.Column("created_by", sa.String(length=64), nullable=False, server_default="system"))
        token.add_column(sa.Column("expires_at", _TIME, nullable=True))
        token.add_column(sa.Column("last_used_at", _TIME, nullable=True))
        token.add_column(sa.Column("revoked_at", _TIME, nullable=True))
        token.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
        token.create_foreign_key("fk_token_parent_id", "token", ["parent_id"], ["id"])
        token.create_index("ix_token_parent_id", ["parent_id"], unique=False)
    with op.batch_alter_table("token") as token:
        for name in ("name", "prefix", "scopes", "created_by"):
            token.alter_column(name, server_default=None)


def _create_streams() -> None:
    streams = op.create_table(
        "stream",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("last_event_at", _TIME, nullable=True),
        sa.Column("last_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_stream"),
    )
    op.bulk_insert(
        streams,
        [
            {"name": name, "last_sequence": 0, "last_event_at": None, "last_hash": bytes(32)}
            for name in ("administration", "access")
        ],
    )
    op.create_table(
        "stream_event",
        sa.Column("stream", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", _TIME, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=255), nullable=True),
        sa.Column("process_instance_id", sa.Uuid(), nullable=True),
        sa.Column("payload", _JSON, nullable=False),
        sa.Column("payload_salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["stream"], ["stream.name"], name="fk_stream_event_stream"),
        sa.PrimaryKeyConstraint("stream", "sequence", name="pk_stream_event"),
    )
    op.create_index("ix_stream_event_process_instance_id", "stream_event", ["process_instance_id"], unique=False)
    _make_stream_event_append_only()


def _make_stream_event_append_only() -> None:
    """As for `event` (0001): these streams, too, are only ever added to."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER stream_event_refuses_{action.lower()} BEFORE {action} ON stream_event "
                "BEGIN SELECT RAISE(ABORT, 'stream_event is append-only'); END"
            )
        op.execute(
            "CREATE TRIGGER stream_event_refuses_replace BEFORE INSERT ON stream_event WHEN EXISTS "
            "(SELECT 1 FROM stream_event WHERE stream = NEW.stream AND sequence = NEW.sequence) "
            "BEGIN SELECT RAISE(ABORT, 'stream_event is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION stream_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'stream_event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER stream_event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON stream_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION stream_event_is_append_only()"
    )


def downgrade() -> None:
    """Take back. What the tables of this revision hold is gone; tokens that were revoked or ran out stay useless."""
    op.execute("DELETE FROM token WHERE revoked_at IS NOT NULL OR expires_at < CURRENT_TIMESTAMP")
    op.drop_index("ix_stream_event_process_instance_id", table_name="stream_event")
    op.drop_table("stream_event")
    op.drop_table("stream")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION stream_event_is_append_only()")
    op.drop_table("failed_authentication")
    op.drop_index("ix_substitution_deputy_id", table_name="substitution")
    op.drop_index("ix_substitution_principal_id", table_name="substitution")
    op.drop_table("substitution")
    with op.batch_alter_table("token") as token:
        token.drop_index("ix_token_parent_id")
        token.drop_constraint("fk_token_parent_id", type_="foreignkey")
        for name in ("parent_id", "revoked_at", "last_used_at", "expires_at", "created_by", "scopes", "prefix", "name"):
            token.drop_column(name)
    op.drop_table("person_identity")
    with op.batch_alter_table("user_account") as account:
        account.drop_constraint("fk_user_account_position_id", type_="foreignkey")
        for name in ("revision", "position_id", "email"):
            account.drop_column(name)
    op.drop_table("position")
