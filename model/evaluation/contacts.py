"""Tables for the choice whom to contact: lift and gain by decile, thresholds, operating points, the profit curve."""

from typing import Any

import numpy as np

from model.campaign import Economics, expected_profits
from model.design import Floats
from model.evaluation.figures import rounded

DEFAULT_ECONOMICS = Economics(customer_value=200.0, offer_cost=10.0, contact_cost=1.0, acceptance=0.3)
"""The example of docs/guides/scoring.md; a report says which economics it was computed with."""

COSTS_AND_GAINS = ("customer_value", "offer_cost", "contact_cost", "acceptance")
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
DECILES = 10
POINTS = 20
OPERATING_POINTS = 50


def deciles(y: Floats, p: Floats) -> list[dict[str, Any]]:
    """Return lift and gain of ten groups of equal size, the most at risk first.

    Lift is the observed churn of the group over that of all rows. Gain is the share of all churners in this group and
    those before it.
    """
    order = np.argsort(-p, kind="stable")
    mean, churned, caught = float(y.mean()), float(y.sum()), 0.0
    rows = []
    for group in np.array_split(order, DECILES):
        if len(group):
            observed = float(y[group].mean())
            caught += float(y[group].sum())
            rows.append(
                rounded(
                    {
                        "rows": len(group),
                        "predicted": float(p[group].mean()),
                        "observed": observed,
                        "lift": observed / mean,
                        "gain": caught / churned,
                    }
                )
            )
    return rows


def thresholds(y: Floats, p: Floats) -> list[dict[str, Any]]:
    """Return precision and recall of contacting the customers of at least each churn probability.

    `contacted` is a share of the rows; precision is None where no customer is contacted.
    """
    ranked = np.argsort(-p, kind="stable")
    caught = np.append(0.0, np.cumsum(y[ranked]))
    counts = np.searchsorted(-p[ranked], -np.array(THRESHOLDS), "right")
    rows = []
    for threshold, count in zip(THRESHOLDS, counts.tolist(), strict=True):
        precision = float(caught[count] / count) if count else None
        recall = float(caught[count] / caught[-1])
        rows.append(
            rounded(
                {
                    "threshold": threshold,
                    "contacted": count / len(y),
                    "precision": precision,
                    "recall": recall,
                    "f1": float(2.0 * caught[count] / (count + caught[-1])),
                }
            )
        )
    return rows


def operating_points(y: Floats, p: Floats) -> list[dict[str, Any]]:
    """Return points of the ROC and precision-recall curves, at thresholds that are spread evenly along the first.

    A point is of contacting the customers of at least the threshold. Customers of equal probability share a point.
    """
    ranked = np.argsort(-p, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(p[ranked]) != 0.0), len(p) - 1)
    caught = np.cumsum(y[ranked])[ends]
    alarms = ends + 1 - caught
    recall, false = caught / caught[-1], alarms / alarms[-1]
    along = np.linspace(0.0, 2.0, OPERATING_POINTS + 1)[1:]
    places = np.unique(np.append(0, np.searchsorted(recall + false, along).clip(max=len(ends) - 1)))
    return [
        rounded(
            {
                "threshold": float(p[ranked[ends[i]]]),
                "false_positive_rate": float(false[i]),
                "recall": float(recall[i]),
                "precision": float(caught[i] / (ends[i] + 1)),
            }
        )
        for i in places.tolist()
    ]


def profit_curve(y: Floats, p: Floats, economics: Economics) -> dict[str, Any]:
    """Return the profit of contacting the customers most at risk, by their share, and the most profitable share.

    Profits are expected values, given who left: a churner who is contacted accepts the offer with the probability
    `acceptance`. `planned` is the profit of contacting where the expected profit is above zero.

    Units: profit in the money of the economics, for a customer of the table.
    """
    order = np.argsort(-p, kind="stable")
    profits = np.append(0.0, np.cumsum(expected_profits(y[order], economics))) / len(y)
    counts = np.unique(np.linspace(0, len(y), POINTS + 1).round().astype(int)).tolist()
    best = int(profits.argmax())
    planned = 0 if economics.threshold is None else int((p > economics.threshold).sum())
    return {
        "economics": {name: getattr(economics, name) for name in COSTS_AND_GAINS},
        "curve": [rounded({"contacted": count / len(y), "profit": float(profits[count])}) for count in counts],
        "best": rounded(
            {
                "contacted": best / len(y),
                "threshold": float(p[order[best - 1]]) if best else None,
                "profit": float(profits[best]),
            }
        ),
        "planned": rounded(
            {
                "contacted": planned / len(y),
                "threshold": economics.threshold,
                "profit": float(profits[planned]),
            }
        ),
    }
