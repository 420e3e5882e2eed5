"""Jobs in requests and answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.shapes.common import JsonObject, PageSize, PageToken, Slug, Time, Uuid

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Kind = Literal["training", "scoring"]
Promote = Literal["never", "if_better", "always"]


class TrainingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to train, on what, and what to do with the result."""

    model: Slug
    dataset: Uuid
    spec: Annotated[JsonObject, Meta(description="the training spec; every key is optional")] = {}
    promote: Promote = "never"
    validate_only: bool = False


class ValidTraining(msgspec.Struct, frozen=True):
    """The answer to `validate_only`: the spec as it would be stored, with every default."""

    valid: bool
    spec: JsonObject


class Progress(msgspec.Struct, frozen=True):
    """How far a job is, in its own unit."""

    done: int
    total: int | None
    unit: str


class JobError(msgspec.Struct, frozen=True):
    """Why a job ended without its result."""

    code: str
    detail: str


class Job(msgspec.Struct, frozen=True):
    """A request for work, as it stands."""

    id: str
    kind: Kind
    model: str
    dataset: str
    retry_of: str | None
    params: JsonObject
    state: State
    cancel_requested: bool
    attempt: int
    progress: Progress
    eta_s: float | None
    heartbeat_at: Time | None
    error: JobError | None
    result: JsonObject | None
    created_at: Time
    started_at: Time | None
    finished_at: Time | None


class JobQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs."""

    state: State | None = None
    kind: Kind | None = None
    page_size: PageSize = 50
    page_token: PageToken | None = None


class JobPage(msgspec.Struct, frozen=True):
    """Some jobs, the newest first."""

    jobs: list[Job]
    next_page_token: str | None


class Epoch(msgspec.Struct, frozen=True):
    """One pass over the training rows."""

    epoch: int
    learning_rate: float
    train_loss: float | None
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float | None
    seconds: float


class EpochPage(msgspec.Struct, frozen=True):
    """Some epochs, the first one first."""

    epochs: list[Epoch]
    next_page_token: str | None
