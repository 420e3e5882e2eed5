"""The base of all heads: from a target's cells to labels, and from logits to answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np

from model.columns.cells import Cells, Scalar
from model.design import Floats
from model.errors import ColumnError

Self = TypeVar("Self", bound="Head")


@dataclass(frozen=True)
class Head(ABC):
    """The kind of a target, the figures learned from its labels, and the meaning of logits.

    Of a head with one logit z, slope · z + shift is what reasons add up to.
    """

    metric: ClassVar[str]
    """The name of the metric beside the loss, on validation rows."""
    slope: float = 1.0
    shift: float = 0.0

    @classmethod
    @abstractmethod
    def read(cls: type[Self], cells: Cells, name: str) -> tuple[Self, Floats]:
        """Return the head of a target column, and each row's label in the target's own terms.

        Raises: ColumnError when the column is no such target; TableError when all rows say the same.
        """

    def fitted(self: Self, y: Floats) -> Self:
        """Return the head with the figures of the training rows' labels."""
        return self

    def labels(self, y: Floats) -> Floats:
        """Return labels in the form that the loss compares with logits."""
        return y

    @abstractmethod
    def strata(self, y: Floats) -> tuple[Floats, Sequence[str]]:
        """Return each row's stratum, by number, for drawing validation rows; and the strata's names."""

    def calibrated(self: Self, y: Floats, z: Floats) -> tuple[Self, Floats, dict[str, Any]]:
        """Return the head corrected on validation rows, their corrected `scaled`, and facts for the metrics.

        The correction of a row is fitted on other rows.
        """
        return self, self.scaled(z), {}

    def scaled(self, z: Floats) -> Floats:
        """Return the numbers to which a row's contributions sum; for classes their logits."""
        return np.asarray(z * self.slope + self.shift)

    @abstractmethod
    def predictions(self, z: Floats) -> Floats:
        """Return the predictions of logits. A row's bits do not depend on its neighbours."""

    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns of `answers`."""

    @abstractmethod
    def answers(self, predictions: Floats) -> list[list[Scalar]]:
        """Return predictions as the values of these columns."""

    @abstractmethod
    def loss(self, y: Floats, scaled: Floats) -> float:
        """Return the mean loss, in the target's own units."""

    @property
    def loss_unit(self) -> float:
        """A training loss of 1 in the target's own units."""
        return 1.0

    @abstractmethod
    def quality(self, y: Floats, scaled: Floats) -> float | None:
        """Return the metric; None when these rows do not define it."""

    @abstractmethod
    def facts(self, y: Floats) -> dict[str, Any]:
        """Return facts about the labels, for the metrics."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls: type[Self], raw: Mapping[str, Any]) -> Self:
        """Return the head that `to_json` wrote."""
        return cls(**raw)


def refuse_gaps(cells: Cells, name: str) -> None:
    """Refuse a target with empty cells.

    Raises: ColumnError.
    """
    if len(cells) == 0:
        raise ColumnError("the table has no rows")
    gaps = np.flatnonzero(cells.missing)
    if len(gaps):
        raise ColumnError(
            f"target column {name!r} is empty in {len(gaps):,} of {len(cells):,} rows, first in row {gaps[0] + 1}: "
            "remove the rows whose outcome is not known yet"
        )
