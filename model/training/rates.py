"""The numbers that depend on the step only, computed for thousands of steps at once."""

import numpy as np

from model.design import Floats
from model.optimizers import Optimizer
from model.schedules import Horizon, Schedule

BLOCK = 4096


class Rates:
    """The learning rates and the coefficients of the optimizer, step by step.

    `scale` multiplies the learning rate of each member. It is 1 until a plateau or a retry lowers it.
    """

    def __init__(self, schedule: Schedule, optimizer: Optimizer, horizon: Horizon, lead: tuple[int, ...]) -> None:
        self._schedule, self._optimizer, self._horizon = schedule, optimizer, horizon
        self.scale = np.ones((*lead, 1) if lead else ())
        self._first = 0
        self._block: Floats = np.zeros((0, 0))

    def rescale(self, scale: Floats) -> None:
        """Set the scale of each member.

        Shapes: ([K]).
        """
        self.scale[...] = scale.reshape(self.scale.shape)
        self._block = np.zeros((0, 0))

    def columns(self, step: int, steps: int) -> Floats:
        """Return the learning rate and the coefficients of each step. Steps count from 0.

        Shapes: (1 + coefficients, steps, [K, 1]).
        """
        start = step - self._first
        if not 0 <= start <= self._block.shape[1] - steps:
            self._first, start = step, 0
            self._block = self._compute(np.arange(step, step + max(steps, BLOCK), dtype=float))
        return self._block[:, start : start + steps]

    def _compute(self, steps: Floats) -> Floats:
        rates = self._schedule.rates(steps, self._horizon, self._optimizer.learning_rate)
        column = (-1, *(1,) * self.scale.ndim)
        rates = rates.reshape(column) * self.scale
        counts = np.broadcast_to(steps.reshape(column) + 1, rates.shape)
        return np.stack([rates, *self._optimizer.coefficients(rates, counts)])
