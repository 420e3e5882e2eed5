"""The profile of the target: how many customers churned, and the first row without a valid label."""

import numpy as np

from model.columns.cells import Cells, Days, Words, date_text, days_since_epoch
from model.columns.target import as_labels, check_outcome_counts, invalid_label, missing_labels, parse_outcome


class TargetProfile:
    """Counts the outcomes, and keeps the first missing label and the first invalid one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._rows = self._missing = self._positives = 0
        self._first_missing: int | None = None
        self._invalid: tuple[object, int] | None = None

    def add(self, cells: Cells, first_row: int) -> None:
        """Add rows."""
        cells = as_labels(cells)
        self._rows += len(cells)
        missing = np.flatnonzero(cells.missing)
        self._missing += len(missing)
        if len(missing) and self._first_missing is None:
            self._first_missing = first_row + int(missing[0])
        if isinstance(cells, Words):
            values = np.array([*map(parse_outcome, cells.words), np.nan])[cells.codes]
        else:
            values = np.full(len(cells), 2.0) if isinstance(cells, Days) else cells.values
        self._positives += int((values == 1.0).sum())
        strange = np.flatnonzero((values != 0.0) & (values != 1.0) & ~cells.missing)
        if len(strange) and self._invalid is None:
            self._invalid = cells.scalar(int(strange[0])), first_row + int(strange[0])

    def positives(self, kind: type[Cells]) -> int:
        """Return the number of customers who churned, for a column of this kind.

        Raises:
            ColumnError: a row has no label, or a label is neither yes nor no.
            TableError: all customers churned, or all stayed.
        """
        if self._first_missing is not None:
            raise missing_labels(self.name, self._missing, self._rows, self._first_missing)
        if self._invalid is not None:
            value, row = self._invalid
            if kind is Days and isinstance(value, str) and (day := days_since_epoch(value)) is not None:
                value = date_text(day)
            raise invalid_label(self.name, value if isinstance(value, str | float | int) else None, row)
        check_outcome_counts(self._positives, self._rows)
        return self._positives
