"""The service's answers as structs.

A struct has the fields that this client uses; others are ignored, so that a newer service does not break an older
client.
"""

import msgspec

from store.job_states import FINISHED

Json = dict[str, object]


class Fault(msgspec.Struct, frozen=True):
    """The error of a job or a record."""

    code: str
    detail: str
    pointer: str = ""


class Dataset(msgspec.Struct, frozen=True):
    """An uploaded table; one that was uploaded for scoring has no target."""

    id: str
    sha256: str
    rows: int
    name: str = ""
    bytes: int | None = None
    target: str | None = None
    id_column: str | None = None
    positives: int | None = None
    columns: list[Json] = []
    warnings: list[Json] = []
    created_at: str | None = None


class Progress(msgspec.Struct, frozen=True):
    """The progress of a job, in its own unit."""

    done: int
    total: int | None = None
    unit: str = ""

    def __str__(self) -> str:
        """Write it for a cell of a table.

        Example:
            >>> print(Progress(3, 40, "epochs"), Progress(3, None, "epochs"), Progress(0), sep="|")
            3/40 epochs|3/? epochs|
        """
        return f"{self.done}/{self.total or '?'} {self.unit}" if self.done else ""


class SweepStanding(msgspec.Struct, frozen=True):
    """A configuration of a sweep, when its training was last paused, or ended."""

    configuration: int
    changes: Json
    rung: int
    epochs: int
    loss: float | None = None
    loss_error: float | None = None
    auc: float | None = None
    auc_error: float | None = None
    error: str | None = None


class JobEvent(msgspec.Struct, frozen=True):
    """The event of a new standing."""

    data: SweepStanding


class Job(msgspec.Struct, frozen=True):
    """A job and its state."""

    id: str
    kind: str
    state: str
    model: str | None = None
    retry_of: str | None = None
    cancel_requested: bool = False
    attempt: int = 0
    progress: Progress | None = None
    eta_s: float | None = None
    heartbeat_at: str | None = None
    error: Fault | None = None
    result: Json | None = None
    leaderboard: list[SweepStanding] | None = None
    created_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None

    @property
    def finished(self) -> bool:
        """Tell whether the state is one that never changes again."""
        return self.state in FINISHED

    @property
    def has_epochs(self) -> bool:
        """Tell whether a job of this kind reports epochs."""
        return self.kind in ("training", "replay")


class JobChange(msgspec.Struct, frozen=True):
    """The parts of a job that change while it runs."""

    state: str
    cancel_requested: bool = False
    attempt: int = 0
    progress: Progress | None = None
    eta_s: float | None = None
    heartbeat_at: str | None = None


class LayerUpdate(msgspec.Struct, frozen=True):
    """One array of parameters at the last step of an epoch."""

    name: str
    gradient_norm: float | None = None
    update_ratio: float | None = None


class Epoch(msgspec.Struct, frozen=True):
    """One pass over the training rows."""

    epoch: int
    learning_rate: float
    train_loss: float | None = None
    valid_loss: float | None = None
    valid_auc: float | None = None
    gradient_norm: float | None = None
    seconds: float | None = None
    dead_units: float | None = None
    retries: int = 0
    layers: list[LayerUpdate] | None = None
    stage: int = 1


class RegisteredModel(msgspec.Struct, frozen=True):
    """A name under which versions are registered."""

    name: str
    last_version: int
    created_at: str | None = None


class Version(msgspec.Struct, frozen=True):
    """An immutable result of training."""

    version: int
    job_id: str
    spec: Json
    metrics: Json
    data_sha256: str
    environment: Json
    weights_sha256: str
    model: str = ""
    dataset: str | None = None
    created_at: str | None = None


class Alias(msgspec.Struct, frozen=True):
    """A movable pointer to a version."""

    version: int
    revision: int
    alias: str = ""


class ModelDetails(msgspec.Struct, frozen=True):
    """A registered model with its aliases, by name."""

    name: str
    last_version: int
    aliases: list[Alias] = []
    created_at: str | None = None


class Move(msgspec.Struct, frozen=True):
    """One move of an alias, with its actor, time and versions."""

    revision: int
    from_version: int | None
    to_version: int
    moved_by: str
    moved_at: str
    job: str | None = None


class ColumnChange(msgspec.Struct, frozen=True):
    """How much more one column adds to a customer's log-odds than before."""

    column: str
    value: float | str | bool | None
    change: float


class CustomerChange(msgspec.Struct, frozen=True):
    """A customer whom two versions place on different sides of the threshold."""

    customer_id: str | float | bool | None
    churn_probability_before: float
    churn_probability: float
    log_odds_change: float
    reasons: list[ColumnChange]


class UnseenChanges(msgspec.Struct, frozen=True):
    """The changes of the customers whom neither version has seen."""

    rows: int
    to_leaving: int
    to_staying: int


class VersionQuality(msgspec.Struct, frozen=True):
    """Which version is better on the customers whom neither has seen."""

    verdict: str
    reason: str


class Diff(msgspec.Struct, frozen=True):
    """The customers who change sides from one version to another, with reasons."""

    rows: int
    to_leaving: int
    to_staying: int
    customers: list[CustomerChange]
    unseen: UnseenChanges | None = None
    quality: VersionQuality | None = None


class ColumnContribution(msgspec.Struct, frozen=True):
    """The contribution of one column: by how much it moves the log-odds away from the baseline's; `text` says it."""

    column: str
    value: float | str | bool | None
    contribution: float
    text: str = ""


class Score(msgspec.Struct, frozen=True):
    """One customer's answer: a probability, or the error."""

    customer_id: str | int | None = None
    churn_probability: float | None = None
    reasons: list[ColumnContribution] = []
    gap: float | None = None
    error: Fault | None = None


class Scored(msgspec.Struct, frozen=True):
    """The answer to one scoring request, by one version."""

    model: str
    version: int
    scores: list[Score]
    alias: str | None = None
    errors: int = 0


class AuditLine(msgspec.Struct, frozen=True):
    """One action, with its actor and its subject."""

    at: str
    actor: str
    action: str
    subject: str
    data: Json = {}
    request_id: str | None = None
