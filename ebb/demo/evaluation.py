"""Evaluates a version on fresh customers, and compares it with the best possible."""

from dataclasses import dataclass

import numpy as np

from ebb.client import Client
from ebb.customers import CustomerTable, customers
from ebb.errors import DemoError
from model.design import Floats
from model.metrics import auc, log_loss, roc_points, wilson_interval

Points = list[tuple[float, float]]

BATCH = 10_000  # the most records a scoring request may hold
GROUPS = 20


@dataclass(frozen=True)
class Quality:
    """The metrics of one set of predictions."""

    auc: float
    log_loss: float
    roc: Points


@dataclass(frozen=True)
class ReliabilityGroup:
    """Customers of similar predicted risk: the predicted and the observed share, with a 95 % interval."""

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Evaluation:
    """The quality of a version, of the best possible, and of the base rate alone."""

    rows: int
    base_rate: float
    base_log_loss: float
    version: Quality
    best: Quality
    reliability: tuple[ReliabilityGroup, ...]

    @property
    def gap(self) -> float:
        """The difference between the best possible AUC and the version's."""
        return self.best.auc - self.version.auc


def evaluate(client: Client, model: str, version: int, *, rows: int, seed: int) -> Evaluation:
    """Score fresh customers over HTTP, in batches, and compare with their outcomes.

    Raises: DemoError if a customer was not scored; the client's errors.
    """
    fresh = customers(rows, seed, known=())
    return compare(fresh, _probabilities(client, model, version, fresh))


def compare(fresh: CustomerTable, predicted: Floats) -> Evaluation:
    """Compare predictions with the outcomes, and both with the true probabilities.

    Shapes: predicted (n,).
    """
    churned = fresh.churned.astype(np.float64)
    base = np.full(len(fresh), churned.mean())
    return Evaluation(
        rows=len(fresh),
        base_rate=float(churned.mean()),
        base_log_loss=log_loss(churned, _logits(base)),
        version=_quality(churned, predicted),
        best=_quality(churned, fresh.probability),
        reliability=tuple(reliability(churned, predicted)),
    )


def reliability(churned: Floats, predicted: Floats, groups: int = GROUPS) -> list[ReliabilityGroup]:
    """Group customers by predicted risk, in groups of equal size, the safest first.

    Shapes: both (n,).
    """
    order = np.argsort(predicted, kind="stable")
    made = []
    for members in np.array_split(order, groups):
        observed = float(churned[members].mean())
        low, high = wilson_interval(observed, len(members))
        made.append(ReliabilityGroup(len(members), float(predicted[members].mean()), observed, low, high))
    return made


def _probabilities(client: Client, model: str, version: int, fresh: CustomerTable) -> Floats:
    columns = fresh.columns()
    predicted: list[float] = []
    for start in range(0, len(fresh), BATCH):
        batch = {name: values[start : start + BATCH] for name, values in columns.items()}
        for score in client.score(model, {"columns": batch}, by=version).scores:
            if score.churn_probability is None:
                raise DemoError(f"customer {score.customer_id} was not scored: {score.error}")
            predicted.append(score.churn_probability)
    return np.array(predicted)


def _quality(churned: Floats, probability: Floats) -> Quality:
    return Quality(auc(churned, probability), log_loss(churned, _logits(probability)), roc_points(churned, probability))


def _logits(probability: Floats) -> Floats:
    """Return log-odds; probabilities of 0 and 1 are clipped by 10⁻⁹."""
    kept = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(kept) - np.log1p(-kept), dtype=np.float64)
