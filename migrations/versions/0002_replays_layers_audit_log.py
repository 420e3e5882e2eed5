"""Adds replay jobs, priorities, figures of layers in an epoch, the audit log, and stored answers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = "kind IN ('training', 'scoring', 'replay')"
KINDS_BEFORE = "kind IN ('training', 'scoring')"
# The database refuses to change or remove a line of the audit log.
APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_log_{name} BEFORE {when} BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for name, when in {
            "update": "UPDATE ON audit_log",
            "delete": "DELETE ON audit_log",
            # INSERT OR REPLACE would remove a line without the trigger above.
            "replace": "INSERT ON audit_log WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)",
        }.items()
    ],
    "postgresql": [
        (
            "CREATE FUNCTION ebb_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        ),
        (
            "CREATE TRIGGER audit_log_change BEFORE UPDATE OR DELETE ON audit_log "
            "FOR EACH ROW EXECUTE FUNCTION ebb_append_only()"
        ),
        (
            "CREATE TRIGGER audit_log_truncate BEFORE TRUNCATE ON audit_log "
            "FOR EACH STATEMENT EXECUTE FUNCTION ebb_append_only()"
        ),
    ],
}
BEGUN = "SELECT MAX(id) FROM job_events WHERE job_events.job_id = epochs.job_id AND event = 'running'"
OF_REPLAYS = "job_id IN (SELECT id FROM jobs WHERE kind = 'replay')"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), KINDS)
    with op.batch_alter_table("epochs") as epochs:
        epochs.add_column(sa.Column("layers", sa.JSON(), nullable=True))
        epochs.add_column(sa.Column("dead_units", sa.Float(), nullable=True))
        epochs.add_column(sa.Column("retries", sa.Integer(), server_default="0", nullable=False))
        epochs.add_column(sa.Column("event_id", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(f"UPDATE epochs SET event_id = COALESCE(({BEGUN}), 0)")  # noqa: S608 - a constant of ours
    with op.batch_alter_table("api_keys") as api_keys:
        api_keys.add_column(sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    with op.batch_alter_table("alias_moves") as alias_moves:
        alias_moves.add_column(sa.Column("undoes", sa.Integer(), nullable=True))
        alias_moves.add_column(sa.Column("request", sa.String(length=36), nullable=True))
    op.create_index(op.f("ix_jobs_kind_model_started_at"), "jobs", ["kind", "model", "started_at"])
    op.create_index(op.f("ix_jobs_finished_at"), "jobs", ["finished_at"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_action_id"), "audit_log", ["action", "id"])
    op.create_index(op.f("ix_audit_log_actor_id"), "audit_log", ["actor", "id"])
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "idempotent_answers",
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=36), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "idempotency_key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_created_at"), "idempotent_answers", ["created_at"])


def downgrade() -> None:
    op.drop_table("idempotent_answers")
    op.drop_table("audit_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ebb_append_only()")
    op.drop_index(op.f("ix_jobs_finished_at"), "jobs")
    op.drop_index(op.f("ix_jobs_kind_model_started_at"), "jobs")
    with op.batch_alter_table("alias_moves") as alias_moves:
        alias_moves.drop_column("request")
        alias_moves.drop_column("undoes")
    with op.batch_alter_table("api_keys") as api_keys:
        api_keys.drop_column("requests_per_minute")
    with op.batch_alter_table("epochs") as epochs:
        for name in ("event_id", "retries", "dead_units", "layers"):
            epochs.drop_column(name)
    # The constraint of the earlier release refuses replays.
    for table in ("epochs", "checkpoints", "job_events"):
        op.execute(f"DELETE FROM {table} WHERE {OF_REPLAYS}")  # noqa: S608 - constants of ours
    op.execute("UPDATE jobs SET retry_of = NULL WHERE retry_of IN (SELECT id FROM jobs WHERE kind = 'replay')")
    op.execute("DELETE FROM jobs WHERE kind = 'replay'")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_constraint(op.f("ck_jobs_kind"), type_="check")
        jobs.create_check_constraint(op.f("ck_jobs_kind"), KINDS_BEFORE)
        jobs.drop_column("priority")
