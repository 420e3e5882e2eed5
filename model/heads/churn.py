"""The head for churn: a customer leaves or stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from model.calibration import UNCHANGED, Calibration, Line, calibrate, calibration_from_json, calibration_to_json
from model.columns.cells import Cells
from model.columns.target import OUTCOMES, check_outcome_counts, labels, refuse_missing
from model.design import Floats
from model.errors import ColumnError
from model.heads.head import Head
from model.metrics import auc, brier, calibration_error, log_loss, reliability
from model.probabilities import sigmoid


@dataclass(frozen=True)
class Churn(Head):
    """Predicts the churn probability σ(g(z)). The calibration g is fitted on validation rows.

    Units: the loss is in nats.
    """

    metric: ClassVar[str] = "valid_auc"
    calibration: Calibration = UNCHANGED

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

    def scaled(self, z: Floats) -> Floats:
        """Return the calibrated log-odds g(z)."""
        return self.calibration(z)

    @property
    def curve(self) -> Calibration:
        """The calibration."""
        return self.calibration

    def columns(self) -> tuple[str, ...]:
        """Return the one column of probabilities."""
        return ("churn_probability",)

    def calibrated(self, y: Floats, z: Floats) -> tuple["Churn", Floats, dict[str, Any]]:
        """Return the calibrated head, log-odds of each row calibrated on other rows, and the reliability table."""
        calibration, held, note = calibrate(y, z)
        figures = {
            "calibration": {
                "kind": "none" if calibration == UNCHANGED else calibration_to_json(calibration)["kind"],
                "slope": float(calibration.slope_at(z).mean()) if len(y) else 1.0,
                "shift": float(calibration(np.zeros(1))[0]),
                "note": note,
                "rows": len(y),
                "before": calibration_quality(y, z),
                "after": calibration_quality(y, held),
            },
            "reliability": reliability(y, sigmoid(held)),
        }
        return replace(self, calibration=calibration), held, figures

    def loss(self, y: Floats, scaled: Floats) -> float:
        """Return the mean cross-entropy."""
        return log_loss(y, scaled)

    def quality(self, y: Floats, scaled: Floats) -> float | None:
        """Return the AUC; None for one outcome only."""
        return auc(y, scaled) if y.min() < y.max() else None

    def facts(self, y: Floats) -> dict[str, Any]:
        """Return the share of churners."""
        return {"churn_rate": float(y.mean())}

    def to_json(self) -> dict[str, Any]:
        """Return the calibration as JSON values."""
        return {"calibration": calibration_to_json(self.calibration)}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Churn":
        """Return the head that `to_json` wrote. Earlier releases wrote the slope and shift of a line."""
        if "calibration" not in raw:
            return cls(Line(raw["slope"], shift=raw["shift"]))
        return cls(calibration_from_json(raw["calibration"]))


def calibration_quality(y: Floats, z: Floats) -> dict[str, float] | None:
    """Return log loss, Brier score and expected calibration error; None without rows."""
    if len(y) == 0:
        return None
    p = sigmoid(z)
    return {"log_loss": log_loss(y, z), "brier": brier(y, p), "calibration_error": calibration_error(reliability(y, p))}
