"""Adds the training that moved an alias, beside the key that submitted it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Before, the mover was "job" and the id of the training. Now it is the key that submitted the training.
JOB = "(SELECT jobs.id FROM jobs WHERE jobs.id = substr(moved_by, 5) AND moved_by LIKE 'job %')"
OWNER = "COALESCE((SELECT NULLIF(jobs.owner, '') FROM jobs WHERE jobs.id = job_id), 'local')"


def upgrade() -> None:
    with op.batch_alter_table("alias_moves") as alias_moves:
        alias_moves.add_column(sa.Column("job_id", sa.String(length=36), nullable=True))
        alias_moves.create_foreign_key(op.f("fk_alias_moves_job_id_jobs"), "jobs", ["job_id"], ["id"])
    op.execute(f"UPDATE alias_moves SET job_id = {JOB}")  # noqa: S608 - a constant of ours
    op.execute(f"UPDATE alias_moves SET moved_by = {OWNER} WHERE job_id IS NOT NULL")  # noqa: S608 - a constant of ours


def downgrade() -> None:
    op.execute("UPDATE alias_moves SET moved_by = 'job ' || job_id WHERE job_id IS NOT NULL")
    with op.batch_alter_table("alias_moves") as alias_moves:
        alias_moves.drop_constraint(op.f("fk_alias_moves_job_id_jobs"), type_="foreignkey")
        alias_moves.drop_column("job_id")
