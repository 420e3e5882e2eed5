"""The base class of schedules: pure functions from the step to the learning rate."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from model.design import Floats
from model.ranges import Proportion


@dataclass(frozen=True)
class Horizon:
    """The longest possible training: its epochs, and the steps of an epoch."""

    epochs: int
    steps_per_epoch: int


@dataclass(frozen=True, kw_only=True)
class Schedule(ABC):
    """A learning rate over time, after a linear warm-up that takes the share `warmup` of all steps.

    Time t counts whole steps or epochs (`by`) from the end of the warm-up. T is its last value.
    """

    watches: ClassVar[bool] = False
    """Whether the learning rate also depends on the losses."""

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
        """Update `memory` by each member's loss after an epoch, if the schedule depends on losses.

        Shapes: loss ([K]); memory (3, [K]): a factor of the learning rate, which starts at 1, and two numbers for the
        schedule's own use, which start at infinity and 0.
        """
