"""Adds the options of reading a dataset's file: the same bytes may be read by another delimiter or encoding."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BEFORE = ["sha256", "media_type", "target", "id_column"]
OPTIONS = [*BEFORE, "read_options"]
NAME = "uq_datasets_{}"


def upgrade() -> None:
    with op.batch_alter_table("datasets") as datasets:
        datasets.add_column(sa.Column("read_options", sa.String(length=200), server_default="", nullable=False))
        datasets.drop_constraint(op.f(NAME.format("_".join(BEFORE))), type_="unique")
        datasets.create_unique_constraint(op.f(NAME.format("_".join(OPTIONS))), OPTIONS)


def downgrade() -> None:
    # The earlier release knows one dataset for these bytes. It would read those with options as UTF-8 with commas.
    op.execute("UPDATE datasets SET media_type = media_type || '; ' || id WHERE read_options <> ''")
    with op.batch_alter_table("datasets") as datasets:
        datasets.drop_constraint(op.f(NAME.format("_".join(OPTIONS))), type_="unique")
        datasets.create_unique_constraint(op.f(NAME.format("_".join(BEFORE))), BEFORE)
        datasets.drop_column("read_options")
