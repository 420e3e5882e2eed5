"""The tally of a column of numbers, flags or dates."""

import math
from typing import Any

import numpy as np

from model.columns.cells import Days, Flags, Numbers, Scalar
from model.columns.extremes import first_extreme
from model.columns.table_warnings import MOST_STEPS
from model.design import Floats


class ValueTally:
    """Counts range, sum and missing values, and checks whether the values number the rows."""

    def __init__(self) -> None:
        self.kind: type[Numbers | Flags | Days] = Numbers
        self.rows = self.known = 0
        self.least, self.most = math.inf, -math.inf
        self.extreme: int | None = None
        self._sums: list[float] = []
        self._last: float | None = None
        self._step: float | None = None
        self._steady = True

    @property
    def missing(self) -> int:
        """The number of rows without a value."""
        return self.rows - self.known

    def add(self, cells: Numbers | Flags | Days, first_row: int) -> None:
        """Add rows."""
        if not isinstance(cells, Numbers):
            self.kind = type(cells)
        values = cells.values
        known = values[~cells.missing]
        if self.extreme is None and (place := first_extreme(cells)) is not None:
            self.extreme = first_row + place
        self.rows += len(values)
        self.known += len(known)
        if len(known):
            self.least, self.most = min(self.least, float(known.min())), max(self.most, float(known.max()))
            self._sums.append(float(known.sum()) if self.extreme is None else 0.0)
        self._count_on(values)

    def skip(self, rows: int) -> None:
        """Add rows without values."""
        self.rows += rows
        self._steady = False

    def _count_on(self, values: Floats) -> None:
        if not self._steady or self.extreme is not None or len(values) == 0:
            return
        steps = np.diff(values if self._last is None else np.append(self._last, values))
        self._last = float(values[-1])
        if len(steps):
            self._step = float(steps[0]) if self._step is None else self._step
            self._steady = abs(self._step) == 1.0 and bool((steps == self._step).all())

    @property
    def is_row_number(self) -> bool:
        """Whether the numbers rise or fall by one from row to row, as row numbers do."""
        return (
            self._steady
            and self.extreme is None
            and self.kind is Numbers
            and self.rows > MOST_STEPS
            and self._step is not None
        )

    @property
    def constant(self) -> bool:
        """Whether every row has the same value."""
        return self.missing == 0 and self.least == self.most

    def facts(self) -> dict[str, Any]:
        """Return range and mean, or the counts of true and false."""
        if self.kind is Flags:
            true = round(math.fsum(self._sums))
            return {"true": true, "false": self.known - true}
        if self.known == 0:
            return {"min": None, "max": None, "mean": None}
        facts = {"min": self.scalar(self.least), "max": self.scalar(self.most)}
        return facts if self.kind is Days else {**facts, "mean": math.fsum(self._sums) / self.known}

    def scalar(self, value: float) -> Scalar:
        """Return a value as a JSON value."""
        return self.kind(np.array([value])).scalar(0)
