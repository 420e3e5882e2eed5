"""An even sample of rows: all rows of a small table, every second, fourth, eighth … row of a larger one."""

import numpy as np

SAMPLE_ROWS = 100_000
SAMPLE_CELLS = 4_000_000  # of all columns together


class RowSampler:
    """Picks the rows of the sample. All columns of a table share one sampler."""

    def __init__(self, most: int = SAMPLE_ROWS, most_cells: int = SAMPLE_CELLS) -> None:
        self._most, self._most_cells = most, most_cells
        self.stride = 1
        self.seen = 0

    def pick(self, rows: int) -> np.ndarray:
        """Return the positions of the sampled rows among the next rows."""
        start = -self.seen % self.stride
        self.seen += rows
        return np.arange(start, rows, self.stride)

    @property
    def sampled(self) -> int:
        """The number of rows in the sample."""
        return -(-self.seen // self.stride)

    def thin(self, columns: int = 1) -> bool:
        """Halve the sample if it is too large; return True if each column must drop every second row of it."""
        if self.sampled <= min(self._most, max(self._most_cells // columns, 1)):
            return False
        self.stride *= 2
        return True


class ColumnSample:
    """The sampled values of one column."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []

    def add(self, values: np.ndarray) -> None:
        """Add values."""
        self._parts.append(values)

    def add_missing(self, many: int) -> None:
        """Add missing values, which need no memory."""
        self._parts.append(np.broadcast_to(np.nan, many))

    def thin(self) -> None:
        """Drop every second value."""
        self._parts = [self.values()[::2].copy()]

    def values(self) -> np.ndarray:
        """Return all values."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0)
