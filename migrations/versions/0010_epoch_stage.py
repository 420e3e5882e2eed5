"""Adds the stage of an epoch."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("epochs") as epochs:
        epochs.add_column(sa.Column("stage", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("epochs") as epochs:
        epochs.drop_column("stage")
