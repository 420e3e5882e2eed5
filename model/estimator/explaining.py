"""Explaining: the contributions of columns to a prediction, and the largest of them as reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from model.calibration import Line
from model.columns import Table
from model.columns.cells import Scalar
from model.columns.encoder import Encoder
from model.columns.phrases import Phrase
from model.design import Floats
from model.errors import EstimatorError
from model.estimator.background import Background
from model.heads import Classes, Head
from model.network.blend import Blend
from model.network.network import Network
from model.network.reasons import contributions

Direction: TypeAlias = Literal["raising", "lowering"]
"""Which reasons to return: those that raise the prediction, or those that lower it."""


class Reason(NamedTuple):
    """The contribution of one column to a customer's log-odds or predicted number, against the baseline.

    `text` says the value in a sentence.
    """

    column: str
    value: Scalar
    contribution: float
    text: str

    def to_json(self) -> dict[str, Scalar]:
        """Return the reason in the form of the API."""
        return self._asdict()


class Explained(NamedTuple):
    """The largest reasons of each row, and its gap: the difference that all reasons of the row leave unexplained.

    With a direction, a row may have fewer reasons than another.
    """

    reasons: list[list[Reason]]
    gaps: list[float]


@dataclass(frozen=True, eq=False)
class Explainer:
    """Explains the predictions of an estimator, from its parts."""

    encoder: Encoder
    network: Network | Blend
    head: Head
    background: Background
    phrases: Mapping[str, Phrase]

    @cached_property
    def baseline_log_odds(self) -> float:
        """The mean log-odds of churn, or the mean predicted number, of the background."""
        self._check()
        return float(self._scaled(self.background.rows).mean())

    def explain(self, table: Table, X: Floats, top: int | None = None, direction: Direction | None = None) -> Explained:
        """Return the `top` largest reasons of each row, the largest first, and the gap. X is the encoded table.

        With a direction, only reasons in this direction are returned.
        """
        found = self.contributions(X)
        order = np.argsort(_rank(found, direction), axis=1, kind="stable")[:, :top]
        largest = np.take_along_axis(found, order, axis=1)
        counts = np.full(len(found), order.shape[1])
        if direction is not None:
            counts = ((largest > 0.0) if direction == "raising" else (largest < 0.0)).sum(axis=1)
        values = [table.columns[name].scalars() for name in self.encoder.names]
        reasons = [
            [self._reason(j, values[j][row], contribution) for j, contribution in zip(chosen, by[:count], strict=False)]
            for row, (chosen, by, count) in enumerate(
                zip(order.tolist(), largest.tolist(), counts.tolist(), strict=True)
            )
        ]
        return Explained(reasons, self._unexplained(X, found).tolist())

    @cached_property
    def _phrases(self) -> list[Phrase]:
        return [self.phrases.get(name) or Phrase(name) for name in self.encoder.names]

    def _reason(self, column: int, value: Scalar, contribution: float) -> Reason:
        text = self._phrases[column].sentence(value, contribution)
        return Reason(self.encoder.names[column], value, contribution, text)

    def contributions(self, X: Floats) -> Floats:
        """Return the contribution of each column, shape (n, columns).

        Raises: EstimatorError when the target is a class.
        """
        self._check()
        curve = self.head.curve
        if isinstance(curve, Line):
            by_feature = contributions(self.network, self.background.rows, X) * curve.slope
        else:
            by_feature = contributions(self.network, self.background.rows, X, curve)
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


def _rank(contributions: Floats, direction: Direction | None) -> Floats:
    """Return numbers that are smaller for the contributions to return first."""
    if direction is None:
        return -np.abs(contributions)
    return -contributions if direction == "raising" else contributions
