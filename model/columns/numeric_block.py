"""All numeric columns of a table at once: for a single row, calls are what takes time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.columns.cells import Numbers, Table
from model.columns.numbers import number_matrix
from model.columns.numeric import FARTHEST, SOFT_LIMIT, NumericColumn
from model.design import Floats


@dataclass(frozen=True, eq=False)
class NumericBlock:
    """Numeric columns side by side, and where their features stand.

    Each number goes the way of its column's own `encode`, so that its features are the same bits.

    Shapes: offset, scale, fill, fixed, low and high (k, 1) for k columns; places (k,); gaps and gap_places alike.
    """

    names: tuple[str, ...]
    offset: Floats
    scale: Floats
    fill: Floats
    fixed: np.ndarray
    mixed: bool
    low: Floats
    high: Floats
    places: np.ndarray
    gaps: np.ndarray
    gap_places: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[NumericColumn], starts: Sequence[int]) -> "NumericBlock":
        """Put columns together whose first features stand at `starts`."""
        gaps = [i for i, column in enumerate(columns) if column.gaps]
        return cls(
            names=tuple(column.name for column in columns),
            offset=np.array([[column.offset] for column in columns]),
            scale=np.array([[column.scale] for column in columns]),
            fill=np.array([[column.fill] for column in columns]),
            fixed=np.array([[column.fixed] for column in columns]),
            mixed=len({column.fixed for column in columns}) > 1,
            low=np.array([[column.low] for column in columns]),
            high=np.array([[column.high] for column in columns]),
            places=np.array(starts, np.intp),
            gaps=np.array(gaps, np.intp),
            gap_places=np.array([starts[i] + 1 for i in gaps], np.intp),
        )

    def read(self, columns: Mapping[str, object], n: int) -> dict[str, Numbers]:
        """Return all of them, if each came as `n` numbers in its range, or gaps; otherwise none."""
        came = [columns.get(name) for name in self.names]
        if all(isinstance(each, Numbers) and len(each) == n for each in came):
            values: Floats | None = np.array([each.values for each in came if isinstance(each, Numbers)])
        else:
            values = number_matrix(came, n)
        if values is None or ((values < self.low) | (values > self.high)).any():
            return {}
        return dict(zip(self.names, map(Numbers, values), strict=True))

    def encode(self, table: Table, X: Floats) -> None:
        """Write the features of all of them into the design matrix."""
        values = np.array([table.columns[name].values for name in self.names])  # type: ignore[union-attr]  # Numbers
        missing = np.isnan(values)
        with np.errstate(over="ignore"):
            scaled = (np.where(missing, self.fill, values) - self.offset) / self.scale
        scaled = np.minimum(np.maximum(scaled, -FARTHEST), FARTHEST)
        X[:, self.places] = self._clipped(scaled).T
        if len(self.gaps):
            X[:, self.gap_places] = missing[self.gaps].T

    def _clipped(self, scaled: Floats) -> Floats:
        """Clip softly what came without a fixed scale."""
        if not self.mixed and self.fixed[0, 0]:
            return scaled
        bent = scaled / SOFT_LIMIT
        soft: Floats = scaled / np.sqrt(1.0 + bent * bent)
        return np.where(self.fixed, scaled, soft) if self.mixed else soft
