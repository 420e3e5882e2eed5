"""Jobs with their events, epochs and checkpoints; and the registered workers.

The constraints hold whatever the code does: a running job has a lease, a finished one has a time, and a queued one has
no request to cancel.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from store.clock import UtcTime, now
from store.job_states import JobState
from store.tables.base import Digest, Id, Json, Name, Serial, metadata

# Stored as text, with a check constraint that allows the enum's values.
State = Enum(JobState, native_enum=False, create_constraint=True, name="state", length=16, values_callable=list)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("owner", String(100), nullable=False),
    Column("idempotency_key", String(255)),
    Column("request_sha256", Digest, nullable=False),
    Column("model", Name, nullable=False),
    Column("dataset_id", Id, ForeignKey("datasets.id"), nullable=False),
    Column("retry_of", Id, ForeignKey("jobs.id")),
    Column("priority", Integer, nullable=False, default=0, server_default="0"),
    Column("params", Json, nullable=False),
    Column("state", State, nullable=False, default=JobState.QUEUED),
    Column("token", Integer, nullable=False, default=0),
    Column("strikes", Integer, nullable=False, default=0),
    Column("worker", String(100)),
    Column("lease_until", UtcTime),
    Column("run_after", UtcTime, nullable=False, default=now()),
    Column("published_at", UtcTime),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("deadline_at", UtcTime),
    Column("heartbeat_at", UtcTime),
    Column("progress_done", Integer, nullable=False, default=0),
    Column("progress_total", Integer, nullable=False, default=0),
    Column("progress_unit", String(16), nullable=False),
    Column("error_code", String(64)),
    Column("error_text", Text),
    Column("result", Json),
    Column("created_at", UtcTime, nullable=False, default=now()),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    UniqueConstraint("owner", "idempotency_key"),
    CheckConstraint("kind IN ('training', 'scoring', 'replay', 'sweep', 'evaluation')", name="kind"),
    CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="running_has_lease"),
    CheckConstraint(
        "(state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="ended_has_time"
    ),
    CheckConstraint("NOT (state = 'queued' AND cancel_requested)", name="queued_not_cancelling"),
    CheckConstraint("NOT (state = 'succeeded' AND cancel_requested)", name="cancelled_not_succeeded"),
    CheckConstraint("token >= 0 AND strikes >= 0", name="counters"),
    Index(None, "state", "run_after"),
    Index(None, "finished_at"),
    Index(None, "kind", "model", "started_at"),
)

job_events = Table(
    "job_events",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("job_id", Id, ForeignKey("jobs.id"), nullable=False),
    Column("event", String(32), nullable=False),
    Column("token", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("at", UtcTime, nullable=False, default=now()),
    Index(None, "job_id", "id"),
)

epochs = Table(
    "epochs",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("learning_rate", Float, nullable=False),
    Column("train_loss", Float, nullable=False),
    Column("valid_loss", Float),
    Column("valid_auc", Float),
    Column("gradient_norm", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    # Gradient norm and update ratio of each array of parameters; NULL for most late epochs (worker.epoch_row) and for
    # epochs of the first release.
    Column("layers", Json),
    Column("dead_units", Float),
    Column("retries", Integer, nullable=False, default=0, server_default="0"),
    Column("stage", Integer, nullable=False, default=1, server_default="1"),
    # The job's last event when the epoch was stored, which gives events and epochs one order.
    Column("event_id", BigInteger, nullable=False, default=0, server_default="0"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("job_id", Id, ForeignKey("jobs.id"), primary_key=True),
    Column("token", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("sha256", Digest, nullable=False),
    Column("created_at", UtcTime, nullable=False, default=now()),
)

workers = Table(
    "workers",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("started_at", UtcTime, nullable=False, default=now()),
    Column("seen_at", UtcTime, nullable=False, default=now()),
    # NULL, which means all kinds, for a worker of an earlier release.
    Column("kinds", Json),
    # The most memory that it gives a job; NULL for a worker of an earlier release.
    Column("job_bytes", BigInteger),
    Index(None, "seen_at"),
)
