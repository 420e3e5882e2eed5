"""Adds the times when datasets and results were deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DELETED = ("datasets", "results")


def upgrade() -> None:
    for table in DELETED:
        op.add_column(table, sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in DELETED:
        with op.batch_alter_table(table) as changed:
            changed.drop_column("deleted_at")
