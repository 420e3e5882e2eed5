"""Jobs in requests and answers."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.shapes.common import JsonObject, PageSize, PageToken, Slug, Time, Uuid, published, several
from store.jobs import KINDS, JobKind
from store.jobs.epoch import Epoch
from store.jobs.events import CURSOR
from store.jobs.states import JobState

States = Annotated[str, several(JobState)]
Kinds = Annotated[str, several(KINDS)]
Promote = Literal["never", "if_better", "always"]
Priority = Annotated[int, Meta(ge=-10, le=10, description="of the jobs that wait, the highest goes first")]
EventId = Annotated[
    str, published(f"(?:{CURSOR})?", "the id of an event that this service sent, or nothing", max_length=40)
]
DeadlineSeconds = Annotated[
    float, Meta(ge=1, le=2_592_000, description="seconds after which the job is no longer wanted; at most 30 days")
]


class GateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `if_better` asks of a version: all of the difference's interval has to lie beyond the margin."""

    metric: Literal["log_loss", "auc"] = "log_loss"
    margin: Annotated[float, Meta(ge=0, le=1)] = 0.0
    confidence: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.95


class TrainingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to train, on what, and what to do with the result."""

    model: Slug
    dataset: Uuid
    spec: Annotated[JsonObject, Meta(description="the training spec; every key is optional")] = {}
    promote: Promote = "never"
    gate: GateRequest | None = None
    priority: Priority = 0
    deadline_s: DeadlineSeconds | None = None
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
    error: JobError | None
    result: JsonObject | None
    created_at: Time
    deadline_at: Time | None
    started_at: Time | None
    finished_at: Time | None


class JobQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which jobs; of several states or kinds, with commas between them."""

    state: States | None = None
    kind: Kinds | None = None
    model: Slug | None = None
    page_size: PageSize = 50
    page_token: PageToken | None = None


class JobPage(msgspec.Struct, frozen=True):
    """Some jobs, the newest first."""

    jobs: list[Job]
    next_page_token: str | None


class EpochPage(msgspec.Struct, frozen=True):
    """Some epochs, the first one first."""

    epochs: Sequence[Epoch]
    next_page_token: str | None


class EventsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to go on, for tools that cannot send the header."""

    last_event_id: EventId | None = None


class JobEvent(msgspec.Struct, frozen=True):
    """Something that happened to a job."""

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
