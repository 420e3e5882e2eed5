"""The figures of a version on rows that it did not train on, each with a bootstrap interval."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.evaluation.resampling import Resampling
from model.metrics import auc, average_precision, brier, calibration_error, log_loss, log_losses, reliability
from model.probabilities import sigmoid

BINS = 10

Statistics = Callable[[Floats], Floats]
"""Maps counts of rows, (resamples, rows), to a figure of each resample."""


def figures(y: Floats, z: Floats, resampling: Resampling) -> dict[str, dict[str, float]]:
    """Return AUC, average precision (PR-AUC), log loss, Brier score and calibration error with 95 % intervals.

    Shapes: y (n,) of 0 and 1, both outcomes; z (n,), calibrated log-odds.
    """
    whole, chosen = _values(y, z), resampling.chosen
    part = whole if len(chosen) == len(y) else _values(y[chosen], z[chosen])
    statistics = _statistics(y[chosen], z[chosen])
    blocks = [statistics(counts) for counts in resampling.blocks()]
    found = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    intervals = {
        name: resampling.interval_of_distance(value, part[name], found[name], found["noise"])
        if name == "calibration_error"
        else resampling.interval(value, part[name], found[name])
        for name, value in whole.items()
    }
    return {name: with_interval(value, intervals[name]) for name, value in whole.items()}


def difference(y: Floats, z: Floats, other: Floats, resampling: Resampling) -> dict[str, float]:
    """Return by how much the log loss of `other` is higher, with a paired 95 % interval.

    Above zero, z is better than `other`.
    """
    better = log_losses(y, other) - log_losses(y, z)
    chosen = better[resampling.chosen]
    found = np.concatenate([counts @ chosen for counts in resampling.blocks()]) / len(chosen)
    value = float(better.mean())
    return with_interval(value, resampling.interval(value, float(chosen.mean()), found))


def with_interval(value: float, interval: tuple[float, float]) -> dict[str, float]:
    """Return a figure and its interval in the form of the report."""
    return {"value": round(value, 6), "low": round(interval[0], 6), "high": round(interval[1], 6)}


def _values(y: Floats, z: Floats) -> dict[str, float]:
    p = sigmoid(z)
    return {
        "auc": auc(y, z),
        "average_precision": average_precision(y, z),
        "log_loss": log_loss(y, z),
        "brier": brier(y, p),
        "calibration_error": calibration_error(reliability(y, p, BINS)),
    }


def _statistics(y: Floats, z: Floats) -> Callable[[Floats], dict[str, Floats]]:
    """Return a function from counts of rows to the same figures of each resample.

    `noise` is the distance of a resample's calibration from that of all rows.
    """
    order = np.argsort(-z, kind="stable")
    y, z = y[order], z[order]
    starts = np.flatnonzero(np.append(True, np.diff(z) != 0.0))
    p, group = sigmoid(z), np.arange(len(z)) * BINS // len(z)
    bins = (group[:, None] == np.arange(BINS)) * (p - y)[:, None]  # predicted less observed churn, by group of risk
    means = np.column_stack([log_losses(y, z), np.square(p - y)])

    def all_of(counts: Floats) -> dict[str, Floats]:
        counts = counts[:, order]
        total = counts.sum(1)
        entropy, squares = (counts @ means).T / total
        gaps = counts @ bins / total[:, None]
        return {
            **_ranking(counts, y, starts),
            "log_loss": entropy,
            "brier": squares,
            "calibration_error": np.abs(gaps).sum(1),
            "noise": np.abs(gaps - bins.mean(0)).sum(1),
        }

    return all_of


def _ranking(counts: Floats, y: Floats, starts: NDArray[np.int64]) -> dict[str, Floats]:
    """Return AUC and average precision of resamples; NaN for one outcome only. Rows are sorted by falling risk."""
    left, all_rows = counts * y, counts
    if len(starts) < len(y):  # ties count as one step
        left, all_rows = (np.add.reduceat(each, starts, axis=1) for each in (left, counts))
    caught, contacted = np.cumsum(left, 1), np.cumsum(all_rows, 1)
    stayed, churned = all_rows - left, caught[:, -1]
    kept = contacted[:, -1] - churned
    below = kept[:, None] - (contacted - caught) + stayed / 2.0
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(contacted > 0.0, caught / contacted, 0.0)
        return {
            "auc": np.einsum("ij,ij->i", left, below) / (churned * kept),
            "average_precision": np.einsum("ij,ij->i", left, precision) / churned,
        }


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a table with six digits after the point.

    Example:
        >>> rounded({"rows": 3, "observed": 1 / 3})
        {'rows': 3, 'observed': 0.333333}
    """
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}
