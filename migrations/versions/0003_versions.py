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


def downgrade() -> None:
    """Take back. Versions that nobody has approved become startable: the schema before knows no other."""
    with op.batch_alter_table("process_definition") as definition:
        definition.drop_constraint("fk_process_definition_key", type_="foreignkey")
        definition.drop_column("review_reason")
        definition.drop_column("reviewed_at")
        definition.drop_column("reviewed_by")
        definition.drop_column("status")
    op.drop_table("process")
