"""Ebb's answers on a labelled table."""

from dataclasses import dataclass
from time import process_time

import numpy as np

from model.design import Floats
from model.estimator import Fitting
from model.metrics import auc, calibration_error, log_loss, reliability
from model.probabilities import sigmoid
from model.spec import Recipe
from tables.labelled import FOLDS, Labelled


@dataclass(frozen=True)
class Answers:
    """The mean figures of some answers over the folds: log loss, AUC, calibration error of all rows, seconds a fit."""

    loss: float
    auc: float
    error: float
    seconds: float

    @classmethod
    def of(cls, data: Labelled, log_odds: Floats, seconds: float, folds: int = FOLDS) -> "Answers":
        """Measure the log-odds of the rows of some folds, each from the fit that held it out."""
        chosen = [data.folds == fold for fold in range(folds)]
        losses = [log_loss(data.y[held], log_odds[held]) for held in chosen]
        areas = [auc(data.y[held], log_odds[held]) for held in chosen]
        every = data.folds < folds
        error = calibration_error(reliability(data.y[every], sigmoid(log_odds[every])))
        return cls(float(np.mean(losses)), float(np.mean(areas)), error, seconds / folds)


def ours(data: Labelled, recipe: Recipe, folds: int = FOLDS) -> Answers:
    """Train on four of five folds, and answer for the fifth; for the first `folds` of them."""
    found, started = np.empty(len(data.y)), process_time()
    for fold in range(folds):
        train, held = data.rows(fold)
        fitting = Fitting(data.table.take(train), target=data.target, spec=recipe)
        for _ in fitting.epochs():
            pass
        inputs = data.inputs(held)
        found[held] = fitting.estimator().log_odds(inputs.columns, inputs.rows)
    return Answers.of(data, found, process_time() - started, folds)
