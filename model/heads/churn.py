"""The head for churn: a customer leaves or stays."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from model.calibration import calibrate
from model.columns.cells import Cells
from model.columns.target import OUTCOMES, check_outcome_counts, labels, refuse_missing
from model.design import Floats
from model.errors import ColumnError
from model.heads.head import Head
from model.metrics import auc, brier, calibration_error, log_loss, reliability
from model.probabilities import sigmoid


@dataclass(frozen=True)
class Churn(Head):
    """Predicts the churn probability σ(slope · z + shift). The validation rows calibrate slope and shift.

    Units: the loss is in nats.
    """

    metric: ClassVar[str] = "valid_auc"

    @classmethod
    def read(cls, cells: Cells, name: str) -> tuple["Churn", Floats]:
        """Return the head, and the label of each row: 1 for churned, 0 for stayed.

        Raises: ColumnError when the column has values other than yes and no; TableError when all labels are equal.
        """
        refuse_missing(cells, name)
        try:
            y = labels(cells, name)
        except ColumnError as error:
            raise ColumnError(
                f'{error}. For another target set "loss" in the training spec: "squared_error" for numbers, '
                '"softmax_cross_entropy" for classes'
            ) from error
        check_outcome_counts(int(y.sum()), len(y))
        return cls(), y

    def strata(self, y: Floats) -> tuple[Floats, Sequence[str]]:
        """Return the outcomes."""
        return y, OUTCOMES

    def predictions(self, z: Floats) -> Floats:
        """Return the churn probabilities, (n,) to (n,)."""
        return sigmoid(self.scaled(z))

    def columns(self) -> tuple[str, ...]:
        """Return the one column of probabilities."""
        return ("churn_probability",)

    def calibrated(self, y: Floats, z: Floats) -> tuple["Churn", Floats, dict[str, Any]]:
        """Return the calibrated head, log-odds of each row calibrated on other rows, and the reliability table."""
        fit, held = calibrate(y, z)
        figures = {
            "calibration": {
                **asdict(fit),
                "rows": len(y),
                "before": calibration_quality(y, z),
                "after": calibration_quality(y, held),
            },
            "reliability": reliability(y, sigmoid(held)),
        }
        return replace(self, slope=fit.slope, shift=fit.shift), held, figures

    def loss(self, y: Floats, scaled: Floats) -> float:
        """Return the mean cross-entropy."""
        return log_loss(y, scaled)

    def quality(self, y: Floats, scaled: Floats) -> float | None:
        """Return the AUC; None for one outcome only."""
        return auc(y, scaled) if y.min() < y.max() else None

    def facts(self, y: Floats) -> dict[str, Any]:
        """Return the share of churners."""
        return {"churn_rate": float(y.mean())}


def calibration_quality(y: Floats, z: Floats) -> dict[str, float] | None:
    """Return log loss, Brier score and expected calibration error; None without rows."""
    if len(y) == 0:
        return None
    p = sigmoid(z)
    return {"log_loss": log_loss(y, z), "brier": brier(y, p), "calibration_error": calibration_error(reliability(y, p))}
