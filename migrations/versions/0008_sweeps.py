"""Adds sweep jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KINDS = "kind IN ('training', 'scoring', 'replay', 'sweep')"
KINDS_BEFORE = "kind IN ('training', 'scoring', 'replay')"
# The earlier release cannot run a sweep. A sweep that has ended stays as a training: its version names it.
END = sa.text(
    "UPDATE jobs SET state = 'failed', lease_until = NULL, cancel_requested = :no, finished_at = CURRENT_TIMESTAMP, "
    "error_code = 'downgraded', error_text = 'this release has no sweeps' "
    "WHERE kind = 'sweep' AND state IN ('queued', 'running')"
).bindparams(sa.bindparam("no", value=False, type_=sa.Boolean()))
OF_ENDED = "job_id IN (SELECT id FROM jobs WHERE kind = 'sweep')"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), KINDS)


def downgrade() -> None:
    op.execute(END)
    op.execute(f"DELETE FROM checkpoints WHERE {OF_ENDED}")  # noqa: S608 - a constant of ours
    op.execute("UPDATE jobs SET kind = 'training' WHERE kind = 'sweep'")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), KINDS_BEFORE)
