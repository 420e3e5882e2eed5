"""An epoch of a training, as it is stored and as clients read it.

Heartbeats store it, pages and event streams send it. A new figure takes a line here, one in the client's `Epoch`
(ebb.answers), a column in `store.tables.job_tables` with its migration, and a field of `EpochReport`
(model.training.report), from which it is copied by name (worker.epoch_row).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypedDict


class LayerUpdate(TypedDict):
    """One array of parameters at the last step of an epoch.

    The update ratio is ‖update‖ / ‖parameters‖; null if all parameters are zero.
    """

    name: str
    gradient_norm: float | None
    update_ratio: float | None


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training rows.

    `dead_units` is the share of ReLU units that are zero for all of the last 1,024 (or fewer) validation rows;
    `retries` is 1 after a training diverged and restarted at a lower learning rate. `stage` counts the stages of a
    preset, from 1; the losses of two stages do not compare. `layers` is kept for all epochs up
    to 100, then for every tenth, from 1,000 on for every hundredth, and so on; null for others, and for epochs of the
    first release.
    """

    epoch: int
    learning_rate: float
    train_loss: float | None
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float | None
    seconds: float
    dead_units: float | None
    retries: int
    layers: Sequence[LayerUpdate] | None
    stage: int = 1


FIGURES = tuple(field.name for field in fields(Epoch) if field.name != "layers")
