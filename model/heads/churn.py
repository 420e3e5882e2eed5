"""The head of churn: who leaves, yes or no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from model.columns.cells import Cells, Scalar
from model.columns.target import check_both, labels
from model.design import Floats
from model.errors import ColumnError
from model.heads.head import Head, refuse_gaps
from model.heads.probabilities import probability
from model.metrics import auc, log_loss


@dataclass(frozen=True)
class Churn(Head):
    """The churn probability is σ of the log-odds slope · z + shift.

    Units: the loss is in nats.
    """

    metric: ClassVar[str] = "valid_auc"

    @classmethod
    def read(cls, cells: Cells, name: str) -> tuple["Churn", Floats]:
        """Return the head, and 1 for who churned and 0 for who stayed.

        Raises: ColumnError when the column says something else than yes and no; TableError when it says only one.
        """
        refuse_gaps(cells, name)
        try:
            y = labels(cells, name)
        except ColumnError as error:
            raise ColumnError(
                f'{error}. For another target set "loss" in the training spec: "squared_error" for numbers, '
                '"softmax_cross_entropy" for classes'
            ) from error
        check_both(y)
        return cls(), y

    def strata(self, y: Floats) -> tuple[Floats, Sequence[str]]:
        """Return the outcomes."""
        return y, ("customers who stayed", "churners")

    def predictions(self, z: Floats) -> Floats:
        """Return the churn probabilities, (n,) to (n,)."""
        return probability(self.explained(z))

    def columns(self) -> tuple[str, ...]:
        """Return the one column of probabilities."""
        return ("churn_probability",)

    def answers(self, predictions: Floats) -> list[list[Scalar]]:
        """Return the probabilities."""
        return [predictions.tolist()]

    def loss(self, y: Floats, z: Floats) -> float:
        """Return the mean cross-entropy."""
        return log_loss(y, self.explained(z))

    def quality(self, y: Floats, z: Floats) -> float | None:
        """Return the AUC; None for one outcome only."""
        return auc(y, z) if y.min() < y.max() else None

    def facts(self, y: Floats) -> dict[str, Any]:
        """Return the share of churners."""
        return {"churn_rate": float(y.mean())}
