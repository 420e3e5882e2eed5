"""The base class of heads: they map the cells of a target to labels, and logits to predictions."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

from model.calibration import UNCHANGED, Calibration
from model.columns.cells import Cells, Scalar
from model.design import Floats

Self = TypeVar("Self", bound="Head")


@dataclass(frozen=True)
class Head(ABC):
    """The kind of a target, the figures fitted to its labels, and the meaning of logits.

    With one logit z, reasons sum to the differences of `scaled(z)`.
    """

    metric: ClassVar[str]
    """The name of the metric on validation rows, beside the loss."""

    @classmethod
    @abstractmethod
    def read(cls: type[Self], cells: Cells, name: str) -> tuple[Self, Floats]:
        """Return the head of a target column, and the label of each row in the units of the target.

        Raises: ColumnError when the column is not a target of this kind; TableError when all labels are equal.
        """

    def fitted(self: Self, y: Floats) -> Self:
        """Return the head with figures fitted to the labels of the training rows."""
        return self

    def labels(self, y: Floats) -> Floats:
        """Return labels in the form that the loss compares with logits."""
        return y

    @abstractmethod
    def strata(self, y: Floats) -> tuple[Floats, Sequence[str]]:
        """Return the stratum of each row, by number, and the names of the strata, to draw validation rows."""

    def calibrated(self: Self, y: Floats, z: Floats) -> tuple[Self, Floats, dict[str, Any]]:
        """Return the head calibrated on validation rows, their calibrated `scaled`, and figures for the metrics.

        The calibration of a row is fitted on other rows.
        """
        return self, self.scaled(z), {}

    def scaled(self, z: Floats) -> Floats:
        """Return the numbers that contributions sum to, by default the logits."""
        return z

    @property
    def curve(self) -> Calibration:
        """The curve from logits to `scaled`."""
        return UNCHANGED

    def predictions(self, z: Floats) -> Floats:
        """Return the predictions of logits, by default `scaled`. A row's bits do not depend on its neighbours."""
        return self.scaled(z)

    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns of `answers`."""

    def answers(self, predictions: Floats) -> list[list[Scalar]]:
        """Return the predictions as values of these columns, by default of one."""
        return [predictions.tolist()]

    @abstractmethod
    def loss(self, y: Floats, scaled: Floats) -> float:
        """Return the mean loss in the units of the target."""

    @property
    def loss_unit(self) -> float:
        """The factor from the training loss to the units of the target."""
        return 1.0

    @abstractmethod
    def quality(self, y: Floats, scaled: Floats) -> float | None:
        """Return the metric; None when it is not defined for these rows."""

    @abstractmethod
    def facts(self, y: Floats) -> dict[str, Any]:
        """Return figures of the labels for the metrics."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls: type[Self], raw: Mapping[str, Any]) -> Self:
        """Return the head that `to_json` wrote."""
        return cls(**raw)
