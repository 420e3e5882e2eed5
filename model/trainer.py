"""Training as a generator of epoch reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from model.checkpoint import Checkpoint
from model.design import Design
from model.network import Network
from model.spec import Spec


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did."""

    epoch: int
    epochs: int
    steps: int
    learning_rate: float
    train_loss: float
    valid_loss: float | None
    valid_auc: float | None
    gradient_norm: float
    seconds: float


class Trainer:
    """Trains the network of a spec on a design, one epoch at a time."""

    def __init__(self, spec: Spec, design: Design, checkpoint: Checkpoint | None = None) -> None:
        raise NotImplementedError

    def epochs(self) -> Iterator[EpochReport]:
        """Yield one report an epoch until the last epoch or an early stop."""
        raise NotImplementedError

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report."""
        raise NotImplementedError

    def network(self) -> Network:
        """Return the network with the best parameters so far."""
        raise NotImplementedError
