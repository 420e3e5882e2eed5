"""All numeric columns of a table to their features at once: for a single row, calls are what takes time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.columns.cells import Table
from model.columns.numeric import FARTHEST, SOFT_LIMIT, NumericColumn
from model.design import Floats


@dataclass(frozen=True, eq=False)
class Together:
    """Numeric columns side by side, and where their features stand.

    Each number goes the way of its column's own `encode`, so that its features are the same bits.

    Shapes: offset, scale, fill and fixed (k, 1) for k columns; places (k,); gaps and gap_places alike.
    """

    names: tuple[str, ...]
    offset: Floats
    scale: Floats
    fill: Floats
    fixed: np.ndarray
    places: np.ndarray
    gaps: np.ndarray
    gap_places: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[NumericColumn], starts: Sequence[int]) -> "Together":
        """Put columns together whose first features stand at `starts`."""
        gaps = [i for i, column in enumerate(columns) if column.gaps]
        return cls(
            names=tuple(column.name for column in columns),
            offset=np.array([[column.offset] for column in columns]),
            scale=np.array([[column.scale] for column in columns]),
            fill=np.array([[column.fill] for column in columns]),
            fixed=np.array([[column.fixed] for column in columns]),
            places=np.array(starts, np.intp),
            gaps=np.array(gaps, np.intp),
            gap_places=np.array([starts[i] + 1 for i in gaps], np.intp),
        )

    def encode(self, table: Table, X: Floats) -> None:
        """Write the features of all of them into the design matrix."""
        values = np.array([table.columns[name].values for name in self.names])  # type: ignore[union-attr]  # Numbers
        missing = np.isnan(values)
        with np.errstate(over="ignore"):
            scaled = (np.where(missing, self.fill, values) - self.offset) / self.scale
        scaled = np.minimum(np.maximum(scaled, -FARTHEST), FARTHEST)
        bent = scaled / SOFT_LIMIT
        soft = scaled / np.sqrt(1.0 + bent * bent)
        X[:, self.places] = np.where(self.fixed, scaled, soft).T
        if len(self.gaps):
            X[:, self.gap_places] = missing[self.gaps].T
