"""First schema

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "deployment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deployed_by", sa.String(length=64), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_account"),
        sa.UniqueConstraint("username", name="uq_user_account_username"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", _JSON, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_idempotency_key_user_id"),
        sa.PrimaryKeyConstraint("user_id", "method", "path", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_user_id_created_at", "idempotency_key", ["user_id", "created_at"], unique=False)
    op.create_table(
        "process_definition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deployment_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name="fk_process_definition_deployment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_process_definition"),
        sa.UniqueConstraint("key", "version", name="uq_process_definition_key_version"),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_token_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("secret_hash", name="uq_token_secret_hash"),
    )
    op.create_index("ix_token_user_id", "token", ["user_id"], unique=False)
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_user_role_user_id"),
        sa.PrimaryKeyConstraint("user_id", "role", name="pk_user_role"),
    )
    op.create_table(
        "form",
        sa.Column("process_definition_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["process_definition_id"], ["process_definition.id"], name="fk_form_process_definition_id"
        ),
        sa.PrimaryKeyConstraint("process_definition_id", "name", name="pk_form"),
    )
    op.create_table(
        "process_instance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("process_definition_id", sa.Uuid(), nullable=False),
        sa.Column("business_key", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("variables", _JSON, nullable=False),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["process_definition_id"], ["process_definition.id"], name="fk_process_instance_process_definition_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_process_instance"),
    )
    op.create_index("ix_process_instance_business_key", "process_instance", ["business_key"], unique=False)
    op.create_index(
        "ix_process_instance_process_definition_id", "process_instance", ["process_definition_id"], unique=False
    )
    op.create_index("ix_process_instance_started_at", "process_instance", ["started_at", "id"], unique=False)
    op.create_table(
        "event",
        sa.Column("process_instance_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("element_id", sa.String(length=255), nullable=True),
        sa.Column("element_name", sa.Text(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("user_task_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("on_behalf_of", sa.String(length=64), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("payload", _JSON, nullable=False),
        sa.Column("payload_salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state_after", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["process_instance_id"], ["process_instance.id"], name="fk_event_process_instance_id"),
        sa.PrimaryKeyConstraint("process_instance_id", "sequence", name="pk_event"),
    )
    op.create_table(
        "participant",
        sa.Column("process_instance_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["process_instance_id"], ["process_instance.id"], name="fk_participant_process_instance_id"
        ),
        sa.PrimaryKeyConstraint("process_instance_id", "basis", "name", name="pk_participant"),
    )
    op.create_index("ix_participant_basis_name", "participant", ["basis", "name", "process_instance_id"], unique=False)
    op.create_table(
        "user_task",
        sa.Column("process_instance_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("element_task_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("candidates", _JSON, nullable=True),
        sa.Column("assignee", sa.String(length=64), nullable=True),
        sa.Column("draft", _JSON, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.String(length=64), nullable=True),
        sa.Column("on_behalf_of", sa.String(length=64), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["process_instance_id"], ["process_instance.id"], name="fk_user_task_process_instance_id"
        ),
        sa.PrimaryKeyConstraint("process_instance_id", "id", name="pk_user_task"),
    )
    op.create_index(
        "ix_user_task_assignee", "user_task", ["assignee"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_user_task_id", "user_task", ["id"], unique=False)
    op.create_index(
        "ix_user_task_inbox",
        "user_task",
        ["role", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "comment",
        sa.Column("process_instance_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_task_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["process_instance_id", "user_task_id"],
            ["user_task.process_instance_id", "user_task.id"],
            name="fk_comment_process_instance_id_user_task_id",
        ),
        sa.PrimaryKeyConstraint("process_instance_id", "id", name="pk_comment"),
    )
    op.create_index("ix_comment_user_task_id", "comment", ["process_instance_id", "user_task_id"], unique=False)
    _make_event_append_only()


def _make_event_append_only() -> None:
    """Refuse UPDATE and DELETE (and TRUNCATE) on `event`, whoever asks: history is only ever added to."""
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_refuses_{action.lower()} BEFORE {action} ON event "
                "BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
            )
        # INSERT OR REPLACE deletes the row that is in its way without asking the trigger on DELETE.
        op.execute(
            "CREATE TRIGGER event_refuses_replace BEFORE INSERT ON event WHEN EXISTS (SELECT 1 FROM event "
            "WHERE process_instance_id = NEW.process_instance_id AND sequence = NEW.sequence) "
            "BEGIN SELECT RAISE(ABORT, 'event is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'event is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_is_append_only()"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_comment_user_task_id", table_name="comment")
    op.drop_table("comment")
    op.drop_index("ix_user_task_inbox", table_name="user_task", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("ix_user_task_id", table_name="user_task")
    op.drop_index("ix_user_task_assignee", table_name="user_task", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("user_task")
    op.drop_index("ix_participant_basis_name", table_name="participant")
    op.drop_table("participant")
    op.drop_table("event")
    op.drop_index("ix_process_instance_started_at", table_name="process_instance")
    op.drop_index("ix_process_instance_process_definition_id", table_name="process_instance")
    op.drop_index("ix_process_instance_business_key", table_name="process_instance")
    op.drop_table("process_instance")
    op.drop_table("form")
    op.drop_table("user_role")
    op.drop_index("ix_token_user_id", table_name="token")
    op.drop_table("token")
    op.drop_table("process_definition")
    op.drop_index("ix_idempotency_key_user_id_created_at", table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("user_account")
    op.drop_table("deployment")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION event_is_append_only()")
