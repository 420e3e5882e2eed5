"""Metrics of predictions: ranking, losses, accuracy and reliability, accumulated in float64."""

import math

import numpy as np

from model.design import Floats

Z95 = 1.959963984540054


def auc(y: Floats, scores: Floats) -> float:
    """Return the area under the ROC curve: the share of pairs with the churner ranked above; ties count half.

    Shapes: y (n,) of 0 and 1; scores (n,).

    Raises: ValueError when there is one outcome only.

    Example:
        >>> auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.4, 0.4, 0.9]))
        0.875
    """
    positives = int(y.sum())
    negatives = len(y) - positives
    if positives == 0 or negatives == 0:
        raise ValueError("AUC needs both outcomes")
    stayed, left = np.sort(scores[y == 0.0]), np.sort(scores[y == 1.0])
    below, not_above = np.searchsorted(stayed, left, "left"), np.searchsorted(stayed, left, "right")
    return (int(below.sum()) + int(not_above.sum())) / (2 * positives * negatives)


def log_loss(y: Floats, logits: Floats) -> float:
    """Return the mean binary cross-entropy of logits, in nats, in a form without the logarithm of zero.

    Example:
        >>> z = np.log(0.15 / 0.85)
        >>> round(log_loss(np.array([0.0]), np.array([z])), 3)
        0.163
    """
    return float(np.mean(log_losses(y, logits)))


def log_losses(y: Floats, logits: Floats) -> Floats:
    """Return the binary cross-entropy of each row, in nats: (n,) and (n,) to (n,)."""
    return np.asarray(np.maximum(logits, 0.0) - logits * y + np.log1p(np.exp(-np.abs(logits))))


def average_precision(y: Floats, scores: Floats) -> float:
    """Return the average precision, a form of the area under the precision-recall curve; ties count as one step.

    Shapes: y (n,) of 0 and 1, not all 0; scores (n,).

    Source: Davis & Goadrich, "The relationship between precision-recall and ROC curves", 2006.

    Example:
        >>> average_precision(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.4, 0.4, 0.9]))
        0.8333333333333333
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order]) != 0.0), len(order) - 1)
    caught = np.cumsum(y[order])[ends]
    return float(np.diff(caught, prepend=0.0) @ (caught / (ends + 1)) / caught[-1])


def cross_entropy(y: Floats, logits: Floats) -> float:
    """Return the mean categorical cross-entropy in nats. Classes are numbered from 0.

    Shapes: y (n,); logits (n, c).

    Example:
        >>> round(cross_entropy(np.array([1.0]), np.zeros((1, 4))), 3)  # ln 4
        1.386
    """
    largest = logits.max(1)
    total = np.log(np.exp(logits - largest[:, None]).sum(1)) + largest
    return float(np.mean(total - logits[np.arange(len(y)), y.astype(int)]))


def accuracy(y: Floats, logits: Floats) -> float:
    """Return the share of rows whose largest logit is that of their class.

    Shapes: y (n,); logits (n, c).
    """
    return float((logits.argmax(1) == y).mean())


def squared_error(y: Floats, predictions: Floats) -> float:
    """Return the mean squared error.

    Shapes: both (n,).
    """
    return float(np.mean((predictions - y) ** 2))


def roc_points(y: Floats, scores: Floats, most: int = 200) -> list[tuple[float, float]]:
    """Return about `most` points of the ROC curve: (false positive rate, true positive rate)."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order]) != 0.0), len(order) - 1)
    caught = np.cumsum(y[order])[ends]
    alarms = ends + 1 - caught
    true_rate, false_rate = caught / max(caught[-1], 1.0), alarms / max(alarms[-1], 1.0)
    kept = np.unique(np.linspace(0, len(ends) - 1, min(most, len(ends))).round().astype(int))
    return [(0.0, 0.0), *((float(false_rate[i]), float(true_rate[i])) for i in kept)]


def brier(y: Floats, probabilities: Floats) -> float:
    """Return the Brier score: the mean squared error of probabilities.

    Source: Brier, "Verification of forecasts expressed in terms of probability", 1950.
    """
    return squared_error(y, probabilities)


def calibration_error(groups: list[dict[str, float]]) -> float:
    """Return the expected calibration error: the mean distance of predicted and observed churn over the rows.

    Source: Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015.

    Example:
        >>> calibration_error([{"rows": 3, "predicted": 0.25, "observed": 0.5},
        ...                    {"rows": 1, "predicted": 1, "observed": 1}])
        0.1875
    """
    rows = sum(group["rows"] for group in groups)
    return sum(group["rows"] * abs(group["predicted"] - group["observed"]) for group in groups) / rows


def reliability(y: Floats, probabilities: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Return predicted and observed churn in groups of equal size, by rising predicted risk."""
    order = np.argsort(probabilities, kind="stable")
    groups = [rows for rows in np.array_split(order, bins) if len(rows)]
    return [
        {
            "rows": len(rows),
            "predicted": float(probabilities[rows].mean()),
            "observed": float(y[rows].mean()),
        }
        for rows in groups
    ]


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share observed in so many rows.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Example:
        >>> low, high = wilson_interval(0.5, 100)
        >>> round(low, 4), round(high, 4)
        (0.4038, 0.5962)
    """
    z2 = Z95 * Z95 / rows
    centre = (share + z2 / 2) / (1 + z2)
    half = Z95 / (1 + z2) * math.sqrt(share * (1 - share) / rows + z2 / (4 * rows))
    return max(0.0, centre - half), min(1.0, centre + half)
