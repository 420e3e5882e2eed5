"""Adds the owner and size of stored bytes, the time of their last use, and the results of scoring jobs."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPLOADED = "SELECT MIN(actor) FROM audit_log WHERE action = 'dataset.uploaded' AND subject = datasets.id"


def upgrade() -> None:
    with op.batch_alter_table("api_keys") as api_keys:
        api_keys.add_column(sa.Column("stored_bytes", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("artifacts") as artifacts:
        artifacts.add_column(sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
        artifacts.add_column(sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    used_at = sa.table("artifacts", sa.column("used_at", sa.DateTime(timezone=True)))
    # Retention counts from the upgrade, so that it removes no file of an earlier release at once.
    op.execute(used_at.update().values(used_at=datetime.now(UTC)))
    with op.batch_alter_table("artifacts") as artifacts:
        artifacts.alter_column("used_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    with op.batch_alter_table("datasets") as datasets:
        datasets.add_column(sa.Column("owner", sa.String(length=100), server_default="", nullable=False))
    op.execute(f"UPDATE datasets SET owner = COALESCE(({UPLOADED}), '')")  # noqa: S608 - a constant of ours
    op.execute("UPDATE datasets SET owner = '' WHERE owner = 'local'")
    op.create_index(op.f("ix_datasets_owner"), "datasets", ["owner"])
    op.create_table(
        "results",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_results_job_id_jobs")),
        sa.ForeignKeyConstraint(["sha256"], ["artifacts.sha256"], name=op.f("fk_results_sha256_artifacts")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_results")),
    )
    op.create_index(op.f("ix_results_sha256"), "results", ["sha256"])
    _list_results()


def _list_results() -> None:
    """Insert the results of all scoring jobs so far; their rows have the digests."""
    jobs = sa.table("jobs", *map(sa.column, ("id", "kind", "state")), sa.column("result", sa.JSON()))
    results = sa.table("results", sa.column("job_id"), sa.column("sha256"))
    made = sa.select(jobs.c.id, jobs.c.result).where(jobs.c.kind == "scoring", jobs.c.state == "succeeded")
    rows = [{"job_id": job_id, "sha256": result["sha256"]} for job_id, result in op.get_bind().execute(made)]
    if rows:
        op.bulk_insert(results, rows)


def downgrade() -> None:
    op.drop_index(op.f("ix_results_sha256"), "results")
    op.drop_table("results")
    op.drop_index(op.f("ix_datasets_owner"), "datasets")
    with op.batch_alter_table("datasets") as datasets:
        datasets.drop_column("owner")
    with op.batch_alter_table("artifacts") as artifacts:
        artifacts.drop_column("removed_at")
        artifacts.drop_column("used_at")
    with op.batch_alter_table("api_keys") as api_keys:
        api_keys.drop_column("stored_bytes")
