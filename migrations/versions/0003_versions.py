"""The life of a version: proposed, approved or rejected by somebody, retired; numbers that are never given twice

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
#: all but the status and who reviewed it
_IMMUTABLE = "id, deployment_id, key, version, name, file_name, sha256, fingerprint, xml"
_MIGRATED = sa.text("type = 'process_instance_migrated'")


def upgrade() -> None:
    """Apply. What could be started before can be started still."""
    op.create_table(
        "process",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_process"),
    )
    op.execute("INSERT INTO process (key, last_version) SELECT key, max(version) FROM process_definition GROUP BY key")
    with op.batch_alter_table("process_definition") as definition:
        definition.add_column(sa.Column("status", sa.String(length=16), nullable=False, server_default="approved"))
        definition.add_column(sa.Column("reviewed_by", sa.String(length=64), nullable=True))
        definition.add_column(sa.Column("reviewed_at", _TIME, nullable=True))
        definition.add_column(sa.Column("review_reason", sa.Text(), nullable=True))
    with op.batch_alter_table("process_definition") as definition:
        definition.alter_column("status", existing_type=sa.String(length=16), server_default=None)
        definition.create_foreign_key("fk_process_definition_key", "process", ["key"], ["key"])
    _tie_forms(ondelete="CASCADE")
    op.create_index("ix_stream_event_subject", "stream_event", ["subject", "sequence"])
    op.create_index(
        "ix_event_migrated", "event", ["process_instance_id"], postgresql_where=_MIGRATED, sqlite_where=_MIGRATED
    )
    _make_versions_immutable()


def downgrade() -> None:
    """Take back. Versions that nobody has approved become startable: the schema before knows no other."""
    _make_versions_mutable()
    op.drop_index("ix_event_migrated", table_name="event", postgresql_where=_MIGRATED, sqlite_where=_MIGRATED)
    op.drop_index("ix_stream_event_subject", table_name="stream_event")
    _tie_forms(ondelete=None)
    with op.batch_alter_table("process_definition") as definition:
        definition.drop_constraint("fk_process_definition_key", type_="foreignkey")
        definition.drop_column("review_reason")
        definition.drop_column("reviewed_at")
        definition.drop_column("reviewed_by")
        definition.drop_column("status")
    op.drop_table("process")


def _tie_forms(*, ondelete: str | None) -> None:
    """A form goes with its version, or (None) keeps it from being deleted."""
    name = "fk_form_process_definition_id"
    with op.batch_alter_table("form") as form:
        form.drop_constraint(name, type_="foreignkey")
        form.create_foreign_key(name, "process_definition", ["process_definition_id"], ["id"], ondelete=ondelete)


def _make_versions_immutable() -> None:
    """Refuse any other diagram, form, number or origin for a version, whoever asks. A form goes with its version."""
    for trigger in _SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def _make_versions_mutable() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in _SQLITE_TRIGGERS:
            op.execute(f"DROP TRIGGER {trigger.split()[2]}")
        return
    op.execute("DROP TRIGGER form_refuses_truncate ON form")
    op.execute("DROP TRIGGER form_refuses_change ON form")
    op.execute("DROP TRIGGER process_definition_refuses_change ON process_definition")
    op.execute("DROP FUNCTION version_is_immutable()")


_POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF NOT EXISTS (SELECT FROM process_definition WHERE id = OLD.process_definition_id) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'a version is immutable';
    END $$""",
    f"""CREATE TRIGGER process_definition_refuses_change BEFORE UPDATE OF {_IMMUTABLE} ON process_definition
    FOR EACH STATEMENT EXECUTE FUNCTION version_is_immutable()""",
    """CREATE TRIGGER form_refuses_change BEFORE UPDATE OR DELETE ON form
    FOR EACH ROW EXECUTE FUNCTION version_is_immutable()""",
    """CREATE TRIGGER form_refuses_truncate BEFORE TRUNCATE ON form
    FOR EACH STATEMENT EXECUTE FUNCTION version_is_immutable()""",
)
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'a version is immutable'); END"
_SQLITE_OCCASIONS = (
    f"CREATE TRIGGER process_definition_refuses_change BEFORE UPDATE OF {_IMMUTABLE} ON process_definition",
    # INSERT OR REPLACE deletes the row that is in its way without asking any trigger.
    """CREATE TRIGGER process_definition_refuses_replace BEFORE INSERT ON process_definition WHEN EXISTS (
    SELECT 1 FROM process_definition WHERE id = NEW.id OR key = NEW.key AND version = NEW.version)""",
    "CREATE TRIGGER form_refuses_update BEFORE UPDATE ON form",
    """CREATE TRIGGER form_refuses_delete BEFORE DELETE ON form WHEN EXISTS (
    SELECT 1 FROM process_definition WHERE id = OLD.process_definition_id)""",
    """CREATE TRIGGER form_refuses_replace BEFORE INSERT ON form WHEN EXISTS (
    SELECT 1 FROM form WHERE process_definition_id = NEW.process_definition_id AND name = NEW.name)""",
)
_SQLITE_TRIGGERS = tuple(f"{occasion} {_REFUSE}" for occasion in _SQLITE_OCCASIONS)
