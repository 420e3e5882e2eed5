"""The head for a number: regression."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from model.calibration import Calibration, Line
from model.columns.cells import Cells, Numbers
from model.columns.target import refuse_missing
from model.design import Floats
from model.errors import ColumnError, TableError
from model.heads.head import Head
from model.metrics import squared_error

LARGEST = 1e100  # beyond it, squares and their sums leave float64


@dataclass(frozen=True)
class Number(Head):
    """Predicts slope · z + shift, with the standard deviation and the mean of the labels of the training rows.

    The network learns labels of mean 0 and deviation 1, whatever the units of the target.

    Units: predictions in those of the target, losses in their square.
    """

    metric: ClassVar[str] = "valid_rmse"
    slope: float = 1.0
    shift: float = 0.0

    @classmethod
    def read(cls, cells: Cells, name: str) -> tuple["Number", Floats]:
        """Return the head, and the number of each row.

        Raises: ColumnError when the column has values other than numbers; TableError when all are equal.
        """
        refuse_missing(cells, name)
        if not isinstance(cells, Numbers):
            raise ColumnError(
                f"target column {name!r} holds {cells.scalar(0)!r} in row 1, which is not a number: name a column of "
                'numbers, or set "loss" in the training spec to "softmax_cross_entropy" for classes'
            )
        y = cells.values
        strange = np.flatnonzero(~(np.abs(y) <= LARGEST))
        if len(strange):
            raise ColumnError(
                f"target column {name!r} holds {y[strange[0]]:g} in row {strange[0] + 1}, beyond ±{LARGEST:g}: "
                "correct it, or use larger units for the column"
            )
        if y.min() == y.max():
            raise TableError(f"target column {name!r} is {y[0]:g} in all {len(y):,} rows: nothing can be learned")
        return cls(), y

    def fitted(self, y: Floats) -> "Number":
        """Return the head with the mean and standard deviation of these numbers."""
        mean = float(y.mean())
        return replace(self, slope=float(np.sqrt(np.mean((y - mean) ** 2))) or 1.0, shift=mean)

    def labels(self, y: Floats) -> Floats:
        """Return (y − shift) / slope."""
        return np.asarray((y - self.shift) / self.slope)

    def scaled(self, z: Floats) -> Floats:
        """Return slope · z + shift."""
        return np.asarray(z * self.slope + self.shift)

    @property
    def curve(self) -> Calibration:
        """The line with slope and shift."""
        return Line(self.slope, shift=self.shift)

    def strata(self, y: Floats) -> tuple[Floats, Sequence[str]]:
        """Return one stratum for all rows."""
        return np.zeros(len(y)), ("rows",)

    def columns(self) -> tuple[str, ...]:
        """Return the one column of predictions."""
        return ("predicted",)

    def loss(self, y: Floats, scaled: Floats) -> float:
        """Return the mean squared error."""
        return squared_error(y, scaled)

    @property
    def loss_unit(self) -> float:
        """The variance of the labels of the training rows."""
        return self.slope**2

    def quality(self, y: Floats, scaled: Floats) -> float | None:
        """Return the root of the mean squared error."""
        return float(np.sqrt(self.loss(y, scaled)))

    def facts(self, y: Floats) -> dict[str, Any]:
        """Return the range and mean of the numbers."""
        return {"target_min": float(y.min()), "target_mean": float(y.mean()), "target_max": float(y.max())}
