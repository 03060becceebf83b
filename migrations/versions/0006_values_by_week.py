"""Instances are found by a value and a week together, which PostgreSQL alone can index

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DAYS = "(({column} AT TIME ZONE 'UTC')::date - '1970-01-05'::date)"
_WEEKS = [
    sa.text(f"(ARRAY[{days} / 7, - ({days} / 91)])")
    for days in (_DAYS.format(column=column) for column in ("started_at", "last_event_at"))
]


def upgrade() -> None:
    """Apply. The index is built anew, during which nobody writes: half a minute for a million instances."""
    if _is_postgresql():
        op.drop_index("ix_process_instance_variables", table_name="process_instance")
        _create_index(["variables", *_WEEKS], {"gin_pending_list_limit": "64"})


def downgrade() -> None:
    """Take back: the index knows values alone."""
    if _is_postgresql():
        op.drop_index("ix_process_instance_variables", table_name="process_instance")
        _create_index(["variables"], {})


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _create_index(columns: list[str | sa.TextClause], options: dict[str, str]) -> None:
    op.create_index(
        "ix_process_instance_variables",
        "process_instance",
        columns,
        postgresql_using="gin",
        postgresql_ops={"variables": "jsonb_path_ops"},
        postgresql_with=options,
    )
