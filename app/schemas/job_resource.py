"""Jobs, their epochs and their events, as the API shows them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.schemas.field_types import JsonObject, Time
from store.job_states import JobKind, JobState

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


class Job(msgspec.Struct, frozen=True):
    """A job and its state."""

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
