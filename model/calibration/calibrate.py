"""Chooses a calibration by cross-validation on held-out rows."""

from typing import NamedTuple

import numpy as np

from model.calibration.beta import Beta
from model.calibration.calibration import Calibration
from model.calibration.line import Line
from model.calibration.newton import fit
from model.calibration.quadratic import Quadratic
from model.design import Floats
from model.metrics import log_losses
from model.random import shuffle, stream

CATALOG: dict[str, type[Calibration]] = {"line": Line, "beta": Beta, "quadratic": Quadratic}
UNCHANGED = Line()

FEWEST_ROWS = 100
FEWEST_OUTCOMES = 20  # churners, and customers who stayed
MANY_ROWS = 100_000  # a fit of three numbers to so many rows does not depend on a single row
FOLDS = 10
CROSSING = 1002  # the purpose of the random stream that draws the folds
STANDARD_ERRORS = 1.5  # decision 0007 has the experiment


class Calibrated(NamedTuple):
    """A calibration, the log-odds of each row as calibrated on other rows, and whether it was fitted, or why not."""

    calibration: Calibration
    held_out: Floats
    note: str


def calibrate(y: Floats, z: Floats) -> Calibrated:
    """Return the calibration of these held-out rows.

    Of each kind one is fitted, and its log loss is that of ten folds, each calibrated by the other nine. The kind of
    least log loss is taken if it lowers the log loss by more than 1.5 standard errors, over rows, of the difference.
    Otherwise, and with too few rows, the calibration is left out.

    Shapes: y (n,) of 0 and 1; z (n,), their log-odds.
    """
    outcomes = min(int(y.sum()), len(y) - int(y.sum()))
    if len(y) < FEWEST_ROWS or outcomes < FEWEST_OUTCOMES:
        needed = f"{FEWEST_ROWS} validation rows and {FEWEST_OUTCOMES} of either outcome"
        return Calibrated(UNCHANGED, z, f"left out: it takes {needed}")
    fitted = [_crossed(kind.identity(z), y, z) for kind in CATALOG.values()]
    losses = [log_losses(y, held) for _, held in fitted]
    best = int(np.argmin([each.mean() for each in losses]))
    gain = log_losses(y, z) - losses[best]
    if not gain.mean() > STANDARD_ERRORS * gain.std() / np.sqrt(len(y)):
        return Calibrated(UNCHANGED, z, "left out: rows held out from it are not clearly predicted better with it")
    return Calibrated(*fitted[best], "fitted")


def _crossed(identity: Calibration, y: Floats, z: Floats) -> tuple[Calibration, Floats]:
    """Return the calibration of all rows, and the log-odds of each row as calibrated on the other folds."""
    if len(y) >= MANY_ROWS:
        (whole,) = fit(identity, y, z)
        return whole, whole(z)
    # The folds are random. Folds stratified by risk and outcome would not test each other.
    fold = shuffle(stream(0, CROSSING), len(z)) % FOLDS
    numbers = np.arange(-1, FOLDS)[:, None]  # no fold has the number -1: the first fit is that of all rows
    whole, *others = fit(identity, y, z, fold != numbers)
    held = np.empty(len(z))
    for number, other in enumerate(others):
        held[fold == number] = other(z[fold == number])
    return whole, held
