"""The numeric columns of a table as one block: many rows in one matrix, a single row as plain numbers.

For a single row, the calls of NumPy take longer than the arithmetic.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model.columns.cells import Numbers, Table
from model.columns.numeric import NumericColumn, scaled_numbers, soft_clipped
from model.design import Floats


@dataclass(frozen=True, eq=False)
class NumericBlock:
    """Numeric columns side by side, and the places of their features.

    The block computes the same bits as `encode` of each column.

    Shapes: offset, scale, fill, fixed, low and high (k, 1) for k columns; places (k,); missing_columns and
    missing_places alike, of the columns that have a feature for missing values.
    """

    columns: tuple[NumericColumn, ...]
    names: tuple[str, ...]
    offset: Floats
    scale: Floats
    fill: Floats
    fixed: np.ndarray
    mixed: bool
    low: Floats
    high: Floats
    places: np.ndarray
    missing_columns: np.ndarray
    missing_places: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[NumericColumn], starts: Sequence[int]) -> "NumericBlock":
        """Return a block of columns. `starts` are the places of their first features."""
        marked = [i for i, column in enumerate(columns) if column.gaps]
        return cls(
            columns=tuple(columns),
            names=tuple(column.name for column in columns),
            offset=np.array([[column.offset] for column in columns]),
            scale=np.array([[column.scale] for column in columns]),
            fill=np.array([[column.fill] for column in columns]),
            fixed=np.array([[column.fixed] for column in columns]),
            mixed=len({column.fixed for column in columns}) > 1,
            low=np.array([[column.low] for column in columns]),
            high=np.array([[column.high] for column in columns]),
            places=np.array(starts, np.intp),
            missing_columns=np.array(marked, np.intp),
            missing_places=np.array([starts[i] + len(columns[i].features) - 1 for i in marked], np.intp),
        )

    def read(self, columns: Mapping[str, object], n: int) -> dict[str, Numbers]:
        """Return all columns if each has `n` accepted numbers or missing values as cells; else return no column.

        A single row may also be a list of one.
        """
        if n == 1:
            return self._read_row(columns)
        came = [each.values for name in self.names if isinstance(each := columns.get(name), Numbers)]
        if len(came) < len(self.names) or any(len(each) != n for each in came):
            return {}
        values = np.array(came)
        if ((values < self.low) | (values > self.high)).any():
            return {}
        return dict(zip(self.names, map(Numbers, values), strict=True))

    def _read_row(self, columns: Mapping[str, object]) -> dict[str, Numbers]:
        numbers = []
        for column in self.columns:
            raw = columns.get(column.name)
            number = column.plain_number(raw[0]) if isinstance(raw, list) and len(raw) == 1 else None
            if number is None:
                return {}
            numbers.append(number)
        values = np.array(numbers)
        return {name: Numbers(values[i : i + 1]) for i, name in enumerate(self.names)}

    def encode(self, table: Table, X: Floats) -> None:
        """Write the features of all columns into the design matrix."""
        if table.rows == 1:
            self._encode_row(table, X[0])
            return
        values = np.array([table.columns[name].values for name in self.names])  # type: ignore[union-attr]  # Numbers
        X[:, self.places] = self._clipped(scaled_numbers(values, self.fill, self.offset, self.scale)).T
        for column, place, own in zip(self.columns, self.places.tolist(), values, strict=True):
            if column.knots:
                X[:, place + 1] = column.normal_score(own)
        if len(self.missing_columns):
            X[:, self.missing_places] = np.isnan(values[self.missing_columns]).T

    def _encode_row(self, table: Table, x: Floats) -> None:
        for column, place in zip(self.columns, self.places.tolist(), strict=True):
            number: float = table.columns[column.name].values.item()  # type: ignore[union-attr]  # Numbers
            x[place] = column.encode_number(number)
            if column.knots:
                x[place + 1] = column.normal_score(table.columns[column.name].values).item()  # type: ignore[union-attr]  # Numbers
            if column.gaps:
                x[place + len(column.features) - 1] = math.isnan(number)

    def _clipped(self, scaled: Floats) -> Floats:
        """Clip smoothly the columns without a fixed scale."""
        if not self.mixed and self.fixed[0, 0]:
            return scaled
        clipped = soft_clipped(scaled)
        return np.where(self.fixed, scaled, clipped) if self.mixed else clipped
