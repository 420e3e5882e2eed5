"""Writes scored customers as CSV: id, predictions, reasons, and the error of a row without a score.

Source: RFC 4180, with lines that end in a line feed.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import chain

from model.columns.cells import Scalar
from model.estimator import Reason
from model.outputs.output import Layout, Output
from model.scoring import ScoredChunk, padded, safe


class CsvOutput(Output):
    """Writes a header, then one line a row. Text that a spreadsheet would run gets a leading apostrophe."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._begun = False

    def rows(self, scored: ScoredChunk) -> bytes:
        """Return the bytes of these rows; the first ones follow the header."""
        columns = self.layout.head.answers(scored.probabilities)
        if scored.explained is not None:
            cells = len(Reason._fields) * self.layout.explain
            by_row = (padded(chain.from_iterable(reasons), cells) for reasons in scored.explained.reasons)
            columns += map(list, zip(*by_row, strict=True))
            columns.append(list(scored.explained.gaps))
        errors: list[Scalar] = [""] * len(scored.ids)
        for row, (problem, *_) in scored.problems.items():
            errors[row] = problem.detail
            for column in columns:
                column[row] = ""
        lines = zip(scored.ids, *columns, errors, strict=True)
        return self._names(self.layout.name_of_ids(scored)) + _text(list(map(safe, line)) for line in lines)

    def end(self) -> bytes:
        """Return the header if there were no rows, else nothing."""
        return self._names(self.layout.id_name)

    def _names(self, id_name: str) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        layout = self.layout
        reasons = [f"reason_{place}_{part}" for place in range(1, layout.explain + 1) for part in Reason._fields]
        gap = ["gap"] if layout.explain else []
        return _text([list(map(safe, [id_name, *layout.head.columns(), *reasons, *gap, "error"]))])


def _text(lines: Iterable[Sequence[Scalar]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue().encode()
