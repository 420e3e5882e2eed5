"""Explaining: the contributions of columns to a prediction, and the largest of them as reasons."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from model.columns import Table
from model.columns.cells import Scalar
from model.columns.encoder import Encoder
from model.design import Floats
from model.errors import EstimatorError
from model.heads import Classes, Head
from model.network.network import Network
from model.network.reasons import contributions


class Reason(NamedTuple):
    """The contribution of one column to a customer's log-odds or predicted number, against the baseline customer."""

    column: str
    value: Scalar
    contribution: float

    def to_json(self) -> dict[str, Any]:
        """Return the reason in the form of the API."""
        return {"column": self.column, "value": self.value, "contribution": self.contribution}


class Explained(NamedTuple):
    """The largest reasons of each row, and its gap: the difference that all reasons of the row leave unexplained."""

    reasons: list[list[Reason]]
    gaps: list[float]


@dataclass(frozen=True, eq=False)
class Explainer:
    """Explains the predictions of an estimator, from its parts."""

    encoder: Encoder
    network: Network
    head: Head
    baseline: Floats

    @cached_property
    def baseline_log_odds(self) -> float:
        """The log-odds of churn, or the predicted number, of the baseline customer."""
        self._check()
        return float(self._scaled(self.baseline[None])[0])

    def explain(self, table: Table, X: Floats, top: int | None = None) -> Explained:
        """Return the `top` largest reasons of each row, the largest first, and the gap. X is the encoded table."""
        found = self.contributions(X)
        order = np.argsort(-np.abs(found), axis=1, kind="stable")[:, :top]
        largest = np.take_along_axis(found, order, axis=1).tolist()
        names = self.encoder.names
        values = [table.columns[name].scalars() for name in names]
        reasons = [
            [Reason(names[j], values[j][row], contribution) for j, contribution in zip(*chosen, strict=True)]
            for row, chosen in enumerate(zip(order.tolist(), largest, strict=True))
        ]
        return Explained(reasons, self._unexplained(X, found).tolist())

    def contributions(self, X: Floats) -> Floats:
        """Return the contribution of each column, shape (n, columns).

        Raises: EstimatorError when the target is a class.
        """
        self._check()
        by_feature = contributions(self.network, self.baseline[None], X) * self.head.slope
        by_column = np.zeros((len(by_feature), len(self.encoder.groups)))
        for column, group in enumerate(self.encoder.groups):
            # One by one: NumPy sums a single row in another order than several rows.
            for feature in range(group.start, group.stop):
                by_column[:, column] += by_feature[:, feature]
        return by_column

    def _unexplained(self, X: Floats, by_column: Floats) -> Floats:
        rest = self._scaled(X) - self.baseline_log_odds
        for contribution in by_column.T:
            rest -= contribution
        return rest

    def _scaled(self, X: Floats) -> Floats:
        return self.head.scaled(self.network.logits(X))

    def _check(self) -> None:
        if isinstance(self.head, Classes):
            raise EstimatorError(
                "reasons explain one number, and this estimator predicts a probability for each class: "
                "train an estimator for the one class in question, yes or no"
            )
