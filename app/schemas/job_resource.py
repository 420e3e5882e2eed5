"""Jobs, their epochs and their events, as the API shows them."""

from datetime import timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from app.schemas.field_types import JsonObject, Time, time_text
from model.sweep.standing import Standing
from store.database import Connection
from store.job_states import JobKind, JobState
from store.jobs.read import Pace, read_paces
from store.jobs.standings import read_standings
from store.rows import JobRow

Priority = Annotated[int, Meta(ge=-10, le=10, description="jobs of a higher priority start first")]
DeadlineSeconds = Annotated[
    float, Meta(ge=1, le=2_592_000, description="seconds after which the job is stopped; at most 30 days")
]


class Progress(msgspec.Struct, frozen=True):
    """The progress of a job, in its own unit."""

    done: int
    total: int | None
    unit: str


class JobFailure(msgspec.Struct, frozen=True):
    """The error that ended a job."""

    code: str
    detail: str


class SweepStanding(msgspec.Struct, frozen=True):
    """A configuration of a sweep, when its training was last paused, or ended.

    `loss` and `auc` are of all rows, each scored by networks that did not train on it; their errors are standard errors
    over the folds. A later rung begins at `from_epoch`. A configuration that cannot be trained has an `error`.
    """

    configuration: int
    changes: JsonObject
    rung: int
    epochs: int
    from_epoch: int
    finished: bool
    loss: float | None
    loss_error: float | None
    auc: float | None
    auc_error: float | None
    fold_losses: list[float]
    error: str | None


class Job(msgspec.Struct, frozen=True):
    """A job and its state; a sweep that is shown alone has its leaderboard, the best configuration first."""

    id: str
    kind: JobKind
    model: str
    dataset: str
    retry_of: str | None
    priority: int
    params: JsonObject
    state: JobState
    cancel_requested: bool
    attempt: int
    progress: Progress
    eta_s: float | None
    heartbeat_at: Time | None
    error: JobFailure | None
    result: JsonObject | None
    leaderboard: list[SweepStanding] | None
    created_at: Time
    deadline_at: Time | None
    started_at: Time | None
    finished_at: Time | None


class JobEvent(msgspec.Struct, frozen=True):
    """One event of a job."""

    event: str
    attempt: int
    at: Time
    data: JsonObject


class JobChange(msgspec.Struct, frozen=True):
    """The parts of a job that change while it runs."""

    state: JobState
    cancel_requested: bool
    attempt: int
    progress: Progress
    eta_s: float | None
    heartbeat_at: Time | None


def to_job(row: JobRow, pace: Pace | None = None, leaderboard: list[SweepStanding] | None = None) -> Job:
    """Return a row as the schema of a job."""
    return Job(
        id=row.id,
        kind=row.kind,
        model=row.model,
        dataset=row.dataset_id,
        retry_of=row.retry_of,
        priority=row.priority,
        params=row.params,
        state=row.state,
        cancel_requested=row.cancel_requested,
        attempt=row.token,
        progress=Progress(row.progress_done, row.progress_total or None, row.progress_unit),
        eta_s=_eta_seconds(row, pace),
        heartbeat_at=time_text(row.heartbeat_at),
        error=JobFailure(row.error_code, row.error_text or row.error_code) if row.error_code else None,
        result=row.result,
        leaderboard=leaderboard,
        created_at=str(time_text(row.created_at)),
        deadline_at=time_text(row.deadline_at),
        started_at=time_text(row.started_at),
        finished_at=time_text(row.finished_at),
    )


def _eta_seconds(row: JobRow, pace: Pace | None) -> float | None:
    """Estimate the time left after the last heartbeat from the pace of this attempt; early stopping ends sooner.

    A training reports seconds per epoch. For rows, the pace is the average since the attempt began.
    """
    if pace is None or not row.progress_done:
        return None
    left = max(0, int(row.progress_total - row.progress_done))
    if row.progress_unit == "epochs":
        return None if pace.epoch_seconds is None else round(pace.epoch_seconds * left, 1)
    since = row.heartbeat_at - pace.begun_at if row.heartbeat_at else timedelta()
    if since <= timedelta():
        return None  # the progress is still that of the attempt before
    return round(since.total_seconds() / int(row.progress_done) * left, 1)


def load_job(connection: Connection, row: JobRow) -> Job:
    """Return a row as the schema of a job, with the estimated time left and the leaderboard of a sweep."""
    return to_job(row, _pace(connection, row), _leaderboard(connection, row.id) if row.kind == "sweep" else None)


def load_change(connection: Connection, row: JobRow) -> JobChange:
    """Return the parts of the job that change while it runs, with the estimated time left."""
    job = to_job(row, _pace(connection, row))
    return JobChange(job.state, job.cancel_requested, job.attempt, job.progress, job.eta_s, job.heartbeat_at)


def _pace(connection: Connection, row: JobRow) -> Pace | None:
    return read_paces(connection, [row.id]).get(row.id) if row.state == JobState.RUNNING else None


def _leaderboard(connection: Connection, job_id: str) -> list[SweepStanding]:
    """Return the last standing of each configuration, the best first."""
    last = {raw["configuration"]: Standing.from_json(raw) for raw in read_standings(connection, job_id)}
    best = sorted(last.values(), key=lambda standing: standing.place)
    return [msgspec.convert(standing.to_json(), SweepStanding) for standing in best]
