"""An even sample of the rows: every row of a small table, every second, fourth, eighth … of a larger one."""

import numpy as np

SAMPLE_ROWS = 100_000
SAMPLE_CELLS = 4_000_000  # of all columns together


class RowSampler:
    """Which rows are in the sample so far; all columns of a table share one."""

    def __init__(self, most: int = SAMPLE_ROWS, most_cells: int = SAMPLE_CELLS) -> None:
        self._most, self._most_cells = most, most_cells
        self.stride = 1
        self.seen = 0

    def pick(self, rows: int) -> np.ndarray:
        """The places of the sampled ones among the next rows."""
        start = -self.seen % self.stride
        self.seen += rows
        return np.arange(start, rows, self.stride)

    @property
    def sampled(self) -> int:
        """How many rows are in the sample."""
        return -(-self.seen // self.stride)

    def thin(self, columns: int = 1) -> bool:
        """Whether the sample of so many columns is too large, so that each has to drop every second row of it."""
        if self.sampled <= min(self._most, max(self._most_cells // columns, 1)):
            return False
        self.stride *= 2
        return True


class ColumnSample:
    """One column's part of the sample."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []

    def add(self, values: np.ndarray) -> None:
        """Take some more values."""
        self._parts.append(values)

    def add_gaps(self, many: int) -> None:
        """Take so many gaps, which need no memory."""
        self._parts.append(np.broadcast_to(np.nan, many))

    def thin(self) -> None:
        """Drop every second one."""
        self._parts = [self.values()[::2].copy()]

    def values(self) -> np.ndarray:
        """All of them."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0)
