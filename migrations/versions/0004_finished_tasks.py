"""The version in which a user task was finished, where its instance has moved on since

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Until now no instance could move on."""
    with op.batch_alter_table("user_task") as task:
        task.add_column(sa.Column("process_definition_id", sa.Uuid(), nullable=True))
        task.create_foreign_key(
            "fk_user_task_process_definition_id", "process_definition", ["process_definition_id"], ["id"]
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("user_task") as task:
        task.drop_constraint("fk_user_task_process_definition_id", type_="foreignkey")
        task.drop_column("process_definition_id")
