"""The profile of the id column: how many ids are missing, and how many are repeated."""

import numpy as np

from model.columns.cells import Cells, Words
from model.columns.table_warnings import TableWarning, unclear_ids

MOST_IDS = 1_000_000  # ids compared with each other, by 64 bits of each


class IdProfile:
    """Counts missing and repeated ids, by 64 bits of each id."""

    def __init__(self, name: str, most: int = MOST_IDS) -> None:
        self._name = name
        self._most = most
        self._parts: list[np.ndarray] = []
        self._rows = self._missing = self._kept = 0

    def add(self, cells: Cells) -> None:
        """Add rows."""
        self._rows += len(cells)
        self._missing += int(cells.missing.sum())
        if self._kept >= self._most:
            return
        if isinstance(cells, Words):
            marks = np.array([hash(word) for word in cells.words] + [0], np.int64)[cells.codes]
        else:
            marks = cells.values.view(np.int64)
        marks = marks[~cells.missing][: self._most - self._kept]
        self._parts.append(marks)
        self._kept += len(marks)

    def warnings(self) -> tuple[TableWarning, ...]:
        """Return the warning of missing or repeated ids; empty without any."""
        marks = np.sort(np.concatenate(self._parts)) if self._parts else np.zeros(0, np.int64)
        again = int((marks[1:] == marks[:-1]).sum())
        all_seen = self._kept == self._rows - self._missing
        return unclear_ids(self._name, again, self._missing, None if all_seen else self._kept)
