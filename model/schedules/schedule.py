"""What every schedule is: a pure function from the step to the learning rate."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from model.design import Floats
from model.ranges import Proportion


@dataclass(frozen=True)
class Horizon:
    """How long the training may be: its epochs, and the steps in each."""

    epochs: int
    steps_per_epoch: int


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A learning rate over time, after a linear warm-up over the first `warmup` of all steps.

    Time t counts from the end of the warm-up, in whole steps or epochs as `by` says; T is its last.
    """

    watches: ClassVar[bool] = False
    """Whether it goes by the losses as well."""

    warmup: Proportion = 0.0
    by: Literal["step", "epoch"] = "step"

    def rates(self, steps: Floats, horizon: Horizon, peak: float) -> Floats:
        """Return the learning rate of each step, counted from 0. `peak` is the optimizer's learning rate."""
        unit = 1 if self.by == "step" else horizon.steps_per_epoch
        total = horizon.epochs * horizon.steps_per_epoch // unit
        time = np.floor(np.asarray(steps, float) / unit)
        warm = round(self.warmup * total)
        later = self.after_warmup(np.maximum(time - warm, 0), max(total - warm, 1), peak)
        return np.where(time < warm, peak * (time + 1) / max(warm, 1), later)

    @abstractmethod
    def after_warmup(self, t: Floats, T: int, peak: float) -> Floats:
        """Return the learning rate at each time t of T."""

    def watch(self, memory: Floats, loss: Floats) -> None:  # noqa: B027  # most schedules have nothing to watch
        """Take up each member's loss after an epoch. Only a schedule that is not known beforehand does anything.

        Shapes: memory (3, [K]), a factor of the learning rate, from 1, and two numbers for own use, from infinity and
        0; loss ([K]).
        """
