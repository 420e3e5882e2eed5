"""Adds evaluation jobs."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = "kind IN ('training', 'scoring', 'replay', 'sweep', 'evaluation')"
KINDS_BEFORE = "kind IN ('training', 'scoring', 'replay', 'sweep')"
OF_EVALUATIONS = "job_id IN (SELECT id FROM jobs WHERE kind = 'evaluation')"


def upgrade() -> None:
    _allow(KINDS)


def downgrade() -> None:
    # The constraint of the earlier release refuses evaluations.
    for table in ("epochs", "checkpoints", "job_events"):
        op.execute(f"DELETE FROM {table} WHERE {OF_EVALUATIONS}")  # noqa: S608 - constants of ours
    op.execute("UPDATE jobs SET retry_of = NULL WHERE retry_of IN (SELECT id FROM jobs WHERE kind = 'evaluation')")
    op.execute("DELETE FROM jobs WHERE kind = 'evaluation'")
    _allow(KINDS_BEFORE)


def _allow(kinds: str) -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), kinds)
