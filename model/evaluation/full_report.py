"""The evaluation of a version on rows that it did not train on, as one JSON object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from model.campaign import Economics
from model.columns import Table
from model.design import Floats
from model.evaluation.contacts import DEFAULT_ECONOMICS, deciles, operating_points, profit_curve, thresholds
from model.evaluation.figures import difference, figures
from model.evaluation.resampling import Resampling
from model.evaluation.slices import worst_slices
from model.metrics import auc, log_loss
from model.probabilities import sigmoid

FEWEST_ROWS, FEWEST_OF_OUTCOME = 50, 10
"""The fewest rows to compare on. With fewer, two equally good versions pass in more than 5 % of comparisons, which is
twice as often as a confidence of 95 % says."""

BASE_RATE, LOGISTIC_REGRESSION, CHAMPION = "base_rate", "logistic_regression", "champion"


@dataclass(frozen=True, eq=False)
class OtherModel:
    """Another model's log-odds, and facts about it. `rows` are those of the report that it did not train on."""

    log_odds: Floats
    facts: Mapping[str, Any] = field(default_factory=dict)
    rows: np.ndarray | None = None


def evaluate(  # noqa: PLR0913 - the rows, what to compare with, and two settings
    y: Floats,
    z: Floats,
    columns: Table,
    *,
    others: Mapping[str, OtherModel] | None = None,
    economics: Economics = DEFAULT_ECONOMICS,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the report of rows with these outcomes, of which there must be both, and calibrated log-odds.

    Shapes: y and z (n,); `columns` has the n rows whose slices are looked at.
    """
    p, resampling, rate = sigmoid(z), Resampling(y, seed), float(y.mean())
    base = OtherModel(np.full(len(y), np.log(rate / (1.0 - rate))), {"churn_rate": rate})
    return {
        "rows": len(y),
        "churners": int(y.sum()),
        "metrics": figures(y, z, resampling),
        "beside": {
            name: beside(y, z, other, resampling) for name, other in {BASE_RATE: base, **(others or {})}.items()
        },
        "deciles": deciles(y, p),
        "thresholds": thresholds(y, p),
        "operating_points": operating_points(y, p),
        "profit": profit_curve(y, p, economics),
        "slices": worst_slices(y, z, columns.columns),
    }


def beside(y: Floats, z: Floats, model: OtherModel, resampling: Resampling) -> dict[str, Any]:
    """Return the figures of both models on the rows that neither trained on, or a note where these are too few.

    `difference` is by how much the other model's log loss is higher: above zero, the version is better.
    """
    other = model.log_odds
    if model.rows is not None:
        y, z, other = y[model.rows], z[model.rows], other[model.rows]
        resampling = resampling.of(y)
    facts: dict[str, Any] = {**model.facts, "rows": len(y)}
    if "version" in facts and too_few(y):
        needed = f"{FEWEST_ROWS} rows with {FEWEST_OF_OUTCOME} of each outcome that neither has seen are needed"
        return {**facts, "note": f"cannot tell: {needed}"}
    return {
        **facts,
        "log_loss": round(log_loss(y, other), 6),
        "auc": round(auc(y, other), 6),
        "version_log_loss": round(log_loss(y, z), 6),
        "version_auc": round(auc(y, z), 6),
        "difference": difference(y, z, other, resampling),
    }


def too_few(y: Floats) -> bool:
    """Tell whether there are too few rows to compare two versions on."""
    return len(y) < FEWEST_ROWS or bool(min(y.sum(), len(y) - y.sum()) < FEWEST_OF_OUTCOME)
