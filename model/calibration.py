"""Calibration: a linear map of log-odds, fitted on held-out rows, that makes predicted and observed churn agree."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.metrics import log_loss
from model.probabilities import sigmoid
from model.random import shuffle, stream

FEWEST_ROWS = 100
FEWEST_OUTCOMES = 20  # churners, and customers who stayed
MANY_ROWS = 100_000  # a fit of two numbers to so many rows does not depend on a single row
FOLDS = 10
CROSSING = 1002  # the purpose of the random stream that draws the folds
NEWTON_STEPS = 50
CLOSE = 1e-15  # nats: the fit stops when a step would gain less


@dataclass(frozen=True)
class Calibration:
    """Maps log-odds z to slope · z + shift. Customers keep their order, and reasons scale by the slope.

    The note says whether the calibration was fitted or left out, and why. It is part of an estimator's bytes.
    """

    slope: float = 1.0
    shift: float = 0.0
    note: str = "fitted"

    def __call__(self, z: Floats) -> Floats:
        """Return calibrated log-odds."""
        return np.asarray(z * self.slope + self.shift)


UNCHANGED = Calibration()


def calibrate(y: Floats, z: Floats) -> tuple[Calibration, Floats]:
    """Return the calibration of these held-out rows, and their cross-fitted calibrated log-odds.

    The calibration is left out if there are too few rows, or if it does not lower the log loss of ten folds, each
    calibrated by the other nine.

    Shapes: y (n,) of 0 and 1; z (n,), their log-odds; result (n,).
    """
    outcomes = min(int(y.sum()), len(y) - int(y.sum()))
    if len(y) < FEWEST_ROWS or outcomes < FEWEST_OUTCOMES:
        needed = f"{FEWEST_ROWS} validation rows and {FEWEST_OUTCOMES} of either outcome"
        return Calibration(note=f"left out: it takes {needed}"), z
    whole = platt(y, z)
    crossed = whole(z)
    # The folds are random. Folds stratified by risk and outcome would not test each other.
    fold = shuffle(stream(0, CROSSING), len(z)) % FOLDS
    for each in range(FOLDS if len(y) < MANY_ROWS else 0):
        crossed[fold == each] = platt(y[fold != each], z[fold != each], whole)(z[fold == each])
    if whole.slope <= 0.0 or log_loss(y, crossed) >= log_loss(y, z):
        return Calibration(note="left out: rows held out from it are predicted no better with it"), z
    return whole, crossed


def platt(y: Floats, z: Floats, start: Calibration = UNCHANGED) -> Calibration:
    """Return the slope and shift of least log loss, by Newton's method with step halving.

    Labels are smoothed by one row of each outcome, so that the slope stays finite when z separates the outcomes.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999; Lin, Lin & Weng, "A note on Platt's
    probabilistic outputs for support vector machines", 2007.
    """
    churned, mean, spread = y.sum(), z.mean(), z.std()
    if spread == 0.0:
        return Calibration(note="left out: all rows are predicted alike")
    target = np.where(y > 0.5, (churned + 1) / (churned + 2), 1 / (len(y) - churned + 2))
    Z = np.stack([(z - mean) / spread, np.ones(len(z))], axis=1)
    line = np.array([start.slope * spread, start.shift + start.slope * mean])
    loss = log_loss(target, Z @ line)
    for _ in range(NEWTON_STEPS):
        p = sigmoid(Z @ line)
        curvature = (Z.T * (p * (1.0 - p))) @ Z / len(z) + 1e-9 * np.eye(2)
        gradient = Z.T @ (p - target) / len(z)
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step < CLOSE:
            break
        while (lower := log_loss(target, Z @ (line - step))) > loss and np.abs(step).max() > 1e-12:
            step = step / 2
        if not lower < loss:
            break
        line, loss = line - step, lower
    slope = float(line[0] / spread)
    return Calibration(slope, float(line[1] - slope * mean))
